// One byte for each task of a job, in the order of submission: its state in the low half, its attempts in the high one.
import { useEffect, useState } from "preact/hooks";
import { Problem, fetchApi, segment, withQuery } from "./client";

export const piece = 1_000_000; // tasks of one request
export const most = 4_000_000; // held at once; a larger job is shown in parts

export interface StateMap {
  bytes: Uint8Array;
  from: number; // index of the first byte within the job
  total: number;
  version: number; // grows with each change
  problem: Problem | undefined;
}

const nothing: StateMap = { bytes: new Uint8Array(), from: 0, total: 0, version: 0, problem: undefined };

interface Held {
  etag: string;
  bytes: Uint8Array;
}

async function fetchPiece(job: string, from: number, count: number, held: Held | undefined) {
  const path = withQuery(`jobs/${segment(job)}/state-map`, { from, count });
  const answer = await fetchApi(path, held ? { headers: { "If-None-Match": held.etag } } : {});
  const total = Number(answer.headers.get("KWQ-Total") ?? NaN);
  if (answer.status === 304 && held) return { ...held, total, changed: false };
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { etag: answer.headers.get("ETag") ?? "", bytes, total: Number.isNaN(total) ? bytes.length : total, changed: true };
}

/// The map of `most` tasks from `from` on, asked for again every few seconds; pieces that did not change cost nothing.
export function useStateMap(job: string, from: number, every: number): StateMap {
  const [map, setMap] = useState<StateMap>(nothing);
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout>;
    const pieces: Held[] = [];
    let total = 0;
    const ask = async () => {
      let changed = false;
      try {
        for (let index = 0; index === 0 || (index * piece < Math.min(most, total - from) && !gone); index++) {
          const got = await fetchPiece(job, from + index * piece, piece, pieces[index]);
          pieces[index] = got;
          if (!Number.isNaN(got.total)) total = got.total;
          changed ||= got.changed;
        }
        if (gone) return;
        if (changed) {
          const bytes = joined(pieces.map((one) => one.bytes));
          setMap((old) => ({ bytes, from, total, version: old.version + 1, problem: undefined }));
        }
      } catch (failure) {
        const problem = failure instanceof Problem ? failure : new Problem(0, "unknown", String(failure));
        if (!gone) setMap((old) => ({ ...old, problem }));
        if (problem.absent) return;
      }
      if (!gone) timer = setTimeout(tick, every);
    };
    const tick = () => {
      if (document.hidden) timer = setTimeout(tick, every);
      else void ask();
    };
    setMap(nothing);
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [job, from, every]);
  return map;
}

function joined(parts: Uint8Array[]): Uint8Array {
  const first = parts[0];
  if (parts.length === 1 && first) return first;
  const all = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}

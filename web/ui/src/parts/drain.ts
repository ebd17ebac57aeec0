// How fast tasks leave a queue, from the counters that this page has seen in the last minute.
import { useRef } from "preact/hooks";
import type { Queue } from "../api/types";
import { endedOf, waitingOf } from "./counts";

const window_ms = 60_000;

export function useDrain(queue: Queue): { rate: number | undefined; eta: number | undefined } {
  const seen = useRef<{ at: number; ended: number }[]>([]);
  const now = Date.now();
  const ended = endedOf(queue.counts);
  const last = seen.current.at(-1);
  if (!last || now - last.at > 900) seen.current.push({ at: now, ended });
  seen.current = seen.current.filter((one) => one.at > now - window_ms);
  const first = seen.current[0];
  if (!first || now - first.at < 1500) return { rate: undefined, eta: undefined };
  const rate = Math.max(0, (ended - first.ended) / ((now - first.at) / 1000));
  return { rate, eta: rate > 0 ? waitingOf(queue.counts) / rate : undefined };
}

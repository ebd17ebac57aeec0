// The time series of rates: windows of equal length, newest last. After the first answer only new windows are asked
// for. A server without series still gives a line: the differences of its counters since this page was opened.
import { useEffect, useState } from "preact/hooks";
import { Problem, get, withQuery } from "./client";
import type { Series, Stats, Window } from "./types";

export interface SeriesView {
  windows: Window[];
  resolution_s: number;
  own: boolean; // made here, from counters
  loaded: boolean;
}

export const spans = {
  "15m": { resolution_s: 1, length_s: 900, every: 1000, word: "15 min" },
  "24h": { resolution_s: 10, length_s: 86_400, every: 10_000, word: "24 h" },
  "30d": { resolution_s: 300, length_s: 2_592_000, every: 60_000, word: "30 days" },
} as const;
export type Span = keyof typeof spans;

export function useSeries(span: Span, queue?: string): SeriesView {
  const { resolution_s, length_s, every } = spans[span];
  const [view, setView] = useState<SeriesView>({ windows: [], resolution_s, own: false, loaded: false });
  useEffect(() => {
    let windows: Window[] = [];
    let own = false;
    let before: Stats | undefined;
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const put = () => {
      const from = Date.now() - length_s * 1000;
      windows = windows.filter((one) => one.at >= from);
      setView({ windows, resolution_s, own, loaded: true });
    };
    const ask = async () => {
      try {
        if (!own) {
          const from = windows.at(-1)?.at ?? Date.now() - length_s * 1000;
          const path = withQuery("stats/series", { resolution_s, from_at: Math.round(from), queue });
          const series = await get<Series>(path);
          const known = windows.at(-1)?.at ?? 0;
          windows = [...windows, ...series.windows.filter((one) => one.at > known)];
        } else {
          const stats = await get<Stats>("stats");
          if (before) windows = [...windows, difference(before, stats)];
          before = stats;
        }
        if (!gone) put();
      } catch (failure) {
        if (failure instanceof Problem && failure.absent) own = true;
      }
      if (!gone) timer = setTimeout(tick, own ? 1000 : every);
    };
    const tick = () => {
      if (document.hidden) timer = setTimeout(tick, every);
      else void ask();
    };
    setView({ windows: [], resolution_s, own: false, loaded: false });
    void ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [span, queue]);
  return view;
}

function difference(a: Stats, b: Stats): Window {
  const s = Math.max(0.001, (b.now_at - a.now_at) / 1000);
  const by = (x: number, y: number) => Math.max(0, (y - x) / s);
  const [from, to] = [a.overall, b.overall];
  return {
    at: b.now_at,
    submitted: by(from.submitted, to.submitted),
    allocated: by(a.scheduler.allocated ?? 0, b.scheduler.allocated ?? 0),
    running: by(from.wait.count, to.wait.count),
    complete: by(from.counts.complete, to.counts.complete),
    error: by(from.counts.error, to.counts.error),
    retries: by(from.retries, to.retries),
    cancelled: by(from.counts.cancelled, to.counts.cancelled),
  };
}

// The six series of what happens in a second, and the waiting and running times beside them.
import { useMemo } from "preact/hooks";
import { type Span, spans, useSeries } from "../api/series";
import type { Window } from "../api/types";
import { go, withWords, word } from "../app/router";
import { Chart, type Line } from "./chart";
import { rate, seconds } from "./numbers";
import { Panel } from "./panel";

const rateLines: Line[] = [
  { key: "submitted", label: "Submitted", ink: "submitted" },
  { key: "allocated", label: "Allocated", ink: "allocated" },
  { key: "running", label: "Started", ink: "running" },
  { key: "complete", label: "Complete", ink: "complete" },
  { key: "error", label: "Error", ink: "error" },
  { key: "retries", label: "Retries", ink: "scheduled", dash: [4, 3] },
];

const timeLines: Line[] = [
  { key: "wait50", label: "Wait p50", ink: "pending", dash: [4, 3] },
  { key: "wait95", label: "Wait p95", ink: "pending" },
  { key: "wait99", label: "Wait p99", ink: "scheduled" },
  { key: "run50", label: "Run p50", ink: "running", dash: [4, 3] },
  { key: "run95", label: "Run p95", ink: "running" },
  { key: "run99", label: "Run p99", ink: "allocated" },
];

const rateKeys = ["submitted", "allocated", "running", "complete", "error", "retries"] as const;

function timesOf(w: Window): (number | null)[] {
  return [w.wait?.p50_s, w.wait?.p95_s, w.wait?.p99_s, w.run?.p50_s, w.run?.p95_s, w.run?.p99_s].map((v) => v || null);
}

export function SpanChoice() {
  const chosen = word("span") || "15m";
  return (
    <span class="choice" role="group" aria-label="Time span">
      {Object.entries(spans).map(([key, span]) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === chosen}
          onClick={() => go(withWords({ span: key === "15m" ? undefined : key }), { replace: true })}
        >
          {span.word}
        </button>
      ))}
    </span>
  );
}

export function RatesPanels({ queue }: { queue?: string }) {
  const wanted = word("span") || "15m";
  const span: Span = wanted in spans ? (wanted as Span) : "15m";
  const series = useSeries(span, queue);
  const { windows, resolution_s, own } = series;
  const times = useMemo(() => windows.map((one) => one.at / 1000), [windows]);
  // Counters of a window become a rate; differences made here are one already.
  const by = own ? 1 : resolution_s;
  const rates = useMemo(() => rateKeys.map((key) => windows.map((one) => one[key] / by)), [windows, by]);
  const waits = useMemo(() => {
    const columns = windows.map(timesOf);
    return timeLines.map((_, index) => columns.map((column) => column[index] ?? null));
  }, [windows]);
  if (own && queue) return null; // the counters of this page are of all queues
  const nothing = series.loaded ? "Nothing happened in this time" : "Loading";
  return (
    <>
      <Panel
        title="Tasks a second"
        note={own ? "since this page was opened" : undefined}
        actions={own ? undefined : <SpanChoice />}
      >
        <Chart title="Tasks a second" times={times} lines={rateLines} values={rates} format={rate} nothing={nothing} />
      </Panel>
      {own ? null : (
        <Panel title="Waiting and running times">
          <Chart title="Times" times={times} lines={timeLines} values={waits} format={seconds} nothing={nothing} />
        </Panel>
      )}
    </>
  );
}

// The attempts of a task over time: waited, handed out, ran, and how each ended.
import type { Attempt, State, Task } from "../api/types";
import { seconds } from "./numbers";
import { now } from "./now";
import { StateIcon } from "./icons";
import { Table } from "./table";
import { At } from "./time";

interface Span {
  from: number;
  to: number;
  kind: string; // a fill
  text: string;
}

const inks: Record<string, State> = { complete: "complete", error: "error", timeout: "error", expired: "error", released: "pending", cancelled: "cancelled" };

function spansOf(task: Task, one: Attempt, before: number, end: number): Span[] {
  const began = one.running_at ?? one.ended_at ?? end;
  const ended = one.ended_at ?? end;
  const spans: Span[] = [
    { from: before, to: one.allocated_at, kind: "wait", text: "waited" },
    { from: one.allocated_at, to: began, kind: "allocated", text: "handed out" },
  ];
  if (one.running_at) {
    const kind = one.ended_at ? (inks[one.outcome ?? ""] ?? "running") : "running";
    spans.push({ from: one.running_at, to: ended, kind, text: task.ended_at || one.ended_at ? "ran" : "runs" });
  }
  return spans.filter((span) => span.to > span.from);
}

export function Attempts({ task }: { task: Task }) {
  const attempts = task.attempts ?? [];
  if (attempts.length === 0) return <p class="pad faint">Not handed out yet.</p>;
  const open = !task.ended_at;
  const begin = task.submitted_at;
  const end = Math.max(begin + 1, task.ended_at ?? 0, ...attempts.map((one) => one.ended_at ?? 0), open ? now.value : 0);
  const whole = end - begin;
  const rows = attempts.map((one, index) => ({
    one,
    spans: spansOf(task, one, index === 0 ? begin : (attempts[index - 1]?.ended_at ?? begin), end),
  }));
  return (
    <Table
      caption="Attempts"
      rows={rows}
      id={({ one }) => one.attempt}
      columns={[
        { key: "n", head: "#", number: true, cell: ({ one }) => one.attempt },
        { key: "worker", head: "Worker", classes: "name", cell: ({ one }) => <span title={one.worker}>{one.worker}</span> },
        { key: "outcome", head: "Outcome", cell: ({ one }) => <Outcome one={one} /> },
        {
          key: "line", head: "Over time", classes: "timeline", rank: 2,
          cell: ({ spans }) => (
            <svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label={spans.map((s) => `${s.text} ${seconds((s.to - s.from) / 1000)}`).join(", ")}>
              {spans.map((s) => (
                <rect key={s.from + s.kind} class={`paint-${s.kind}`} x={(1000 * (s.from - begin)) / whole} width={Math.max(2, (1000 * (s.to - s.from)) / whole)} y={s.kind === "wait" ? 6 : 2} height={s.kind === "wait" ? 2 : 10}>
                  <title>{`${s.text} ${seconds((s.to - s.from) / 1000)}`}</title>
                </rect>
              ))}
            </svg>
          ),
        },
        { key: "allocated", head: "Handed out", number: true, rank: 2, cell: ({ one }) => <At at={one.allocated_at} /> },
        { key: "ran", head: "Ran for", number: true, cell: ({ one }) => (one.running_at ? seconds(((one.ended_at ?? end) - one.running_at) / 1000) : "") },
        { key: "error", head: "Error", classes: "message", cell: ({ one }) => <span title={one.error}>{one.error?.split("\n", 1)[0]}</span> },
      ]}
    />
  );
}

function Outcome({ one }: { one: Attempt }) {
  const word = one.outcome ?? (one.running_at ? "running" : "handed out");
  const ink = one.outcome ? (inks[one.outcome] ?? "pending") : one.running_at ? "running" : "allocated";
  return (
    <span class={`mark ink-${ink}`}>
      <StateIcon state={ink} />
      {word}
    </span>
  );
}

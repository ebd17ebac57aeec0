// The columns of a list of tasks, and which of them this reader wants to see.
import { signal } from "@preact/signals";
import type { Task } from "../api/types";
import { link } from "../app/router";
import { seconds } from "./numbers";
import { StateMark } from "./state_mark";
import type { Column } from "./table";
import { Ago, At } from "./time";

export function ranFor(task: Task): string {
  const from = task.running_at ?? task.allocated_at;
  return task.ended_at && from && task.ended_at >= from ? seconds((task.ended_at - from) / 1000) : "";
}

export function TaskLink({ id }: { id: string }) {
  return (
    <a href={link("tasks", id)} title={id} class="mono">
      {id}
    </a>
  );
}

export const taskColumns: Column<Task>[] = [
  { key: "id", head: "Task", classes: "name", cell: (t) => <TaskLink id={t.id} /> },
  { key: "state", head: "State", cell: (t) => <StateMark state={t.state} note={t.cancel_reason} /> },
  { key: "job", head: "Job", classes: "name", rank: 2, cell: (t) => <a href={link("jobs", t.job)} title={t.job}>{t.job}</a> },
  { key: "tags", head: "Tags", classes: "name", rank: 3, cell: (t) => <span title={t.tags?.join(", ")}>{t.tags?.join(", ")}</span> },
  { key: "queue", head: "Queue", classes: "name", rank: 3, cell: (t) => <a href={link("queues", t.queue)}>{t.queue}</a> },
  { key: "priority", head: "Prio", number: true, rank: 2, cell: (t) => t.priority },
  { key: "attempt", head: "Attempt", number: true, rank: 3, cell: (t) => t.attempt || "" },
  { key: "worker", head: "Worker", classes: "name", rank: 3, cell: (t) => <span title={t.worker}>{t.worker}</span> },
  { key: "submitted", head: "Submitted", number: true, rank: 2, cell: (t) => <Ago at={t.submitted_at} /> },
  { key: "allocated", head: "Allocated", number: true, rank: 3, cell: (t) => <At at={t.allocated_at} /> },
  { key: "started", head: "Started", number: true, rank: 3, cell: (t) => <At at={t.running_at} /> },
  { key: "ended", head: "Ended", number: true, rank: 3, cell: (t) => <At at={t.ended_at} /> },
  { key: "ran", head: "Ran for", number: true, rank: 2, cell: ranFor },
  { key: "error", head: "Error", classes: "message", rank: 3, cell: (t) => <span title={t.error}>{t.error?.split("\n", 1)[0]}</span> },
];

const hiddenAtFirst = "allocated,started,queue,attempt,ended";

function remembered(): Set<string> {
  try {
    return new Set((localStorage.getItem("kwq.columns") ?? hiddenAtFirst).split(","));
  } catch {
    return new Set(hiddenAtFirst.split(","));
  }
}

const hiddenColumns = signal(remembered());

export const shownColumns = (): Column<Task>[] => taskColumns.filter((c) => !hiddenColumns.value.has(c.key));

export function ColumnChooser() {
  const flip = (key: string) => {
    const next = new Set(hiddenColumns.value);
    if (!next.delete(key)) next.add(key);
    hiddenColumns.value = next;
    try {
      localStorage.setItem("kwq.columns", [...next].join(","));
    } catch {
      // A browser that keeps nothing shows the same columns next time.
    }
  };
  return (
    <details class="drop">
      <summary class="button">Columns</summary>
      <div class="drop-box">
        {taskColumns.slice(1).map((c) => (
          <label key={c.key} class="check">
            <input type="checkbox" checked={!hiddenColumns.value.has(c.key)} onChange={() => flip(c.key)} />
            {c.head}
          </label>
        ))}
      </div>
    </details>
  );
}

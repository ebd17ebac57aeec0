// Groups of equal errors, with their last hour.
import type { ErrorGroup } from "../api/types";
import { link, linkTo } from "../app/router";
import { number } from "./numbers";
import { type Column, Table } from "./table";
import { Ago } from "./time";
import { Trend } from "./trend";

const columns: Column<ErrorGroup>[] = [
  {
    key: "message", head: "Error", classes: "message",
    cell: (e) => (
      <a href={link("errors", e.error)} title={e.message}>
        {e.message || "(no text)"}
      </a>
    ),
  },
  { key: "tasks", head: "Dead now", number: true, cell: (e) => <a href={linkTo("tasks", { error: e.error, state: "error" })}>{number(e.tasks)}</a> },
  { key: "count", head: "Times", number: true, rank: 2, sort: "count", cell: (e) => number(e.count) },
  { key: "trend", head: "Last hour", rank: 2, cell: (e) => <Trend counts={e.trend ?? []} /> },
  { key: "jobs", head: "Jobs", rank: 3, classes: "name", cell: (e) => (e.jobs ?? []).slice(0, 3).map((one) => one.job).join(", ") },
  { key: "first", head: "First", number: true, rank: 3, cell: (e) => <Ago at={e.first_at} /> },
  { key: "last", head: "Last", number: true, sort: "last", cell: (e) => <Ago at={e.last_at} /> },
];

export function ErrorTable({ errors, brief = false, sorted }: { errors: ErrorGroup[]; brief?: boolean; sorted?: string }) {
  const shown = brief
    ? columns.filter((c) => c.key !== "jobs" && c.key !== "first").map(({ sort: _sort, ...rest }) => rest)
    : columns;
  return <Table caption="Groups of errors" columns={shown} rows={errors} id={(e) => e.error} sorted={sorted} />;
}

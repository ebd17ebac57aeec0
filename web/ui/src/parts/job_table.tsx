// Jobs with how far they are.
import type { Group } from "../api/types";
import { link, linkTo } from "../app/router";
import { openOf, waitingOf, workingOf } from "./counts";
import { ProgressBar } from "./meter";
import { number, rate, seconds } from "./numbers";
import { type Column, Table } from "./table";
import { Ago } from "./time";

const nameOf = (group: Group): string => group.job ?? group.tag ?? "";

export function errorCell(errors: number, query: Record<string, string>) {
  if (errors === 0) return <span class="faint">0</span>;
  return (
    <a class="ink-error strong" href={linkTo("tasks", { ...query, state: "error" })}>
      {number(errors)}
    </a>
  );
}

function columnsFor(kind: "job" | "tag", brief: boolean): Column<Group>[] {
  const leftOut = brief ? ["waiting", "rate"] : [];
  const folder = kind === "job" ? "jobs" : "tags";
  const sorting = (key: string) => (brief ? {} : { sort: key });
  const all: Column<Group>[] = [
    {
      key: "name", head: kind === "job" ? "Job" : "Tag", classes: "name", ...sorting("name"),
      cell: (g) => (
        <>
          <a href={link(folder, nameOf(g))} title={nameOf(g)}>
            {nameOf(g)}
          </a>
          {g.paused ? <span class="pill warn">paused</span> : null}
        </>
      ),
    },
    { key: "progress", head: "Progress", cell: (g) => <ProgressBar counts={g.counts} label={nameOf(g)} /> },
    { key: "submitted", head: "Submitted", number: true, rank: 2, ...sorting("submitted"), cell: (g) => number(g.submitted) },
    { key: "waiting", head: "Waiting", number: true, rank: 3, cell: (g) => number(waitingOf(g.counts)) },
    { key: "working", head: "Working", number: true, rank: 2, ...sorting("running"), cell: (g) => number(workingOf(g.counts)) },
    { key: "errors", head: "Errors", number: true, ...sorting("errors"), cell: (g) => errorCell(g.counts.error, { [kind]: nameOf(g) }) },
    { key: "rate", head: "Rate", number: true, rank: 3, cell: (g) => (g.rate_per_s ? rate(g.rate_per_s) : <span class="faint">–</span>) },
    {
      key: "left", head: "Left", number: true, rank: 3,
      cell: (g) => (openOf(g.counts) === 0 ? <span class="faint">–</span> : g.eta_s === undefined ? "?" : <span title={g.eta_assumes}>{seconds(g.eta_s)}</span>),
    },
    { key: "last", head: "Last activity", number: true, rank: 2, ...sorting("last"), cell: (g) => <Ago at={g.last_at} /> },
  ];
  return all.filter((c) => !leftOut.includes(c.key));
}

export function JobTable({ jobs, brief = false, kind = "job", sorted }: { jobs: Group[]; brief?: boolean; kind?: "job" | "tag"; sorted?: string }) {
  return (
    <Table
      caption={kind === "job" ? "Jobs" : "Tags"}
      columns={columnsFor(kind, brief)}
      rows={jobs}
      id={nameOf}
      sorted={sorted}
    />
  );
}

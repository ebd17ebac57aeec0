// Who works, at what, and who has not been heard of lately.
import { useLive } from "../api/live";
import type { Page, Worker } from "../api/types";
import { link, linkTo } from "../app/router";
import { Figures } from "../parts/facts";
import { number, rate } from "../parts/numbers";
import { now } from "../parts/now";
import { Empty, Panel, Stale, Waiting } from "../parts/panel";
import { Table } from "../parts/table";
import { Ago } from "../parts/time";
import { Title } from "../parts/title";

const silent_ms = 60_000;
// By name, so that no row moves while it is read.
const natural = new Intl.Collator("en", { numeric: true });

function WorkerMark({ worker }: { worker: Worker }) {
  const silent = now.value - worker.last_seen_at > silent_ms;
  if (silent && worker.leases > 0) return <span class="pill bad">silent</span>;
  if (worker.leases > 0) return <span class="pill good">busy</span>;
  return silent ? <span class="pill faint">away</span> : <span class="pill">idle</span>;
}

export function Workers() {
  const workers = useLive<Page<Worker>>("workers", { topic: "workers" });
  const items = [...(workers.value?.items ?? [])].sort((a, b) => natural.compare(a.worker, b.worker));
  const busy = items.filter((one) => one.leases > 0).length;
  const sum = (of: (one: Worker) => number) => items.reduce((all, one) => all + of(one), 0);
  return (
    <>
      <Title name="Workers">
        <Stale of={workers} />
      </Title>
      {workers.value ? (
        <Figures
          figures={[
            ["Workers", number(items.length)],
            ["Busy", number(busy)],
            ["Leases", number(sum((one) => one.leases))],
            ["Completed", number(sum((one) => one.completed ?? 0)), "by the workers listed"],
            ["Failed", number(sum((one) => one.failed ?? 0)), "by the workers listed"],
          ]}
        />
      ) : null}
      <Panel title="Heard of lately">
        <Waiting of={workers} what="workers" />
        {workers.value && items.length === 0 ? (
          <Empty title="No worker has asked for work lately.">
            Start one: <code>kwq work -- your-command</code>
          </Empty>
        ) : null}
        {items.length ? (
          <Table
            caption="Workers"
            rows={items.slice(0, 500)}
            id={(w) => w.worker}
            columns={[
              { key: "worker", head: "Worker", classes: "name", cell: (w) => <a href={linkTo("tasks", { worker: w.worker })} title={w.worker}>{w.worker}</a> },
              { key: "state", head: "State", cell: (w) => <WorkerMark worker={w} /> },
              { key: "queues", head: "Queues", classes: "name", rank: 2, cell: (w) => w.queues?.join(", ") },
              { key: "leases", head: "Leases", number: true, cell: (w) => number(w.leases) },
              { key: "current", head: "Works at", classes: "name", rank: 3, cell: (w) => <Current worker={w} /> },
              { key: "rate", head: "Rate", number: true, rank: 3, cell: (w) => rate(w.rate_per_s) || <span class="faint">–</span> },
              { key: "completed", head: "Completed", number: true, rank: 2, cell: (w) => number(w.completed ?? 0) },
              { key: "failed", head: "Failed", number: true, rank: 2, cell: (w) => (w.failed ? <span class="ink-error strong">{number(w.failed)}</span> : <span class="faint">0</span>) },
              { key: "first", head: "Since", number: true, rank: 3, cell: (w) => <Ago at={w.first_seen_at} /> },
              { key: "last", head: "Heard", number: true, cell: (w) => <Ago at={w.last_seen_at} /> },
            ]}
          />
        ) : null}
        {items.length > 500 ? <p class="pad note">The first 500 of {number(items.length)}; the figures above are of all.</p> : null}
      </Panel>
    </>
  );
}

function Current({ worker }: { worker: Worker }) {
  const some = worker.current ?? [];
  if (some.length === 0) return <span class="faint">–</span>;
  const [first] = some;
  return (
    <>
      {first ? (
        <a href={link("tasks", first.id)} title={`${first.id} of ${first.job}`}>
          {first.job}
        </a>
      ) : null}
      {first ? <span class="faint"> <Ago at={first.allocated_at} /></span> : null}
      {worker.leases > 1 ? <span class="faint"> and {number(worker.leases - 1)} more</span> : null}
    </>
  );
}

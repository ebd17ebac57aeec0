// Everything at one glance: what happens, what waits, what is wrong.
import { useLive } from "../api/live";
import type { Cluster, ErrorGroup, Group, Page, Queue, Stats, Worker } from "../api/types";
import { link, linkTo } from "../app/router";
import { waitingOf } from "../parts/counts";
import { type Fact, Facts } from "../parts/facts";
import { ErrorTable } from "../parts/error_table";
import { JobTable } from "../parts/job_table";
import { Bars } from "../parts/meter";
import { number, rate, seconds } from "../parts/numbers";
import { oldestOf } from "../parts/oldest";
import { Empty, Panel, Stale, Waiting } from "../parts/panel";
import { RatesPanels } from "../parts/rates_chart";
import { StateCounts } from "../parts/state_mark";
import { Table } from "../parts/table";
import { Ago } from "../parts/time";
import { Title } from "../parts/title";

export function Overview() {
  const stats = useLive<Stats>("stats", { topic: "overview" });
  return (
    <>
      <Title name="Overview">
        <Stale of={stats} />
      </Title>
      <Waiting of={stats} what="counters" />
      {stats.value ? (
        <StateCounts counts={stats.value.overall.counts} href={(state) => linkTo("tasks", { state })} />
      ) : null}
      <div class="columns">
        <div class="wide-column">
          <RatesPanels />
          <RecentJobs />
          <TopErrors />
        </div>
        <div class="narrow-column">
          {stats.value ? <Times stats={stats.value} /> : null}
          <Backlog />
          <OldestQueues />
          <Health stats={stats.value} />
        </div>
      </div>
    </>
  );
}

function Times({ stats }: { stats: Stats }) {
  const { wait, run } = stats.overall;
  const row = (name: string, d: Group["wait"], title: string) => (
    <tr title={title}>
      <th scope="row">{name}</th>
      {d.count ? [d.p50_s, d.p95_s, d.p99_s].map((s, i) => <td key={i} class="number">{seconds(s)}</td>) : <td colSpan={3} class="faint number">none yet</td>}
    </tr>
  );
  return (
    <Panel title="Times" note="of all tasks">
      <table class="plain-table">
        <thead>
          <tr>
            <td />
            <th scope="col" class="number">p50</th>
            <th scope="col" class="number">p95</th>
            <th scope="col" class="number">p99</th>
          </tr>
        </thead>
        <tbody>
          {row("Wait", wait, "from ready to handed out")}
          {row("Run", run, "from begun to ended")}
        </tbody>
      </table>
    </Panel>
  );
}

function Backlog() {
  const queues = useLive<Page<Queue>>("queues", { topic: "queues" });
  const sums = new Map<number, { pending: number; scheduled: number; running: number; allocated: number }>();
  for (const one of queues.value?.items.flatMap((queue) => queue.by_priority) ?? []) {
    const sum = sums.get(one.priority) ?? { pending: 0, scheduled: 0, running: 0, allocated: 0 };
    for (const state of ["pending", "scheduled", "running", "allocated"] as const) sum[state] += one.counts[state];
    sums.set(one.priority, sum);
  }
  const rows = [...sums]
    .filter(([, sum]) => sum.pending + sum.scheduled + sum.running + sum.allocated > 0)
    .sort(([a], [b]) => b - a)
    .map(([priority, parts]) => ({ key: String(priority), label: `${priority}`, parts }));
  return (
    <Panel title="Backlog by priority" note="most urgent first">
      {rows.length ? <Bars rows={rows} /> : queues.value ? <Empty title="Nothing waits." /> : <Waiting of={queues} what="queues" />}
    </Panel>
  );
}

function OldestQueues() {
  const queues = useLive<Page<Queue>>("queues", { topic: "queues" });
  const items = (queues.value?.items ?? [])
    .filter((queue) => waitingOf(queue.counts) > 0)
    .sort((a, b) => (oldestOf(a) ?? Infinity) - (oldestOf(b) ?? Infinity))
    .slice(0, 10);
  return (
    <Panel title="Longest waiting" note={<a href="queues">all queues</a>}>
      {items.length === 0 ? (
        queues.value ? <Empty title="No queue has waiting tasks." /> : <Waiting of={queues} what="queues" />
      ) : (
        <Table
          caption="Queues by their oldest waiting task"
          id={(q) => q.queue}
          rows={items}
          columns={[
            { key: "queue", head: "Queue", cell: (q) => <a href={link("queues", q.queue)}>{q.queue}</a>, classes: "name" },
            { key: "waiting", head: "Waiting", number: true, cell: (q) => number(waitingOf(q.counts)) },
            { key: "oldest", head: "Oldest", number: true, cell: (q) => (q.paused ? <span class="pill warn">paused</span> : <Ago at={oldestOf(q)} />) },
          ]}
        />
      )}
    </Panel>
  );
}

/// Ten seconds count as one moment: jobs at work at the same time keep their places.
function byActivity(a: Group, b: Group): number {
  const moment = (one: Group) => Math.floor((one.last_at ?? 0) / 10_000);
  return moment(b) - moment(a) || (a.job ?? "").localeCompare(b.job ?? "");
}

function RecentJobs() {
  const jobs = useLive<Page<Group>>("jobs?sort=last&limit=8", { topic: "jobs" });
  const items = [...(jobs.value?.items ?? [])].sort(byActivity).slice(0, 8);
  return (
    <Panel title="Jobs" note={<a href="jobs?sort=last">all jobs</a>}>
      {items.length ? (
        <JobTable jobs={items} brief />
      ) : jobs.value ? (
        <Empty title="No tasks yet.">
          Submit one by <code>kwq submit</code> or the <a href="../swagger/" target="_self">API</a>, or{" "}
          <a href="simulator">start a simulation</a>.
        </Empty>
      ) : (
        <Waiting of={jobs} what="jobs" />
      )}
    </Panel>
  );
}

function TopErrors() {
  const errors = useLive<Page<ErrorGroup>>("errors?sort=last&limit=5", { topic: "errors", every: 4000 });
  if (errors.problem?.absent) return null;
  const items = errors.value?.items.slice(0, 5) ?? [];
  return (
    <Panel title="Errors" note={<a href="errors">all errors</a>}>
      {items.length ? (
        <ErrorTable errors={items} brief />
      ) : errors.value ? (
        <Empty title="No errors." />
      ) : (
        <Waiting of={errors} what="error groups" />
      )}
    </Panel>
  );
}

function Health({ stats }: { stats: Stats | undefined }) {
  const workers = useLive<Page<Worker>>("workers", { topic: "workers" });
  const cluster = useLive<Cluster>("cluster", { every: 10_000 });
  const items = workers.value?.items ?? [];
  const busy = items.filter((one) => one.leases > 0).length;
  const instances = cluster.value?.instances ?? [];
  const ready = instances.filter((one) => one.ready).length;
  const lag = stats?.tracker.lag ?? 0;
  const g = stats?.overall;
  const facts: (Fact | false | undefined)[] = [
    ["Workers", <a href="workers">{`${number(items.length)}, ${number(busy)} busy`}</a>],
    stats && ["Leases", number(stats.scheduler.leases ?? 0), "tasks in the hands of workers"],
    cluster.value && ["Instances", <a href="cluster">{`${ready} of ${instances.length} ready`}</a>],
    cluster.value && ["Log", `${cluster.value.log}, ${cluster.value.partitions} shard${cluster.value.partitions === 1 ? "" : "s"}`],
    stats && ["Tracker is behind by", `${number(lag)} records`],
    g && ["Retries", number(g.retries)],
    g && g.duplicates !== undefined && ["Duplicates dropped", number(g.duplicates)],
    g && g.rejected !== undefined && ["Rejected", number(g.rejected)],
    g?.rate_per_s !== undefined && ["Finishing", rate(g.rate_per_s)],
  ];
  return (
    <Panel title="Health">
      <Facts facts={facts} />
    </Panel>
  );
}

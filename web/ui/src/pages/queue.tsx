// One queue: its depth by priority and state, how old the oldest is, when it will be empty.
import { useLive } from "../api/live";
import { segment } from "../api/client";
import type { Queue } from "../api/types";
import { linkTo } from "../app/router";
import { openOf, waitingOf, workingOf } from "../parts/counts";
import { Figures } from "../parts/facts";
import { DepthBar } from "../parts/meter";
import { number, rate, seconds } from "../parts/numbers";
import { oldestOf } from "../parts/oldest";
import { Panel, Stale, Waiting } from "../parts/panel";
import { EmptyQueue, PauseQueue } from "../parts/queue_actions";
import { RatesPanels } from "../parts/rates_chart";
import { StateCounts } from "../parts/state_mark";
import { Table } from "../parts/table";
import { Ago } from "../parts/time";
import { Title } from "../parts/title";
import { useDrain } from "../parts/drain";
import { QueueMark } from "./queues";

export function QueuePage({ name }: { name: string }) {
  const queue = useLive<Queue>(`queues/${segment(name)}`, { topic: `queue:${name}` });
  return (
    <>
      <Title up={{ href: "queues", word: "Queues" }} name={name} mark={queue.value ? <QueueMark queue={queue.value} /> : null}>
        <Stale of={queue} />
        {queue.value ? (
          <>
            <PauseQueue queue={name} paused={queue.value.paused} />
            <EmptyQueue queue={queue.value} />
            <a class="button" href={linkTo("tasks", { queue: name })}>Tasks</a>
          </>
        ) : null}
      </Title>
      <Waiting of={queue} what="queue" />
      {queue.value ? <Shown queue={queue.value} /> : null}
    </>
  );
}

function Shown({ queue }: { queue: Queue }) {
  const drain = useDrain(queue);
  const waiting = waitingOf(queue.counts);
  const deepest = Math.max(1, ...queue.by_priority.map((one) => openOf(one.counts)));
  return (
    <>
      <Figures
        figures={[
          ["Waiting", number(waiting)],
          ["Oldest waiting", <Ago at={oldestOf(queue)} />, "the age of the oldest ready task"],
          ["Handed out", number(workingOf(queue.counts)), "allocated or running"],
          ["Leaves the queue", drain.rate === undefined ? "…" : rate(drain.rate), "finished a second, over the last minute in sight"],
          ["Empty in", waiting === 0 ? "–" : drain.rate === undefined ? "…" : drain.eta === undefined ? "not at this rate" : `≈ ${seconds(drain.eta)}`, "if tasks go on leaving at this rate and no others come"],
          ["Idle workers", number(queue.waiting_workers ?? 0)],
        ]}
      />
      <StateCounts counts={queue.counts} href={(state) => linkTo("tasks", { queue: queue.queue, state })} />
      <Panel title="By priority" note="most urgent first">
        <Table
          caption="States by priority"
          rows={queue.by_priority}
          id={(p) => p.priority}
          columns={[
            { key: "priority", head: "Priority", cell: (p) => <>{p.priority} {p.paused ? <span class="pill warn">paused</span> : null}</> },
            { key: "depth", head: "Backlog", classes: "depth", rank: 2, cell: (p) => <DepthBar counts={p.counts} most={deepest} /> },
            { key: "scheduled", head: "Scheduled", number: true, rank: 3, cell: (p) => number(p.counts.scheduled) },
            { key: "pending", head: "Pending", number: true, cell: (p) => number(p.counts.pending) },
            { key: "oldest", head: "Oldest", number: true, cell: (p) => <Ago at={p.oldest_pending_at} /> },
            { key: "working", head: "Working", number: true, rank: 2, cell: (p) => number(workingOf(p.counts)) },
            { key: "complete", head: "Complete", number: true, rank: 3, cell: (p) => number(p.counts.complete) },
            { key: "error", head: "Errors", number: true, cell: (p) => number(p.counts.error) },
            { key: "do", head: "", classes: "buttons", cell: (p) => <PauseQueue queue={queue.queue} paused={p.paused} priority={p.priority} /> },
          ]}
        />
      </Panel>
      <RatesPanels queue={queue.queue} />
    </>
  );
}

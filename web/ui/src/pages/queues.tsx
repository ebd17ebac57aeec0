// All queues: how deep, how old, whether they are served.
import { useLive } from "../api/live";
import { segment, send } from "../api/client";
import type { Page, Queue } from "../api/types";
import { link, linkTo } from "../app/router";
import { ActionButton } from "../parts/action";
import { waitingOf, workingOf } from "../parts/counts";
import { errorCell } from "../parts/job_table";
import { clockTime, number } from "../parts/numbers";
import { oldestOf } from "../parts/oldest";
import { Panel, Stale, Waiting } from "../parts/panel";
import { PauseQueue } from "../parts/queue_actions";
import { Table } from "../parts/table";
import { Ago } from "../parts/time";
import { Title } from "../parts/title";

export function QueueMark({ queue }: { queue: Queue }) {
  if (queue.paused) {
    return (
      <span class="pill warn">paused{queue.paused_until_at ? ` until ${clockTime(queue.paused_until_at)}` : ""}</span>
    );
  }
  const some = queue.by_priority.filter((one) => one.paused).length;
  if (some > 0) return <span class="pill warn">{some === 1 ? "1 priority" : `${some} priorities`} paused</span>;
  return <span class="pill good">open</span>;
}

function Depths({ queue }: { queue: Queue }) {
  const some = queue.by_priority.filter((one) => waitingOf(one.counts) > 0 || (one.paused && !queue.paused));
  if (some.length === 0) return <span class="faint">nothing waits</span>;
  return (
    <ul class="depths" aria-label="Waiting by priority">
      {some.map((one) => (
        <li key={one.priority} class={one.paused && !queue.paused ? "is-paused" : ""} title={`priority ${one.priority}${one.paused ? ", paused" : ""}`}>
          <span>{one.priority}</span> <b>{number(waitingOf(one.counts))}</b>
        </li>
      ))}
    </ul>
  );
}

export function Queues() {
  const queues = useLive<Page<Queue>>("queues", { topic: "queues" });
  return (
    <>
      <Title name="Queues">
        <Stale of={queues} />
        <ActionButton
          label="New queue"
          question={{
            title: "Make a queue",
            text: "Lower-case letters, digits and dashes. It has nine priorities, nine the most urgent.",
            yes: "Make it",
            field: { label: "Name", type: "text", value: "", required: true },
          }}
          run={async (name) => {
            await send("PUT", `queues/${segment(name)}`, {});
            return `Queue ${name} is there`;
          }}
        />
      </Title>
      <Panel title="All queues">
        <Waiting of={queues} what="queues" />
        {queues.value ? (
          <Table
            caption="Queues"
            rows={queues.value.items}
            id={(q) => q.queue}
            columns={[
              { key: "queue", head: "Queue", classes: "name", cell: (q) => <a href={link("queues", q.queue)}>{q.queue}</a> },
              { key: "state", head: "State", cell: (q) => <QueueMark queue={q} /> },
              { key: "depths", head: "Waiting by priority", rank: 2, cell: (q) => <Depths queue={q} /> },
              { key: "waiting", head: "Waiting", number: true, cell: (q) => number(waitingOf(q.counts)) },
              { key: "oldest", head: "Oldest", number: true, rank: 2, cell: (q) => <Ago at={oldestOf(q)} /> },
              { key: "working", head: "Working", number: true, rank: 2, cell: (q) => number(workingOf(q.counts)) },
              { key: "complete", head: "Complete", number: true, rank: 3, cell: (q) => number(q.counts.complete) },
              { key: "error", head: "Errors", number: true, cell: (q) => errorCell(q.counts.error, { queue: q.queue }) },
              { key: "idle", head: "Idle workers", number: true, rank: 3, cell: (q) => number(q.waiting_workers ?? 0) },
              { key: "do", head: "", cell: (q) => <PauseQueue queue={q.queue} paused={q.paused} />, classes: "buttons" },
            ]}
          />
        ) : null}
      </Panel>
      <p class="note">
        Work of a queue is handed out most urgent first. See also <a href={linkTo("tasks", { state: "pending" })}>all that waits</a>.
      </p>
    </>
  );
}

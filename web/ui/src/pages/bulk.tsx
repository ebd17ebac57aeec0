// Bulk actions: what was asked for, how far the server is, what it could not do.
import { useLive } from "../api/live";
import { cancelBulk } from "../api/bulk";
import { segment } from "../api/client";
import { fromText } from "../api/filter";
import type { BulkAction, Page } from "../api/types";
import { link, linkTo } from "../app/router";
import { ActionButton } from "../parts/action";
import { Figures } from "../parts/facts";
import { number, share } from "../parts/numbers";
import { Empty, Panel, Stale, Waiting } from "../parts/panel";
import { Table } from "../parts/table";
import { TaskLink } from "../parts/task_columns";
import { Ago } from "../parts/time";
import { Title } from "../parts/title";

const pills: Record<BulkAction["state"], string> = { running: "", complete: "good", cancelled: "warn", error: "bad" };

const nameOf = (action: BulkAction): string => (action.priority === undefined ? action.action : `${action.action} to ${action.priority}`);
const endedOf = (action: BulkAction): number => action.done + (action.left ?? 0) + action.failed;

const textOf = (action: BulkAction): string => action.q || "all tasks";

function tasksOf(action: BulkAction): string {
  const read = fromText(action.q);
  return linkTo("tasks", typeof read === "string" ? {} : { ...read.filter, state: undefined });
}

export function Bulk({ name }: { name: string }) {
  return name ? <One id={name} /> : <All />;
}

function All() {
  const actions = useLive<Page<BulkAction>>("bulk", { every: 2000 });
  return (
    <>
      <Title name="Bulk actions">
        <Stale of={actions} />
      </Title>
      <Panel title="Newest first">
        <Waiting of={actions} what="bulk actions" />
        {actions.value?.items.length === 0 ? (
          <Empty title="None yet.">
            Filter the <a href="tasks">tasks</a>, then retry, cancel or move all that match.
          </Empty>
        ) : null}
        {actions.value?.items.length ? (
          <Table
            caption="Bulk actions"
            rows={actions.value.items}
            id={(a) => a.id}
            columns={[
              { key: "action", head: "Action", cell: (a) => <a href={link("bulk", a.id)}>{nameOf(a)}</a> },
              { key: "filter", head: "Of", classes: "message", cell: (a) => <code>{textOf(a)}</code> },
              { key: "state", head: "State", cell: (a) => <span class={`pill ${pills[a.state]}`}>{a.state}</span> },
              { key: "done", head: "Done", number: true, cell: (a) => `${number(a.done)} of ${a.exact === false ? "at least " : ""}${number(a.matched)}` },
              { key: "failed", head: "Failed", number: true, rank: 2, cell: (a) => number(a.failed) },
              { key: "started", head: "Started", number: true, rank: 2, cell: (a) => <Ago at={a.started_at} /> },
            ]}
          />
        ) : null}
      </Panel>
    </>
  );
}

function One({ id }: { id: string }) {
  const found = useLive<BulkAction>(`bulk/${segment(id)}`, { topic: `bulk:${id}`, every: 1000 });
  const action = found.value;
  return (
    <>
      <Title
        up={{ href: "bulk", word: "Bulk actions" }}
        name={action ? `${action.action[0]?.toUpperCase()}${nameOf(action).slice(1)}` : id}
        mark={action ? <span class={`pill ${pills[action.state]}`}>{action.state}</span> : null}
      >
        <Stale of={found} />
        {action?.state === "running" ? (
          <ActionButton label="Stop" icon="cross" run={async () => {
            await cancelBulk(id);
            return "It is being stopped; what is done stays done";
          }} />
        ) : null}
        {action ? <a class="button" href={tasksOf(action)}>The tasks</a> : null}
      </Title>
      <Waiting of={found} what="bulk action" />
      {action ? <Shown action={action} /> : null}
    </>
  );
}

function Shown({ action }: { action: BulkAction }) {
  return (
    <>
      <p>
        All that matched <code>{textOf(action)}</code>
      </p>
      {action.reason ? <p class="wrong">{action.reason}</p> : null}
      <progress class="whole" max={Math.max(1, action.matched)} value={endedOf(action)} aria-label="Progress" />
      <Figures
        figures={[
          ["Matched", `${action.exact === false ? "≥ " : ""}${number(action.matched)}`],
          ["Done", number(action.done)],
          action.left !== undefined && ["Left as they were", number(action.left), "there already, or waiting no more"],
          ["Failed", number(action.failed)],
          ["Share", share(endedOf(action), action.matched)],
          ["Started", <Ago at={action.started_at} />],
          action.ended_at !== undefined && ["Ended", <Ago at={action.ended_at} />],
        ]}
      />
      {action.errors?.length ? (
        <Panel title="What could not be done" note="the first hundred">
          <Table
            caption="Refusals"
            rows={action.errors}
            id={(e) => e.id}
            columns={[
              { key: "id", head: "Task", classes: "name", cell: (e) => <TaskLink id={e.id} /> },
              { key: "code", head: "Why", cell: (e) => <code>{e.code}</code> },
              { key: "detail", head: "", classes: "message", cell: (e) => e.detail },
            ]}
          />
        </Panel>
      ) : null}
    </>
  );
}

// Errors, equal ones as one group; and one group with its samples and what can be done with all of it.
import { useLive } from "../api/live";
import { segment, withQuery } from "../api/client";
import type { ErrorGroup, Page } from "../api/types";
import { go, link, linkTo, withWords, word } from "../app/router";
import { BulkButton } from "../parts/bulk_buttons";
import { ErrorTable } from "../parts/error_table";
import { Figures } from "../parts/facts";
import { Icon } from "../parts/icons";
import { number } from "../parts/numbers";
import { Empty, Panel, Stale, Waiting } from "../parts/panel";
import { Table } from "../parts/table";
import { TaskLink } from "../parts/task_columns";
import { TaskList } from "../parts/task_list";
import { Ago } from "../parts/time";
import { Title } from "../parts/title";
import { Trend } from "../parts/trend";

export function Errors() {
  const sort = word("sort") || "last";
  const job = word("job");
  const path = withQuery("errors", { job, sort, limit: 100 });
  const errors = useLive<Page<ErrorGroup>>(path, { every: 3000 });
  return (
    <>
      <Title name="Errors">
        <Stale of={errors} />
        <a class="button" href={linkTo("tasks", { state: "error", job })}>
          All dead letters
        </a>
      </Title>
      {job ? (
        <ul class="chips" aria-label="Filters">
          <li>
            <span class="chip-word">job</span> <span class="chip-value">{job}</span>
            <button type="button" class="plain" aria-label={`Without job ${job}`} onClick={() => go(withWords({ job: undefined }))}>
              <Icon name="cross" />
            </button>
          </li>
        </ul>
      ) : null}
      <Panel title="Groups of errors" note="equal texts, numbers and names aside, are one group">
        <Waiting of={errors} what="error groups" />
        {errors.value?.items.length === 0 ? <Empty title="No errors." /> : null}
        {errors.value?.items.length ? <ErrorTable errors={errors.value.items} sorted={sort} /> : null}
      </Panel>
      {errors.problem?.absent ? (
        <Panel title="Dead letters">
          <TaskList filter={{ state: "error", ...(job ? { job } : {}) }} limit={100} />
        </Panel>
      ) : null}
    </>
  );
}

export function ErrorPage({ name }: { name: string }) {
  const found = useLive<ErrorGroup>(`errors/${segment(name)}`, { every: 3000 });
  const group = found.value;
  return (
    <>
      <Title up={{ href: "errors", word: "Errors" }} name={<span class="message-title">{group?.message || (group ? "(no text)" : name)}</span>}>
        <Stale of={found} />
        {group && group.tasks > 0 ? (
          <>
            <BulkButton action="retry" filter={{ error: name, state: "error" }} what="the group" />
            <a class="button" href={linkTo("tasks", { error: name, state: "error" })}>
              Its dead letters
            </a>
          </>
        ) : null}
      </Title>
      <Waiting of={found} what="error group" />
      {group ? <Shown group={group} /> : null}
    </>
  );
}

function Shown({ group }: { group: ErrorGroup }) {
  return (
    <>
      <Figures
        figures={[
          ["Dead now", number(group.tasks), "tasks in state error because of it"],
          ["Times", number(group.count), "attempts that ended so"],
          ["First", <Ago at={group.first_at} />],
          ["Last", <Ago at={group.last_at} />],
          ["Last hour", <Trend counts={group.trend ?? []} />],
        ]}
      />
      <div class="columns">
        <div class="wide-column">
          <Panel title="Samples">
            {group.samples?.length ? (
              <Table
                caption="Samples"
                rows={group.samples}
                id={(s) => s.id + s.at}
                columns={[
                  { key: "id", head: "Task", classes: "name", cell: (s) => <TaskLink id={s.id} /> },
                  { key: "text", head: "Message", classes: "message", cell: (s) => <span title={s.message}>{s.message}</span> },
                  { key: "worker", head: "Worker", classes: "name", rank: 3, cell: (s) => s.worker },
                  { key: "at", head: "When", number: true, cell: (s) => <Ago at={s.at} /> },
                ]}
              />
            ) : (
              <Empty title="No samples are kept any more." />
            )}
          </Panel>
        </div>
        <div class="narrow-column">
          <Panel title="Jobs">
            <Table
              caption="Jobs that met it"
              rows={group.jobs ?? []}
              id={(j) => j.job}
              columns={[
                { key: "job", head: "Job", classes: "name", cell: (j) => <a href={link("jobs", j.job)}>{j.job}</a> },
                { key: "count", head: "Times", number: true, cell: (j) => number(j.count) },
              ]}
            />
          </Panel>
        </div>
      </div>
    </>
  );
}

// One job: how far it is, every task of it at a glance, what fails, which tags.
import { useLive } from "../api/live";
import { get, segment, withQuery } from "../api/client";
import { most, useStateMap } from "../api/state_map";
import type { ErrorGroup, Group, Page, Task } from "../api/types";
import { go, link, linkTo, withWords, word } from "../app/router";
import { say } from "../app/toasts";
import { openOf, totalOf, waitingOf, workingOf } from "../parts/counts";
import { ErrorTable } from "../parts/error_table";
import { GroupFigures } from "../parts/group_figures";
import { HeatMap } from "../parts/heat_map";
import { JobActions } from "../parts/job_actions";
import { ProgressBar } from "../parts/meter";
import { number } from "../parts/numbers";
import { Empty, Panel, Stale, Waiting } from "../parts/panel";
import { StateCounts } from "../parts/state_mark";
import { Table } from "../parts/table";
import { TaskList } from "../parts/task_list";
import { Title } from "../parts/title";

export function JobPage({ name }: { name: string }) {
  const job = useLive<Group>(`jobs/${segment(name)}`, { topic: `job:${name}` });
  const group = job.value;
  return (
    <>
      <Title
        up={{ href: "jobs", word: "Jobs" }}
        name={name}
        mark={group?.paused ? <span class="pill warn">paused</span> : group && openOf(group.counts) === 0 ? <span class="pill good">done</span> : null}
      >
        <Stale of={job} />
        {group ? <JobActions job={name} group={group} /> : null}
        <a class="button" href={linkTo("tasks", { job: name })}>
          All its tasks
        </a>
      </Title>
      <Waiting of={job} what="job" />
      {group ? (
        <>
          <div class="big-progress">
            <ProgressBar counts={group.counts} label={name} />
          </div>
          <GroupFigures group={group} />
          {group.settling ? (
            <p class="banner">Lists and tags still settle: {number(group.settling)} rows. The counts above are right.</p>
          ) : null}
          <StateCounts counts={group.counts} href={(state) => linkTo("tasks", { job: name, state })} />
          <Heat job={name} group={group} />
          <JobErrors job={name} />
          <TagBreakdown job={name} group={group} />
          <Panel title="Newest tasks">
            <TaskList filter={{ job: name }} limit={20} without={["job"]} />
          </Panel>
        </>
      ) : null}
    </>
  );
}

function Heat({ job, group }: { job: string; group: Group }) {
  const part = Math.max(0, Number(word("part") || "0")) || 0;
  const map = useStateMap(job, part * most, openOf(group.counts) > 0 ? 2000 : 10_000);
  const parts = Math.ceil(map.total / most);
  const open = async (index: number) => {
    try {
      const task = await get<Task>(withQuery(`jobs/${segment(job)}/task-at`, { index }));
      go(link("tasks", task.id));
    } catch (problem) {
      say(problem instanceof Error ? problem.message : String(problem), true);
    }
  };
  return (
    <Panel
      title="Every task"
      note={map.total ? `${number(map.total)} in the order of submission` : undefined}
      actions={
        parts > 1 ? (
          <span class="choice" role="group" aria-label="Part of the job">
            <button type="button" disabled={part === 0} onClick={() => go(withWords({ part: part > 1 ? String(part - 1) : undefined }))}>
              Before
            </button>
            <span class="note">
              part {part + 1} of {parts}
            </span>
            <button type="button" disabled={part + 1 >= parts} onClick={() => go(withWords({ part: String(part + 1) }))}>
              After
            </button>
          </span>
        ) : undefined
      }
    >
      {map.bytes.length ? (
        <HeatMap map={map} counts={group.counts} open={(index) => void open(index)} />
      ) : totalOf(group.counts) === 0 ? (
        <Empty title="No tasks." />
      ) : (
        <Waiting of={{ value: undefined, at: 0, problem: map.problem }} what="map of states" />
      )}
    </Panel>
  );
}

function JobErrors({ job }: { job: string }) {
  const errors = useLive<Page<ErrorGroup>>(withQuery("errors", { job, sort: "count", limit: 10 }), { every: 5000 });
  if (!errors.value?.items.length) return null;
  return (
    <Panel title="Errors of this job" note={<a href={linkTo("errors", { job })}>all of them</a>}>
      <ErrorTable errors={errors.value.items} brief />
    </Panel>
  );
}

function TagBreakdown({ job, group }: { job: string; group: Group }) {
  const tags = [...(group.tags ?? [])].sort((a, b) => totalOf(b.counts) - totalOf(a.counts));
  if (tags.length === 0) return null;
  return (
    <Panel title="By tag" note={tags.length > 100 ? "the 100 largest" : undefined}>
      <Table
        caption="Counts by tag"
        rows={tags.slice(0, 100)}
        id={(t) => t.tag}
        columns={[
          { key: "tag", head: "Tag", classes: "name", cell: (t) => <a href={linkTo("tasks", { job, tag: t.tag })} title={t.tag}>{t.tag}</a> },
          { key: "progress", head: "Progress", cell: (t) => <ProgressBar counts={t.counts} label={t.tag} /> },
          { key: "waiting", head: "Waiting", number: true, rank: 2, cell: (t) => number(waitingOf(t.counts)) },
          { key: "working", head: "Working", number: true, rank: 2, cell: (t) => number(workingOf(t.counts)) },
          { key: "complete", head: "Complete", number: true, rank: 2, cell: (t) => number(t.counts.complete) },
          { key: "error", head: "Errors", number: true, cell: (t) => number(t.counts.error) },
        ]}
      />
    </Panel>
  );
}

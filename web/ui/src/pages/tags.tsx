// All tags, and one of them, counted over all jobs.
import { useLive } from "../api/live";
import { segment, withQuery } from "../api/client";
import type { Group, Page } from "../api/types";
import { linkTo, word } from "../app/router";
import { GroupFigures } from "../parts/group_figures";
import { GroupList } from "../parts/group_list";
import { Panel, Stale, Waiting } from "../parts/panel";
import { ProgressBar } from "../parts/meter";
import { StateCounts } from "../parts/state_mark";
import { sortWord } from "../parts/table";
import { TaskList } from "../parts/task_list";
import { Title } from "../parts/title";

export function Tags() {
  const sort = sortWord("name");
  const first = useLive<Page<Group>>(withQuery("tags", { prefix: word("prefix"), sort, limit: 100 }));
  return (
    <>
      <Title name="Tags">
        <Stale of={first} />
      </Title>
      <GroupList kind="tag" first={first} sort={sort} />
    </>
  );
}

export function TagPage({ name }: { name: string }) {
  const tag = useLive<Group>(`tags/${segment(name)}`, { topic: `tag:${name}` });
  return (
    <>
      <Title up={{ href: "tags", word: "Tags" }} name={name}>
        <Stale of={tag} />
        <a class="button" href={linkTo("tasks", { tag: name })}>
          All its tasks
        </a>
      </Title>
      <Waiting of={tag} what="tag" />
      {tag.value ? (
        <>
          <ProgressBar counts={tag.value.counts} label={name} />
          <GroupFigures group={tag.value} />
          <StateCounts counts={tag.value.counts} href={(state) => linkTo("tasks", { tag: name, state })} />
          <Panel title="Newest tasks">
            <TaskList filter={{ tag: name }} limit={25} />
          </Panel>
        </>
      ) : null}
    </>
  );
}

// All jobs: by name, or the top by activity, errors, work.
import { useLive } from "../api/live";
import { withQuery } from "../api/client";
import type { Group, Page } from "../api/types";
import { word } from "../app/router";
import { GroupList } from "../parts/group_list";
import { Stale } from "../parts/panel";
import { sortWord } from "../parts/table";
import { Title } from "../parts/title";

export function Jobs() {
  const sort = sortWord("name");
  const first = useLive<Page<Group>>(withQuery("jobs", { prefix: word("prefix"), sort, limit: 100 }));
  return (
    <>
      <Title name="Jobs">
        <Stale of={first} />
      </Title>
      <GroupList kind="job" first={first} sort={sort} />
    </>
  );
}

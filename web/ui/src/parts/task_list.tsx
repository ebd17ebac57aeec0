// A few tasks of a filter, kept current: for pages that are about something else.
import { useLive } from "../api/live";
import { withQuery } from "../api/client";
import type { Filter } from "../api/filter";
import type { Page, Task } from "../api/types";
import { Empty, Waiting } from "./panel";
import { Table } from "./table";
import { shownColumns } from "./task_columns";

export function TaskList({ filter, limit, without = [] }: { filter: Filter; limit: number; without?: string[] }) {
  const tasks = useLive<Page<Task>>(withQuery("tasks", { ...filter, limit }), { every: 3000 });
  if (!tasks.value) return <Waiting of={tasks} what="tasks" />;
  if (tasks.value.items.length === 0) return <Empty title="No tasks." />;
  const columns = shownColumns().filter((c) => !without.includes(c.key));
  return <Table caption="Tasks" columns={columns} rows={tasks.value.items} id={(t) => t.id} />;
}

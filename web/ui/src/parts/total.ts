// How many tasks a filter names, exactly, where a counter says so.
import { useLive } from "../api/live";
import { segment } from "../api/client";
import type { Filter } from "../api/filter";
import { type Counts, type State, states } from "../api/types";
import { totalOf } from "./counts";

function counterOf(filter: Filter): string | undefined {
  const { job, tag, queue, worker, error } = filter;
  const given = [job, tag, queue].filter(Boolean);
  if (worker || error || given.length > 1) return undefined;
  if (job) return `jobs/${segment(job)}`;
  if (tag) return `tags/${segment(tag)}`;
  if (queue) return `queues/${segment(queue)}`;
  return "stats";
}

export function useTotal(filter: Filter): number | undefined {
  const path = counterOf(filter);
  const found = useLive<{ counts?: Counts; overall?: { counts: Counts } }>(path, { every: 2000 });
  const counts = found.value?.overall?.counts ?? found.value?.counts;
  if (!counts) return undefined;
  if (!filter.state) return totalOf(counts);
  const wanted = filter.state.split(",");
  return states.filter((s: State) => wanted.includes(s)).reduce((sum, s) => sum + counts[s], 0);
}

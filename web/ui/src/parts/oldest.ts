// How long the oldest ready task has waited: the number that says whether a queue is served.
import type { Queue } from "../api/types";

export function oldestOf(queue: Queue): number | undefined {
  const all = queue.by_priority.flatMap((one) => (one.oldest_pending_at ? [one.oldest_pending_at] : []));
  return all.length ? Math.min(...all) : undefined;
}

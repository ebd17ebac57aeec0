// Bulk actions: what a filter names is counted first, then changed by the server, in the background.
import type { BulkAction } from "./types";
import { type Filter, isEmpty } from "./filter";
import { Problem, segment, send } from "./client";

export type Verb = "retry" | "cancel";

interface Wish {
  action: Verb | "reprioritise";
  filter: Filter;
  priority?: number;
}

const bodyOf = (wish: Wish, dry_run: boolean) => ({ ...wish, dry_run, ...(isEmpty(wish.filter) ? { all: true } : {}) });

export const countBulk = (wish: Wish) => send<{ matched: number; exact: boolean }>("POST", "bulk", bodyOf(wish, true));
export const startBulk = (wish: Wish) => send<BulkAction>("POST", "bulk", bodyOf(wish, false));
export const cancelBulk = (id: string) => send<unknown>("DELETE", `bulk/${segment(id)}`);

/// The same change to a few tasks by name. Counts what worked; the first refusal is said.
export async function changeEach(verb: Verb, ids: string[]): Promise<{ done: number; refused: string[] }> {
  const left = [...ids];
  const refused: string[] = [];
  let done = 0;
  const one = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      try {
        await send("POST", `tasks/${segment(id)}/${verb}`, {});
        done++;
      } catch (problem) {
        refused.push(`${id}: ${problem instanceof Problem ? problem.message : String(problem)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, one));
  return { done, refused };
}

// The pages of a list of tasks, one after the other as the reader scrolls. While only the first is loaded it is kept
// current; after that the list stands still until it is asked for again, so that rows do not move below the eyes.
import { useEffect, useRef, useState } from "preact/hooks";
import { type Live, useLive } from "../api/live";
import { Problem, get, withQuery } from "../api/client";
import type { Page, Task } from "../api/types";

const pageSize = 100;

export interface TaskPages {
  first: Live<Page<Task>>;
  items: Task[];
  next: string | undefined;
  standing: number | undefined; // since when the list stands still
  loading: boolean;
  problem: string | undefined;
  more: () => void;
  again: () => void;
}

export function useTaskPages(query: Record<string, string | undefined>): TaskPages {
  const path = withQuery("tasks", { ...query, limit: pageSize });
  const [held, setHeld] = useState<{ path: string; items: Task[]; next: string | undefined; at: number }>();
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState<string>();
  const holding = held?.path === path ? held : undefined;
  const first = useLive<Page<Task>>(holding ? undefined : path, { every: 3000 });
  const wanted = useRef(path);
  wanted.current = path;
  useEffect(() => setProblem(undefined), [path]);

  const items = holding ? holding.items : (first.value?.items ?? []);
  const next = holding ? holding.next : first.value?.next_cursor;
  const more = async () => {
    if (!next || loading) return;
    setLoading(true);
    try {
      const page = await get<Page<Task>>(withQuery("tasks", { ...query, limit: pageSize, cursor: next }));
      if (wanted.current === path) {
        const known = new Set(items.map((one) => one.id));
        const fresh = page.items.filter((one) => !known.has(one.id));
        setHeld({ path, items: [...items, ...fresh], next: page.next_cursor, at: holding?.at ?? Date.now() });
        setProblem(undefined);
      }
    } catch (failure) {
      setProblem(failure instanceof Problem ? failure.message : String(failure));
    }
    setLoading(false);
  };
  return {
    first, items, next, standing: holding?.at, loading, problem,
    more: () => void more(),
    again: () => setHeld(undefined),
  };
}

// Answers that stay current. A page names the call that it shows and, if there is one, the topic of the event stream
// that carries the same answer. Topics come by one stream for each browser; what has none, or while there is no
// stream, is asked for again every few seconds, and nothing is asked while the page is hidden.
import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Problem, asProblem, get } from "./client";
import { follow, streaming } from "./stream";

export interface Live<T> {
  value: T | undefined;
  at: number; // when it was received
  problem: Problem | undefined;
}

interface Entry {
  path: string;
  topic: string | undefined;
  every: number;
  state: Signal<Live<unknown>>;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  asking: boolean;
  again: boolean;
  unfollow: (() => void) | undefined;
}

const entries = new Map<string, Entry>();
const nothing: Live<unknown> = { value: undefined, at: 0, problem: undefined };

async function ask(entry: Entry): Promise<void> {
  clearTimeout(entry.timer);
  if (entry.asking) {
    entry.again = true;
    return;
  }
  entry.asking = true;
  try {
    const value = await get<unknown>(entry.path);
    entry.state.value = { value, at: Date.now(), problem: undefined };
  } catch (failure) {
    const problem = failure instanceof Problem ? failure : new Problem(0, "unknown", String(failure));
    // What was seen last stays in sight, marked as old.
    entry.state.value = { ...entry.state.peek(), problem };
  }
  entry.asking = false;
  if (entry.again) {
    entry.again = false;
    void ask(entry);
    return;
  }
  schedule(entry);
}

function schedule(entry: Entry): void {
  clearTimeout(entry.timer);
  if (entry.users === 0 || document.hidden) return;
  if (entry.topic && streaming.peek()) return;
  const absent = entry.state.peek().problem?.absent;
  entry.timer = setTimeout(() => void ask(entry), absent ? 30_000 : entry.every);
}

function begin(entry: Entry): void {
  void ask(entry);
  if (!entry.topic) return;
  entry.unfollow = follow(entry.topic, (value) => {
    const problem = asProblem(value);
    entry.state.value = problem ? { ...entry.state.peek(), problem } : { value, at: Date.now(), problem: undefined };
    schedule(entry);
  });
}

function end(entry: Entry): void {
  clearTimeout(entry.timer);
  entry.unfollow?.();
  entries.delete(entry.path);
}

/// After a change: everything in sight is asked for at once.
export function refresh(): void {
  for (const entry of entries.values()) void ask(entry);
}

streaming.subscribe(() => {
  for (const entry of entries.values()) schedule(entry);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

/// `path` undefined: nothing to ask for yet.
export function useLive<T>(path: string | undefined, options: { topic?: string; every?: number } = {}): Live<T> {
  const { topic, every = 2000 } = options;
  const entry = useMemo(() => {
    if (path === undefined) return undefined;
    return (
      entries.get(path) ??
      ({
        path, topic, every, state: signal(nothing), users: 0, timer: undefined, asking: false, again: false,
        unfollow: undefined,
      } satisfies Entry)
    );
  }, [path]);
  useEffect(() => {
    if (!entry) return undefined;
    if (entry.users++ === 0) {
      entries.set(entry.path, entry);
      begin(entry);
    }
    return () => {
      if (--entry.users === 0) end(entry);
    };
  }, [entry]);
  return (entry ? entry.state.value : nothing) as Live<T>;
}

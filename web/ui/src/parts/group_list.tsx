// The list of jobs or of tags: search by the beginning of a name, order, further pages by name.
import { useEffect, useState } from "preact/hooks";
import type { Live } from "../api/live";
import { get, withQuery } from "../api/client";
import type { Group, Page } from "../api/types";
import { go, withWords, word } from "../app/router";
import { say } from "../app/toasts";
import { JobTable } from "./job_table";
import { Empty, Panel, Waiting } from "./panel";

const orders = { name: "Name", last: "Last activity", running: "Working", errors: "Errors", submitted: "Submitted" };

export function GroupList({ kind, first, sort }: { kind: "job" | "tag"; first: Live<Page<Group>>; sort: string }) {
  const prefix = word("prefix");
  const [more, setMore] = useState<Group[]>([]);
  const [cursor, setCursor] = useState<string | undefined>(undefined);
  useEffect(() => {
    setMore([]);
    setCursor(undefined);
  }, [prefix, sort]);
  const next = more.length ? cursor : first.value?.next_cursor;
  const load = async () => {
    try {
      const page = await get<Page<Group>>(withQuery(`${kind}s`, { prefix, sort, limit: 100, cursor: next }));
      setMore([...more, ...page.items]);
      setCursor(page.next_cursor);
    } catch (problem) {
      say(problem instanceof Error ? problem.message : String(problem), true);
    }
  };
  const items = [...(first.value?.items ?? []), ...more];
  return (
    <Panel
      title={kind === "job" ? "All jobs" : "All tags"}
      actions={
        <>
          <input
            type="search"
            aria-label={`Names that begin with`}
            placeholder="Begins with …"
            value={prefix}
            onInput={(event) => go(withWords({ prefix: event.currentTarget.value }), { replace: true })}
          />
          <label class="inline">
            <span class="unseen">Order by</span>
            <select value={sort} onChange={(event) => go(withWords({ sort: event.currentTarget.value }))}>
              {Object.entries(orders).map(([key, text]) => (
                <option key={key} value={key}>
                  {text}
                </option>
              ))}
            </select>
          </label>
        </>
      }
    >
      <Waiting of={first} what={`${kind}s`} />
      {first.value && items.length === 0 ? (
        <Empty title={prefix ? `No ${kind} begins with “${prefix}”.` : `No ${kind}s yet.`} />
      ) : null}
      {items.length ? <JobTable jobs={items} kind={kind} sorted={sort} /> : null}
      {next ? (
        <p class="more">
          <button type="button" onClick={() => void load()}>
            Show more
          </button>
        </p>
      ) : null}
    </Panel>
  );
}

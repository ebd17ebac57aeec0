// The list of tasks: filtered, as long as it is, with exact totals where a counter knows them.
import { useEffect, useRef, useState } from "preact/hooks";
import { changeEach } from "../api/bulk";
import { apiUrl, withQuery } from "../api/client";
import { type Filter, fromQuery } from "../api/filter";
import type { Task } from "../api/types";
import { go, place, withWords, word } from "../app/router";
import { ActionButton, readOnly } from "../parts/action";
import { BulkButton, BulkPriorityButton } from "../parts/bulk_buttons";
import { FilterBar } from "../parts/filter_bar";
import { clockTime, number } from "../parts/numbers";
import { Empty, Panel, Stale, Waiting } from "../parts/panel";
import { type Column, Head, classOf } from "../parts/table";
import { ColumnChooser, shownColumns } from "../parts/task_columns";
import { type TaskPages, useTaskPages } from "../parts/task_pages";
import { Title } from "../parts/title";
import { useTotal } from "../parts/total";
import { rowHeight, useWindowed } from "../parts/windowed";

export function Tasks() {
  const filter = fromQuery(place.value.query);
  const order = word("order") || "newest";
  const pages = useTaskPages({ ...filter, order });
  const total = useTotal(filter);
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const key = JSON.stringify({ ...filter, order });
  useEffect(() => setChosen(new Set()), [key]);
  return (
    <>
      <Title name="Tasks">
        <Stale of={pages.first} />
        <Exports filter={filter} order={order} />
        <ColumnChooser />
      </Title>
      <FilterBar filter={filter} />
      <Panel title="Matching tasks" note={<Total pages={pages} total={total} />} actions={<Order order={order} />}>
        <Selection chosen={chosen} clear={() => setChosen(new Set())} filter={filter} total={total} />
        <Waiting of={pages.items.length ? { value: 1, at: 0, problem: undefined } : pages.first} what="tasks" />
        {pages.first.value && pages.items.length === 0 ? <Empty title="No task matches." /> : null}
        {pages.items.length ? <LongTable pages={pages} chosen={chosen} choose={setChosen} /> : null}
      </Panel>
    </>
  );
}

function Total({ pages, total }: { pages: TaskPages; total: number | undefined }) {
  const shown = pages.items.length;
  const text = total !== undefined ? number(total) : pages.next ? `more than ${number(shown)}` : number(shown);
  return (
    <>
      {text} {total === 1 ? "task" : "tasks"}
      {pages.standing ? (
        <>
          {" · as of "}
          {clockTime(pages.standing)}{" "}
          <button type="button" class="linkish" onClick={pages.again}>
            show the newest
          </button>
        </>
      ) : null}
    </>
  );
}

function Order({ order }: { order: string }) {
  return (
    <span class="choice" role="group" aria-label="Order">
      {["newest", "oldest"].map((one) => (
        <button key={one} type="button" aria-pressed={one === order} onClick={() => go(withWords({ order: one === "newest" ? undefined : one }))}>
          {one} first
        </button>
      ))}
    </span>
  );
}

function Exports({ filter, order }: { filter: Filter; order: string }) {
  return (
    <details class="drop">
      <summary class="button">Export</summary>
      <div class="drop-box">
        {(["csv", "ndjson"] as const).map((format) => (
          <a key={format} download={`tasks.${format}`} href={apiUrl(withQuery("tasks", { ...filter, order, format }))}>
            {format.toUpperCase()} of all that match
          </a>
        ))}
      </div>
    </details>
  );
}

function Selection({ chosen, clear, filter, total }: { chosen: Set<string>; clear: () => void; filter: Filter; total: number | undefined }) {
  if (readOnly.value) return null;
  const ids = [...chosen];
  const each = async (verb: "retry" | "cancel") => {
    const { done, refused } = await changeEach(verb, ids);
    clear();
    const said = `${number(done)} ${verb === "retry" ? "to be retried" : "cancelled"}`;
    if (refused.length) throw new Error(`${said}; ${refused.length} refused, such as ${refused[0]}`);
    return said;
  };
  return (
    <div class={`selection ${ids.length ? "some" : ""}`}>
      {ids.length ? (
        <>
          <b>{number(ids.length)} selected</b>
          <ActionButton label="Retry" icon="retry" said={`Retry ${ids.length} selected`} run={() => each("retry")} />
          <ActionButton
            label="Cancel"
            icon="cross"
            danger
            said={`Cancel ${ids.length} selected`}
            question={{ title: `Cancel ${number(ids.length)} tasks?`, text: "A cancelled task does not run. This cannot be undone.", yes: "Cancel them", danger: true }}
            run={() => each("cancel")}
          />
          <button type="button" onClick={clear}>
            Select none
          </button>
        </>
      ) : (
        <>
          <span class="faint">{total === undefined ? "All that match:" : `All ${number(total)} that match:`}</span>
          <BulkButton action="retry" filter={filter} />
          <BulkPriorityButton filter={filter} />
          <BulkButton action="cancel" filter={filter} />
        </>
      )}
    </div>
  );
}

interface LongTableProps {
  pages: TaskPages;
  chosen: Set<string>;
  choose: (chosen: Set<string>) => void;
}

function checkColumn({ pages, chosen, choose }: LongTableProps): Column<Task> {
  return {
    key: "check", head: "", classes: "check-cell",
    cell: (task) => (
      <input
        type="checkbox"
        aria-label={`Select ${task.id}`}
        checked={chosen.has(task.id)}
        onClick={(event) => {
          const next = new Set(chosen);
          const index = pages.items.indexOf(task);
          const last = pages.items.findIndex((one) => one.id === lastChosen);
          // With shift, all between.
          const between = event.shiftKey && last >= 0 ? pages.items.slice(Math.min(index, last), Math.max(index, last) + 1) : [task];
          for (const one of between) event.currentTarget.checked ? next.add(one.id) : next.delete(one.id);
          lastChosen = task.id;
          choose(next);
        }}
      />
    ),
  };
}
let lastChosen = "";

function LongTable(props: LongTableProps) {
  const { pages } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const { from, to } = useWindowed(body, pages.items.length);
  const columns = [...(readOnly.value ? [] : [checkColumn(props)]), ...shownColumns()];
  return (
    <>
      <div class="scroll">
        <table class="rows fixed" aria-rowcount={pages.next ? -1 : pages.items.length + 1}>
          <caption class="unseen">Tasks that match</caption>
          <Head columns={columns} />
          <tbody ref={body}>
            <Gap rows={from} columns={columns.length} />
            {pages.items.slice(from, to).map((task, index) => (
              <tr key={task.id} tabIndex={-1} aria-rowindex={from + index + 2} class={props.chosen.has(task.id) ? "chosen" : ""}>
                {columns.map((c) => (
                  <td key={c.key} class={classOf(c)}>
                    {c.cell(task)}
                  </td>
                ))}
              </tr>
            ))}
            <Gap rows={pages.items.length - to} columns={columns.length} />
          </tbody>
        </table>
      </div>
      {pages.next ? <More pages={pages} /> : null}
    </>
  );
}

function Gap({ rows, columns }: { rows: number; columns: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}

/// Loads the next page when it comes near; the button is for those who do not scroll.
function More({ pages }: { pages: TaskPages }) {
  const mark = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const element = mark.current;
    if (!element) return undefined;
    const watcher = new IntersectionObserver(
      (seen) => {
        if (seen.some((one) => one.isIntersecting) && scrollY > 0) pages.more();
      },
      { rootMargin: "600px" },
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [pages.items.length, pages.next]);
  return (
    <p class="more" ref={mark}>
      <button type="button" onClick={pages.more} aria-disabled={pages.loading}>
        {pages.loading ? "Loading …" : "Show more"}
      </button>
      {pages.problem ? <span class="wrong">{pages.problem}</span> : null}
    </p>
  );
}

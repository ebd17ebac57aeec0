// One task: where it is, why it does not run, every attempt, what it carries.
import { useEffect, useState } from "preact/hooks";
import { useLive } from "../api/live";
import { fetchApi, segment, send } from "../api/client";
import type { State, Task, Why } from "../api/types";
import { link, linkTo } from "../app/router";
import { ActionButton } from "../parts/action";
import { Attempts } from "../parts/attempts";
import { priorityField } from "../parts/bulk_buttons";
import { type Fact, Facts } from "../parts/facts";
import { parseExactly } from "../parts/json_text";
import { JsonView } from "../parts/json_view";
import { number, seconds } from "../parts/numbers";
import { Panel, Stale, Waiting } from "../parts/panel";
import { StateMark } from "../parts/state_mark";
import { Ago, At } from "../parts/time";
import { Title } from "../parts/title";

const ended: State[] = ["complete", "error", "cancelled"];

export function TaskPage({ name }: { name: string }) {
  const task = useLive<Task>(`tasks/${segment(name)}`, { topic: `task:${name}`, every: 1500 });
  const shown = task.value;
  return (
    <>
      <Title up={{ href: "tasks", word: "Tasks" }} name={<span class="mono">{name}</span>} mark={shown ? <StateMark state={shown.state} /> : null}>
        <Stale of={task} />
        {shown ? <TaskActions task={shown} /> : null}
      </Title>
      <Waiting of={task} what="task" />
      {shown ? <Shown task={shown} /> : null}
    </>
  );
}

function TaskActions({ task }: { task: Task }) {
  const call = <T,>(verb: string, body = {}) => send<T>("POST", `tasks/${segment(task.id)}/${verb}`, body);
  return (
    <>
      {task.state === "error" ? (
        <ActionButton label="Retry" icon="retry" primary run={async () => {
          await call("retry");
          return "It will run again";
        }} />
      ) : null}
      {task.state === "pending" || task.state === "scheduled" ? (
        <ActionButton
          label="Priority"
          icon="priority"
          question={{
            title: "Another priority for this task?",
            text: "It keeps its attempts and its history, and comes before the other tasks of its job there.",
            yes: "Move it",
            field: priorityField(task.priority),
          }}
          run={async (given) => {
            const { affected } = await call<{ affected: number }>("reprioritise", { priority: Number(given) });
            return affected ? `Its priority is ${given}` : "It has that priority already";
          }}
        />
      ) : null}
      {ended.includes(task.state) ? null : (
        <ActionButton
          label="Cancel"
          icon="cross"
          danger
          question={{ title: "Cancel this task?", text: "It will not run; its worker, if it has one, is told to stop. This cannot be undone.", yes: "Cancel it", danger: true }}
          run={async () => {
            await call("cancel");
            return "Cancelled";
          }}
        />
      )}
    </>
  );
}

const sentence = (text: string): string => `${text[0]?.toUpperCase() ?? ""}${text.slice(1).replace(/\.$/, "")}.`;

function WhyNot({ task }: { task: Task }) {
  if (!task.why?.length) return null;
  return (
    <Panel title="Why it does not run" classes="why">
      <ul>
        {task.why.map((one: Why) => (
          <li key={one.code}>
            {sentence(one.text)}
            {one.ahead !== undefined ? <span class="faint"> About {number(one.ahead)} ahead of it.</span> : null}
            {one.until_at ? (
              <span class="faint">
                {" "}
                Until <At at={one.until_at} />.
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Shown({ task }: { task: Task }) {
  const wait = task.allocated_at ? (task.allocated_at - task.submitted_at) / 1000 : undefined;
  const facts: (Fact | false | undefined)[] = [
    ["Job", <a href={link("jobs", task.job)}>{task.job}</a>],
    ["Queue", <a href={link("queues", task.queue)}>{task.queue}</a>],
    ["Priority", task.priority],
    task.tags?.length ? ["Tags", <Names names={task.tags} to={(tag) => link("tags", tag)} />] : undefined,
    task.worker ? ["Worker", <a href={linkTo("tasks", { worker: task.worker })}>{task.worker}</a>] : undefined,
    ["Submitted", <><At at={task.submitted_at} /> <span class="faint">(<Ago at={task.submitted_at} />)</span></>],
    task.not_before !== undefined && ["Not before", <At at={task.not_before} />],
    task.scheduled_for_at !== undefined && task.state === "scheduled" && ["Waits until", <At at={task.scheduled_for_at} />],
    wait !== undefined && wait >= 0 && (task.attempts?.length ?? 0) < 2 && ["Waited", seconds(wait)],
    task.ended_at !== undefined && ["Ended", <At at={task.ended_at} />],
    ["Attempts", `${task.spent ?? task.attempt} of ${task.max_attempts ?? "?"}`, "attempts spent, of those it has"],
    task.lease_s !== undefined && ["Lease", seconds(task.lease_s), "lives this long without a heartbeat"],
    task.backoff_s !== undefined && ["Back-off", seconds(task.backoff_s), "before the second attempt; doubles each time"],
    task.timeout_s !== undefined && ["Timeout", seconds(task.timeout_s)],
    task.expires_at !== undefined && ["Expires", <At at={task.expires_at} />],
    task.cancel_reason ? ["Cancelled because", task.cancel_reason] : undefined,
    task.affinity?.length ? ["Affinity", task.affinity.join(", ")] : undefined,
    task.source ? ["Source", task.source] : undefined,
    task.record ? ["Record", <span class="mono">{task.record}</span>, "its place in the log"] : undefined,
    ...Object.entries(task.meta ?? {}).map(([key, value]): Fact => [`meta: ${key}`, value]),
  ];
  return (
    <>
      {task.error ? (
        <Panel title={task.state === "error" ? "Error" : "Last error"} classes="bad-panel">
          <pre class="json" tabIndex={0} aria-label="Error">{task.error}</pre>
        </Panel>
      ) : null}
      <WhyNot task={task} />
      <div class="columns">
        <div class="wide-column">
          <Panel title="Attempts">
            <Attempts task={task} />
          </Panel>
          {task.progress !== undefined ? <JsonView title="Progress" value={task.progress} /> : null}
          <Bodies task={task} />
        </div>
        <div class="narrow-column">
          <Panel title="Task">
            <Facts facts={facts} />
          </Panel>
        </div>
      </div>
    </>
  );
}

function Names({ names, to }: { names: string[]; to: (name: string) => string }) {
  return (
    <ul class="names">
      {names.map((name) => (
        <li key={name}>
          <a href={to(name)}>{name}</a>
        </li>
      ))}
    </ul>
  );
}

/// Payload and result, read once more as text so that no digit of a number is lost.
function Bodies({ task }: { task: Task }) {
  const [exact, setExact] = useState<Task>();
  useEffect(() => {
    let gone = false;
    void fetchApi(`tasks/${segment(task.id)}`)
      .then((answer) => answer.text())
      .then((text) => {
        if (!gone) setExact(parseExactly(text) as Task);
      })
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [task.id, task.state]);
  const from = exact ?? task;
  return (
    <>
      {from.result !== undefined ? <JsonView title="Result" value={from.result} /> : null}
      {from.payload !== undefined ? <JsonView title="Payload" value={from.payload} /> : null}
    </>
  );
}

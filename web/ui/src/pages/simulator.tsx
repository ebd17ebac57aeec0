// Start a simulation and watch it: tasks that sleep, through the real path, in the queue `sim`.
import { useState } from "preact/hooks";
import { useLive } from "../api/live";
import { segment, send } from "../api/client";
import type { Group, Simulation } from "../api/types";
import { go, link } from "../app/router";
import { say } from "../app/toasts";
import { readOnly } from "../parts/action";
import { Figures } from "../parts/facts";
import { ProgressBar } from "../parts/meter";
import { number, seconds } from "../parts/numbers";
import { Panel, Waiting } from "../parts/panel";
import { Title } from "../parts/title";

const fields = [
  { name: "tasks", label: "Tasks", value: 500, min: 1, max: 100_000, step: 1, text: "1 to 100,000" },
  { name: "workers", label: "Workers", value: 50, min: 1, max: 1000, step: 1, text: "1 to 1,000" },
  { name: "seconds", label: "Seconds each", value: 1, min: 0, max: 3600, step: 0.01, text: "how long a task takes" },
  { name: "priorities", label: "Priorities", value: 5, min: 1, max: 5, step: 1, text: "taken in turn" },
] as const;

export function Simulator({ name }: { name: string }) {
  const [given, setGiven] = useState<Record<string, string>>(Object.fromEntries(fields.map((f) => [f.name, String(f.value)])));
  const start = async () => {
    try {
      const wish = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, Number(value)]));
      const begun = await send<Simulation>("POST", "simulations", wish);
      say("Simulation begun");
      go(link("simulator", begun.id));
    } catch (problem) {
      say(problem instanceof Error ? problem.message : String(problem), true);
    }
  };
  const shortest = (Number(given.tasks) / Math.max(1, Number(given.workers))) * Number(given.seconds);
  return (
    <>
      <Title name="Simulator" />
      <Panel title="Start a simulation">
        <form
          class="form pad"
          onSubmit={(event) => {
            event.preventDefault();
            void start();
          }}
        >
          <div class="form-row">
            {fields.map((f) => (
              <label key={f.name} class="field">
                {f.label}
                <input
                  type="number"
                  name={f.name}
                  required
                  min={f.min}
                  max={f.max}
                  step={f.step}
                  value={given[f.name]}
                  onInput={(event) => setGiven({ ...given, [f.name]: event.currentTarget.value })}
                />
                <span class="note">{f.text}</span>
              </label>
            ))}
          </div>
          <p class="note">
            Its tasks sleep in place of working. They are a job of their own in the queue <code>sim</code>; nothing else is touched. One runs at a time.
            {Number.isFinite(shortest) ? ` This one takes at least ${seconds(shortest)}.` : ""}
          </p>
          <p>
            <button type="submit" class="primary" disabled={readOnly.value}>
              Start
            </button>
          </p>
        </form>
      </Panel>
      {name ? <Watched id={name} /> : null}
    </>
  );
}

function Watched({ id }: { id: string }) {
  const simulation = useLive<Simulation>(`simulations/${segment(id)}`, { every: 1000 });
  const s = simulation.value;
  // Its job is there once the first of its tasks is.
  const job = useLive<Group>(s?.submitted ? `jobs/${segment(id)}` : undefined, { topic: `job:${id}`, every: 1000 });
  return (
    <Panel title={`Simulation ${id}`} note={<a href={link("jobs", id)}>its job</a>}>
      <Waiting of={simulation} what="simulation" />
      {s ? (
        <div class="pad">
          <p>
            <span class={`pill ${s.state === "complete" ? "good" : s.state === "failed" || s.state === "stopped" ? "bad" : ""}`}>{s.state}</span>
            {s.reason ? <span class="wrong"> {s.reason}</span> : null}
          </p>
          <div class="big-progress">{job.value ? <ProgressBar counts={job.value.counts} label={id} /> : null}</div>
          <Figures
            figures={[
              ["Submitted", `${number(s.submitted)} of ${number(s.tasks)}`],
              ["Completed", number(s.completed)],
              ["Workers", number(s.workers)],
              ["Each takes", seconds(s.seconds)],
              s.took_s !== undefined && ["Took", seconds(s.took_s)],
            ]}
          />
        </div>
      ) : null}
    </Panel>
  );
}

// What can be done with a whole job.
import type { Group } from "../api/types";
import { segment, send } from "../api/client";
import { ActionButton } from "./action";
import { openOf } from "./counts";
import { number } from "./numbers";

export function JobActions({ job, group }: { job: string; group: Group }) {
  const call = (verb: string, body: object = {}) => send<{ affected: number }>("POST", `jobs/${segment(job)}/${verb}`, body);
  const open = openOf(group.counts);
  const dead = group.counts.error;
  return (
    <>
      {group.paused ? (
        <ActionButton label="Resume" icon="play" primary said={`Resume ${job}`} run={async () => {
          await call("resume");
          return "The job goes on";
        }} />
      ) : open > 0 ? (
        <ActionButton
          label="Pause"
          icon="pause"
          said={`Pause ${job}`}
          question={{
            title: "Pause this job?",
            text: "Nothing of it is handed out until it is resumed. What runs goes on.",
            yes: "Pause",
            field: { label: "For how many seconds (empty: until resumed)", type: "number", value: "", min: 1 },
          }}
          run={async (for_s) => {
            await call("pause", for_s ? { for_s: Number(for_s) } : {});
            return "The job is paused";
          }}
        />
      ) : null}
      {dead > 0 ? (
        <ActionButton
          label={`Retry ${number(dead)} dead`}
          icon="retry"
          question={{ title: `Retry ${number(dead)} tasks?`, text: "Every task of this job in state error gets its attempts back and runs again.", yes: "Retry them" }}
          run={async () => `${number((await call("retry")).affected)} tasks will run again`}
        />
      ) : null}
      {open > 0 ? (
        <ActionButton
          label="Cancel"
          icon="cross"
          danger
          said={`Cancel ${job}`}
          question={{
            title: `Cancel ${number(open)} tasks?`,
            text: "All of this job that has not ended. Workers are told to stop what they run of it. What is submitted later runs. This cannot be undone.",
            yes: `Cancel ${number(open)} tasks`,
            danger: true,
          }}
          run={async () => `${number((await call("cancel")).affected)} tasks are being cancelled`}
        />
      ) : null}
    </>
  );
}

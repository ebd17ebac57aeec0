// What can be done with a queue, or with one of its priorities.
import type { Queue } from "../api/types";
import { segment, send, withQuery } from "../api/client";
import { ActionButton } from "./action";
import { waitingOf } from "./counts";
import { number } from "./numbers";

interface Steered {
  affected: number;
}

export function PauseQueue({ queue, paused, priority }: { queue: string; paused: boolean; priority?: number }) {
  const of = priority === undefined ? `queue ${queue}` : `priority ${priority} of ${queue}`;
  const call = (verb: string, for_s: string) =>
    send("POST", withQuery(`queues/${segment(queue)}/${verb}`, { priority }), for_s ? { for_s: Number(for_s) } : {});
  if (paused) {
    return (
      <ActionButton label="Resume" icon="play" said={`Resume ${of}`} run={async () => {
        await call("resume", "");
        return `Resumed ${of}`;
      }} />
    );
  }
  return (
    <ActionButton
      label="Pause"
      icon="pause"
      said={`Pause ${of}`}
      question={{
        title: `Pause ${of}?`,
        text: "Nothing of it is handed out until it is resumed. What runs goes on.",
        yes: "Pause",
        field: { label: "For how many seconds (empty: until resumed)", type: "number", value: "", min: 1 },
      }}
      run={async (for_s) => {
        await call("pause", for_s);
        return `Paused ${of}${for_s ? ` for ${for_s} s` : ""}`;
      }}
    />
  );
}

export function EmptyQueue({ queue }: { queue: Queue }) {
  const waiting = waitingOf(queue.counts);
  return (
    <ActionButton
      label="Empty"
      icon="cross"
      danger
      said={`Empty queue ${queue.queue}`}
      question={{
        title: `Cancel all that waits in ${queue.queue}?`,
        text: `${number(waiting)} waiting tasks will be cancelled. This cannot be undone. What runs goes on.`,
        yes: `Cancel ${number(waiting)} tasks`,
        danger: true,
      }}
      run={async () => {
        const done = await send<Steered>("POST", `queues/${segment(queue.queue)}/empty`, {});
        return `${number(done.affected)} tasks of ${queue.queue} are being cancelled`;
      }}
    />
  );
}

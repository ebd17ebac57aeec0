// Whether work is handed out at all, and the switch for it.
import type { Dispatch } from "../api/types";
import { send } from "../api/client";
import { ActionButton } from "../parts/action";
import { clockTime } from "../parts/numbers";

export function DispatchSwitch({ dispatch }: { dispatch: Dispatch | undefined }) {
  if (!dispatch) return <span class="dispatch" />;
  const runs = dispatch.state === "running";
  const until = dispatch.until_at ? ` until ${clockTime(dispatch.until_at)}` : "";
  const put = (state: Dispatch["state"], reason: string) =>
    send("PUT", "dispatch", { state, ...(reason ? { reason } : {}) });
  return (
    <span class="dispatch">
      <span class={`pill ${runs ? "good" : "warn"}`} title={dispatch.reason}>
        <span class="dot" aria-hidden="true" />
        {runs ? "Handing out work" : `${dispatch.state[0]?.toUpperCase()}${dispatch.state.slice(1)}${until}`}
        {!runs && dispatch.reason ? <span class="reason">: {dispatch.reason}</span> : null}
      </span>
      {runs ? (
        <ActionButton
          label="Pause all"
          icon="pause"
          question={{
            title: "Pause everything?",
            text: "No queue hands out work until it is resumed. What runs goes on.",
            yes: "Pause all",
            field: { label: "Reason (shown to everybody)", type: "text", value: "" },
          }}
          run={async (reason) => {
            await put("paused", reason);
            return "Nothing is handed out now";
          }}
        />
      ) : (
        <ActionButton
          label="Resume"
          icon="play"
          primary
          run={async () => {
            await put("running", "");
            return "Work is handed out again";
          }}
        />
      )}
    </span>
  );
}

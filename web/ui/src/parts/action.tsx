// A button that changes something: asks first where it must, says what came of it, and shows the new state.
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type Question, ask } from "../app/ask";
import { say } from "../app/toasts";
import { refresh } from "../api/live";
import { Icon, type IconName } from "./icons";

/// The server refuses every change: no button pretends otherwise.
export const readOnly = signal(false);

export interface Action {
  label: string;
  icon?: IconName;
  danger?: boolean;
  primary?: boolean;
  question?: Question | (() => Promise<Question>);
  /// What was given in the question's field; answers with what to say.
  run: (given: string) => Promise<string>;
  /// For screen readers, when the label alone does not say of what.
  said?: string;
}

export async function perform(action: Action): Promise<void> {
  try {
    let given: string | undefined = "";
    if (action.question) {
      given = await ask(typeof action.question === "function" ? await action.question() : action.question);
    }
    if (given === undefined) return;
    say(await action.run(given));
  } catch (problem) {
    say(`${action.said ?? action.label}: ${problem instanceof Error ? problem.message : String(problem)}`, true);
  }
  refresh();
}

export function ActionButton(action: Action) {
  const [busy, setBusy] = useState(false);
  if (readOnly.value) return null;
  const start = async () => {
    if (busy) return;
    setBusy(true);
    await perform(action);
    setBusy(false);
  };
  const classes = action.danger ? "danger-quiet" : action.primary ? "primary" : "";
  return (
    <button type="button" class={classes} aria-label={action.said} aria-disabled={busy} onClick={() => void start()}>
      {action.icon ? <Icon name={action.icon} /> : null}
      {action.label}
    </button>
  );
}

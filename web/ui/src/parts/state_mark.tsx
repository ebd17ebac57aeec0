// A task's state as icon, word and colour.
import { type Counts, type State, states } from "../api/types";
import { stateMeanings, stateWords } from "./counts";
import { StateIcon } from "./icons";
import { number } from "./numbers";

export function StateMark({ state, note }: { state: State; note?: string }) {
  return (
    <span class={`mark ink-${state}`} title={note ?? stateMeanings[state]}>
      <StateIcon state={state} />
      {stateWords[state] ?? state}
    </span>
  );
}

/// Counts side by side, each leading to its tasks.
export function StateCounts({ counts, href }: { counts: Counts; href: (state: State) => string }) {
  return (
    <ul class="state-counts">
      {states.map((state) => (
        <li key={state}>
          <a href={href(state)} class={counts[state] === 0 ? "zero" : ""} title={stateMeanings[state]}>
            <span class="what">
              <StateIcon state={state} /> {stateWords[state]}
            </span>
            <b>{number(counts[state])}</b>
          </a>
        </li>
      ))}
    </ul>
  );
}

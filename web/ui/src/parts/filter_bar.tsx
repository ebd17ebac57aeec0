// The filter of a list of tasks: states to press, chips to take away, and the same as a line of text.
import { useEffect, useState } from "preact/hooks";
import { type Filter, filterWords, fromText, toText } from "../api/filter";
import { states } from "../api/types";
import { go, link, linkTo, place, withWords, word } from "../app/router";
import { stateMeanings, stateWords } from "./counts";
import { Icon, StateIcon } from "./icons";

function StateChoice({ filter }: { filter: Filter }) {
  const chosen = new Set((filter.state ?? "").split(",").filter(Boolean));
  const flip = (state: string) => {
    const next = new Set(chosen);
    if (!next.delete(state)) next.add(state);
    go(withWords({ state: states.filter((s) => next.has(s)).join(",") }));
  };
  return (
    <div class="state-choice" role="group" aria-label="States">
      {states.map((state) => (
        <button key={state} type="button" aria-pressed={chosen.has(state)} title={stateMeanings[state]} onClick={() => flip(state)}>
          <StateIcon state={state} />
          {stateWords[state]}
        </button>
      ))}
    </div>
  );
}

function Chips({ filter }: { filter: Filter }) {
  const given = filterWords.filter((name) => name !== "state" && filter[name]);
  if (given.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {given.map((name) => (
        <li key={name}>
          <span class="chip-word">{name}</span> <span class="chip-value">{filter[name]}</span>
          <button type="button" class="plain" aria-label={`Without ${name} ${filter[name]}`} onClick={() => go(withWords({ [name]: undefined }))}>
            <Icon name="cross" />
          </button>
        </li>
      ))}
    </ul>
  );
}

export function FilterBar({ filter }: { filter: Filter }) {
  const [text, setText] = useState(toText(filter));
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    setText(toText(filter));
    setWrong("");
  }, [place.value]);
  const apply = () => {
    const read = fromText(text);
    if (typeof read === "string") return setWrong(read);
    setWrong("");
    if (read.id !== undefined) return go(link("tasks", read.id));
    return go(linkTo("tasks", { ...read.filter, order: word("order") }));
  };
  return (
    <div class="filter">
      <form
        class="query"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <input
          type="text"
          aria-label="Filter: state queue job tag worker error"
          aria-invalid={wrong !== ""}
          placeholder={'state:error queue:mail tag:"a b" job:nightly'}
          value={text}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit">Filter</button>
      </form>
      {wrong ? (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      ) : null}
      <StateChoice filter={filter} />
      <Chips filter={filter} />
    </div>
  );
}

// The search field: a task's id leads to the task, words such as state:error to the list, anything else to jobs.
import { useState } from "preact/hooks";
import { Problem, get, segment } from "../api/client";
import { fromText } from "../api/filter";
import { Icon } from "../parts/icons";
import { go, link, linkTo } from "./router";
import { say } from "./toasts";

async function find(text: string): Promise<void> {
  const read = fromText(text);
  if (typeof read === "string") {
    say(read, true);
    return;
  }
  if (read.id === undefined) {
    go(linkTo("tasks", read.filter));
    return;
  }
  try {
    await get(`tasks/${segment(read.id)}?payload=false`);
    go(link("tasks", read.id));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 0) say(problem.message, true);
    else go(linkTo("jobs", { prefix: read.id }));
  }
}

export function Search() {
  const [text, setText] = useState("");
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) void find(text.trim());
      }}
    >
      <Icon name="search" />
      <input
        id="search"
        type="search"
        aria-label="Search: a task's id, a job, or words such as state:error queue:mail"
        placeholder="Task id, job, or state:error queue:mail …"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

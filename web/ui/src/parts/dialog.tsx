// The one dialog: a question with yes and no. The browser keeps the focus inside and Escape means no.
import { useEffect, useRef, useState } from "preact/hooks";
import { asked } from "../app/ask";

export function Dialog() {
  const question = asked.value;
  const element = useRef<HTMLDialogElement>(null);
  const [given, setGiven] = useState("");
  useEffect(() => {
    if (!question) return;
    setGiven(question.field?.value ?? "");
    if (!element.current?.open) element.current?.showModal();
  }, [question]);
  if (!question) return null;
  const { field } = question;
  const type = (event: { currentTarget: HTMLInputElement }) => setGiven(event.currentTarget.value);
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onCancel={() => question.answer(undefined)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          question.answer(field ? given : "");
        }}
      >
        <h2 id="dialog-title">{question.title}</h2>
        <div class="dialog-text">{question.text}</div>
        {field ? (
          <label class="field">
            {field.label}
            {field.type === "number" ? (
              <input type="number" value={given} min={field.min} max={field.max} required={field.required ?? false} onInput={type} />
            ) : (
              <input type="text" value={given} maxLength={200} required={field.required ?? false} onInput={type} />
            )}
          </label>
        ) : null}
        <div class="dialog-buttons">
          <button type="button" onClick={() => question.answer(undefined)}>
            No, leave it
          </button>
          <button type="submit" class={question.danger ? "danger" : "primary"}>
            {question.yes}
          </button>
        </div>
      </form>
    </dialog>
  );
}

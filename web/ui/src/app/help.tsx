// The list of keys.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { sections } from "./shell";

export const helpOpen = signal(false);

const keys: [string, string][] = [
  ["/", "search: a task's id, or words such as state:error queue:mail"],
  ["j  k", "next and previous row"],
  ["Enter", "open the row"],
  ["x", "select the row, where rows can be selected"],
  ["t", "light, dark, or as the system has it"],
  ["r", "ask the server again"],
  ["Esc", "leave a field, close a dialog"],
  ["?", "this list"],
];

export function Help() {
  const element = useRef<HTMLDialogElement>(null);
  const open = helpOpen.value;
  useEffect(() => {
    if (open && !element.current?.open) element.current?.showModal();
  }, [open]);
  if (!open) return null;
  const close = () => (helpOpen.value = false);
  return (
    <dialog ref={element} aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {[...keys, ...sections.map((one): [string, string] => [`g ${one.key}`, `go to ${one.word}`])].map(([key, text]) => (
          <div key={key}>
            <dt>
              {key.split(/ +/).map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-buttons">
        <button type="button" class="primary" onClick={() => element.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

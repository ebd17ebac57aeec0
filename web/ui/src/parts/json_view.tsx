// A payload or a result as plain text, with a button to copy it.
import { say } from "../app/toasts";
import { readable } from "./json_text";
import { number } from "./numbers";
import { Panel } from "./panel";

export function JsonView({ title, value }: { title: string; value: unknown }) {
  const { text, whole, cut } = readable(value);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof value === "string" ? value : JSON.stringify(value));
      say(`${title} copied`);
    } catch {
      say("The browser did not allow it", true);
    }
  };
  return (
    <Panel
      title={title}
      note={cut ? `the first ${number(text.length)} of ${number(whole)} characters` : undefined}
      actions={
        <button type="button" onClick={() => void copy()}>
          Copy
        </button>
      }
    >
      <pre class="json" tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </Panel>
  );
}

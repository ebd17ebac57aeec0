// The toasts in sight.
import { Icon } from "../parts/icons";
import { dismiss, toasts } from "./toasts";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <p key={one.id} class={`toast ${one.bad ? "bad" : ""}`}>
          <span>{one.text}</span>
          <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(one.id)}>
            <Icon name="cross" />
          </button>
        </p>
      ))}
    </div>
  );
}

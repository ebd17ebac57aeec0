// Changing all that a filter names: counted first, confirmed, then a page to watch it on.
import { type Filter, toText } from "../api/filter";
import { type Verb, countBulk, startBulk } from "../api/bulk";
import { go, link } from "../app/router";
import { ActionButton } from "./action";
import { number } from "./numbers";

const words = { retry: { verb: "Retry", icon: "retry" }, cancel: { verb: "Cancel", icon: "cross" } } as const;

export function BulkButton({ action, filter, what }: { action: Verb; filter: Filter; what?: string }) {
  const { verb, icon } = words[action];
  const named = toText(filter) || "all tasks";
  return (
    <ActionButton
      label={what ? `${verb} ${what}` : `${verb} all`}
      icon={icon}
      danger={action === "cancel"}
      question={async () => {
        const { matched, exact } = await countBulk({ action, filter });
        if (matched === 0) throw new Error(action === "retry" ? "no dead letter matches" : "nothing that matches is still open");
        const many = `${exact ? "" : "at least "}${number(matched)} task${matched === 1 ? "" : "s"}`;
        return {
          title: `${verb} ${many}?`,
          text: (
            <>
              {action === "retry" ? "Every dead letter" : "All that has not ended"} of <code>{named}</code>
              {action === "cancel" ? "; a cancelled task does not run, and this cannot be undone" : ""}. The server does it in the background; it can
              be watched and stopped.
            </>
          ),
          yes: `${verb} ${many}`,
          danger: action === "cancel",
        };
      }}
      run={async () => {
        const started = await startBulk({ action, filter });
        go(link("bulk", started.id));
        return `${verb}: begun`;
      }}
    />
  );
}

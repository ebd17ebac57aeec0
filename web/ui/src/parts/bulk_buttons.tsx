// Changing all that a filter names: counted first, confirmed, then a page to watch it on.
import { type Filter, toText } from "../api/filter";
import { type Verb, countBulk, startBulk } from "../api/bulk";
import { go, link } from "../app/router";
import { ActionButton } from "./action";
import { number } from "./numbers";

/// What the confirmation says of how it is done.
const inBackground = "The server does it in the background; it can be watched and stopped.";

async function counted(count: Promise<{ matched: number; exact: boolean }>, none: string): Promise<string> {
  const { matched, exact } = await count;
  if (matched === 0) throw new Error(none);
  return `${exact ? "" : "at least "}${number(matched)} task${matched === 1 ? "" : "s"}`;
}

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
        const none = action === "retry" ? "no dead letter matches" : "nothing that matches is still open";
        const many = await counted(countBulk({ action, filter }), none);
        return {
          title: `${verb} ${many}?`,
          text: (
            <>
              {action === "retry" ? "Every dead letter" : "All that has not ended"} of <code>{named}</code>
              {action === "cancel" ? "; a cancelled task does not run, and this cannot be undone" : ""}. {inBackground}
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

export function BulkPriorityButton({ filter }: { filter: Filter }) {
  const action = "reprioritise";
  return (
    <ActionButton
      label="Priority of all"
      icon="priority"
      question={async () => {
        const many = await counted(countBulk({ action, filter, priority: 1 }), "nothing that matches waits");
        return {
          title: `Another priority for ${many}?`,
          text: (
            <>
              All that wait of <code>{toText(filter) || "all tasks"}</code>; what is leased or has ended is left as it is. {inBackground}
            </>
          ),
          yes: `Move ${many}`,
          field: priorityField(),
        };
      }}
      run={async (given) => {
        const started = await startBulk({ action, filter, priority: Number(given) });
        go(link("bulk", started.id));
        return "Reprioritise: begun";
      }}
    />
  );
}

export const priorityField = (now?: number) =>
  ({ label: "Priority (more is more urgent)", type: "number", value: String(now ?? ""), min: 1, max: 100, required: true }) as const;

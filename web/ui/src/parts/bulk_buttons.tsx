// Changing all that a filter names: counted first, confirmed, then a page to watch it on.
import { type Filter, toText } from "../api/filter";
import { countBulk, startBulk } from "../api/bulk";
import { go, link } from "../app/router";
import { ActionButton } from "./action";
import { number } from "./numbers";

type Kind = "retry" | "cancel" | "reprioritise";

const words: Record<Kind, { label: string; verb: string; icon: "retry" | "cross" | "queues" }> = {
  retry: { label: "Retry", verb: "Retry", icon: "retry" },
  cancel: { label: "Cancel", verb: "Cancel", icon: "cross" },
  reprioritise: { label: "Reprioritise", verb: "Reprioritise", icon: "queues" },
};

export function BulkButton({ action, filter, what }: { action: Kind; filter: Filter; what?: string }) {
  const { label, verb, icon } = words[action];
  const named = what ?? (toText(filter) || "all tasks");
  return (
    <ActionButton
      label={what ? `${label} ${what}` : `${label} all`}
      icon={icon}
      danger={action === "cancel"}
      question={async () => {
        const wish = { action, filter, ...(action === "reprioritise" ? { priority: 5 } : {}) };
        const { matched, exact } = await countBulk(wish);
        const many = `${exact ? "" : "about "}${number(matched)} task${matched === 1 ? "" : "s"}`;
        return {
          title: `${verb} ${many}?`,
          text: (
            <>
              All that match <code>{named}</code> now{action === "cancel" ? "; a cancelled task does not run, and this cannot be undone" : ""}. The
              server does it in the background; it can be watched and stopped.
            </>
          ),
          yes: `${verb} ${many}`,
          danger: action === "cancel",
          ...(action === "reprioritise"
            ? { field: { label: "New priority (9 is the most urgent)", type: "number" as const, value: "9", min: 1, max: 100, required: true } }
            : {}),
        };
      }}
      run={async (given) => {
        const started = await startBulk({ action, filter, ...(action === "reprioritise" ? { priority: Number(given) } : {}) });
        go(link("bulk", started.id));
        return `${verb}: begun`;
      }}
    />
  );
}

// The leading numbers of a job or a tag.
import type { Group } from "../api/types";
import { openOf } from "./counts";
import { Figures } from "./facts";
import { number, rate, seconds } from "./numbers";
import { Ago } from "./time";

export function GroupFigures({ group }: { group: Group }) {
  const open = openOf(group.counts);
  return (
    <Figures
      figures={[
        ["Submitted", number(group.submitted)],
        ["Still open", number(open)],
        group.rate_per_s !== undefined && ["Finishing", rate(group.rate_per_s), "over the last minute"],
        open > 0 && group.rate_per_s !== undefined && ["Done in", group.eta_s === undefined ? "not known" : `≈ ${seconds(group.eta_s)}`, group.eta_assumes],
        ["Wait p50 / p95", group.wait.count ? two(group.wait.p50_s, group.wait.p95_s) : "–", "from ready to handed out"],
        ["Run p50 / p95", group.run.count ? two(group.run.p50_s, group.run.p95_s) : "–", "from begun to ended"],
        ["Retries", number(group.retries)],
        group.oldest_pending_at !== undefined && ["Oldest waiting", <Ago at={group.oldest_pending_at} />],
        ["First task", <Ago at={group.first_at} />],
        ["Last activity", <Ago at={group.last_at} />],
      ]}
    />
  );
}

/// Where they do not fit on one line it breaks between the two, not before a unit.
function two(p50: number, p95: number): string {
  return [p50, p95].map((one) => seconds(one).replace(/ /g, "\u00a0")).join(" / ");
}

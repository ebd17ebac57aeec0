// Shares of a whole as one bar, most finished first. The numbers are said in its label.
import { type Counts, type State, states } from "../api/types";
import { endedOf, stateWords, totalOf } from "./counts";
import { number, share } from "./numbers";

const order: State[] = ["complete", "error", "cancelled", "running", "allocated", "scheduled", "pending"];

export function ProgressBar({ counts, label }: { counts: Counts; label: string }) {
  const total = totalOf(counts);
  const said = states.filter((s) => counts[s] > 0).map((s) => `${number(counts[s])} ${stateWords[s].toLowerCase()}`);
  const text = total === 0 ? "no tasks" : said.join(", ");
  return (
    <span class="progress" title={text}>
      <span class="bar" role="img" aria-label={`${label}: ${text}`}>
        {order.map((s) =>
          counts[s] > 0 ? <span key={s} class={`fill-${s}`} style={{ flexGrow: counts[s] / total }} /> : null,
        )}
      </span>
      <span class="share">{share(endedOf(counts), total)}</span>
    </span>
  );
}

/// What is open, against the most that any row of the table has.
export function DepthBar({ counts, most }: { counts: Counts; most: number }) {
  const parts = order.filter((s) => s !== "complete" && s !== "error" && s !== "cancelled");
  const sum = parts.reduce((all, s) => all + counts[s], 0);
  return (
    <span class="bar" aria-hidden="true">
      {parts.map((s) => (counts[s] > 0 ? <span key={s} class={`fill-${s}`} style={{ flexGrow: counts[s] / most }} /> : null))}
      <span style={{ flexGrow: 1 - sum / most }} />
    </span>
  );
}

/// Rows of one number each, against the largest of them.
export function Bars({ rows }: { rows: { key: string; label: string; parts: Partial<Counts>; note?: string }[] }) {
  const sum = (parts: Partial<Counts>) => states.reduce((all, s) => all + (parts[s] ?? 0), 0);
  const most = Math.max(1, ...rows.map((row) => sum(row.parts)));
  return (
    <table class="bars">
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row">{row.label}</th>
            <td class="wide">
              <span class="bar" aria-hidden="true">
                {order.map((s) =>
                  row.parts[s] ? <span key={s} class={`fill-${s}`} style={{ flexGrow: row.parts[s] / most }} /> : null,
                )}
                <span class="rest" style={{ flexGrow: 1 - sum(row.parts) / most }} />
              </span>
            </td>
            <td class="number">{number(sum(row.parts))}</td>
            {row.note !== undefined ? <td class="note">{row.note}</td> : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// A few counts as small bars, oldest first.
import { number } from "./numbers";

export function Trend({ counts }: { counts: number[] }) {
  const most = Math.max(1, ...counts);
  const sum = counts.reduce((a, b) => a + b, 0);
  const width = Math.max(1, counts.length);
  const path = counts
    .map((n, i) => (n > 0 ? `M${i} 16V${(16 - Math.max(1.5, (15 * n) / most)).toFixed(1)}h.8V16z` : ""))
    .join("");
  return (
    <svg class="trend" viewBox={`0 0 ${width} 16`} preserveAspectRatio="none" role="img" aria-label={`${number(sum)} in the last hour`}>
      <path d={path} />
    </svg>
  );
}

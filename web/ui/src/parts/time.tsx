// An instant, as "12 s ago" or by the clock; the whole of it on hover.
import { ago, clockTime, moment } from "./numbers";
import { now } from "./now";

export function Ago({ at }: { at: number | undefined }) {
  if (!at) return <span class="faint">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {ago(at, now.value)}
    </time>
  );
}

export function At({ at }: { at: number | undefined }) {
  if (!at) return <span class="faint">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {clockTime(at)}
    </time>
  );
}

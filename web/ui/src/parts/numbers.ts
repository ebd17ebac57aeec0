// Numbers, durations and instants as people read them.

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const number = (n: number): string => whole.format(n);
export const short = (n: number): string => (n < 100_000 ? whole.format(n) : compact.format(n));

export function rate(perSecond: number | undefined): string {
  if (perSecond === undefined) return "";
  if (perSecond === 0) return "0/s";
  if (perSecond < 0.1) return `${(perSecond * 60).toFixed(1)}/min`;
  if (perSecond < 10) return `${perSecond.toFixed(1)}/s`;
  return `${short(Math.round(perSecond))}/s`;
}

export function seconds(s: number | undefined): string {
  if (s === undefined) return "";
  if (s === 0) return "0 s";
  if (s < 0.001) return "<1 ms";
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${(s / 3600).toFixed(1)} h`;
  return `${Math.round(s / 86_400)} d`;
}

export function share(part: number, all: number): string {
  if (all === 0) return "–";
  const percent = (100 * part) / all;
  if (part < all && percent > 99.9) return "99.9 %";
  if (part > 0 && percent < 0.1) return "<0.1 %";
  return `${percent < 10 && percent % 1 !== 0 ? percent.toFixed(1) : Math.floor(percent)} %`;
}

export function ago(at: number, now: number): string {
  const s = Math.max(0, (now - at) / 1000);
  return s < 2 ? "now" : `${s < 60 ? `${Math.round(s)} s` : seconds(s)} ago`;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const dayAndTime = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const moment = (at: number): string => `${full.format(at)} (${new Date(at).toISOString()})`;

/// Today's instants by the clock, older ones with the day.
export function clockTime(at: number): string {
  return new Date(at).toDateString() === new Date().toDateString() ? clock.format(at) : dayAndTime.format(at);
}

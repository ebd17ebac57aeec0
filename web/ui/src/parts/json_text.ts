// Foreign JSON as text that people can read: indented, numbers as they were written, cut where it is long. It is never
// taken for HTML or links.

const longest = 65_536;

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
type RawJson = { rawJSON?: (text: string) => unknown };

/// Numbers keep their digits where the browser can tell them.
const exactly: Reviver = (_key, value, context) => {
  const raw = (JSON as RawJson).rawJSON;
  if (typeof value !== "number" || !raw || context?.source === undefined) return value;
  return String(value) === context.source ? value : raw(context.source);
};

export const parseExactly = (text: string): unknown => JSON.parse(text, exactly as (key: string, value: unknown) => unknown);

export function readable(value: unknown): { text: string; whole: number; cut: boolean } {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  return { text: text.slice(0, longest), whole: text.length, cut: text.length > longest };
}

// Where the reader is: the address below /ui/, as a signal. Every view and filter lives in it, so that links, the back
// button and a reload bring back the same thing.
import { computed, signal } from "@preact/signals";
import { uiRoot } from "../api/client";

export interface Place {
  parts: string[]; // ["jobs", "nightly"]
  query: URLSearchParams;
}

function here(): Place {
  const below = location.pathname.startsWith(uiRoot.pathname) ? location.pathname.slice(uiRoot.pathname.length) : "";
  const parts = below.split("/").filter((part) => part !== "" && part !== "index.html");
  return { parts: parts.map(decode), query: new URLSearchParams(location.search) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const place = signal<Place>(here());
export const page = computed(() => place.value.parts[0] ?? "");

const restore = new Map<string, number>();
const keyOf = () => location.pathname + location.search;

export function go(address: string, options: { replace?: boolean } = {}): void {
  const target = new URL(address, uiRoot);
  if (target.href === location.href) return;
  restore.set(keyOf(), scrollY);
  const samePath = target.pathname === location.pathname;
  history[options.replace ? "replaceState" : "pushState"](null, "", target);
  place.value = here();
  if (!samePath) {
    scrollTo(0, 0);
    focusMain();
  }
}

/// A reader of screens hears the new page's name; nobody else notices.
function focusMain(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

addEventListener("popstate", () => {
  place.value = here();
  const top = restore.get(keyOf());
  if (top !== undefined) requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, top)));
});

/// Links are real links: a click with no modifier stays in this page, anything else is the browser's.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || !link.href || link.target || link.hasAttribute("download")) return;
  const target = new URL(link.href);
  if (target.origin !== location.origin || !target.pathname.startsWith(uiRoot.pathname)) return;
  event.preventDefault();
  go(target.href);
});

/// The same page with these query words changed; an empty value takes one away.
export function withWords(changes: Record<string, string | undefined>): string {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : "");
}

export const word = (name: string): string => place.value.query.get(name) ?? "";

/// "jobs/nightly%2Frun": an address relative to the root of the pages.
export function link(...parts: string[]): string {
  return parts.map(encodeURIComponent).join("/");
}

export function linkTo(path: string, query: Record<string, string | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) given.set(name, value);
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}

// One-key shortcuts. None of them changes anything on the server.
import { asked } from "./ask";
import { helpOpen } from "./help";
import { go } from "./router";
import { sections } from "./shell";
import { nextTheme } from "./theme";
import { refresh } from "../api/live";

let afterG = 0;

function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

function rows(): HTMLTableRowElement[] {
  return [...document.querySelectorAll<HTMLTableRowElement>("main table.rows tbody tr[tabindex]")];
}

function step(by: number): void {
  const all = rows();
  const current = document.activeElement?.closest("tr");
  const index = all.findIndex((row) => row === current);
  const next = all[Math.min(all.length - 1, Math.max(0, index < 0 ? 0 : index + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function inRow(what: (row: HTMLTableRowElement) => void): boolean {
  const row = document.activeElement;
  if (!(row instanceof HTMLTableRowElement)) return false;
  what(row);
  return true;
}

function act(key: string): boolean {
  if (Date.now() - afterG < 1200) {
    afterG = 0;
    const found = sections.find((one) => one.key === key);
    if (found) go(found.path || "./");
    return found !== undefined;
  }
  switch (key) {
    case "g":
      afterG = Date.now();
      return true;
    case "/":
      document.getElementById("search")?.focus();
      return true;
    case "j":
      step(1);
      return true;
    case "k":
      step(-1);
      return true;
    case "t":
      nextTheme();
      return true;
    case "r":
      refresh();
      return true;
    case "?":
      helpOpen.value = true;
      return true;
    case "x":
      return inRow((row) => row.querySelector<HTMLInputElement>("input[type=checkbox]")?.click());
    case "Enter":
      return inRow((row) => row.querySelector<HTMLElement>("a[href]")?.click());
    default:
      return false;
  }
}

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (asked.peek() || helpOpen.peek()) return;
    if (inField(event.target)) {
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (act(event.key)) event.preventDefault();
  });
}

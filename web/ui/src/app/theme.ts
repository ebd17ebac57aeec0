// Light or dark: the system's choice until the reader makes one, which this browser remembers.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const order: Theme[] = ["system", "light", "dark"];

function remembered(): Theme {
  try {
    const found = localStorage.getItem("kwq.theme");
    return order.find((one) => one === found) ?? "system";
  } catch {
    return "system";
  }
}

export const theme = signal<Theme>(remembered());
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(systemDark.matches);
/// Grows when colours change: what is painted on a canvas is painted anew.
export const colours = signal(0);

effect(() => {
  const chosen = theme.value;
  const dark = chosen === "dark" || (chosen === "system" && systemIsDark.value);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  colours.value = colours.peek() + 1;
  try {
    localStorage.setItem("kwq.theme", chosen);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
});
systemDark.addEventListener("change", () => (systemIsDark.value = systemDark.matches));

export function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? "system";
}

/// A colour of the style sheet, for canvases.
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

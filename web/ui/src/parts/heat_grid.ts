// The arithmetic of the heat map: how many tasks a cell stands for, where it lies, what colour it has.
import { states } from "../api/types";

export const none = 15; // no task at this index: a duplicate that was dropped

export interface Grid {
  columns: number;
  rows: number;
  cell: number; // edge in device pixels
  each: number; // tasks of a cell
  cells: number;
}

/// Cells as large as fit into width × height; below one pixel several tasks share one.
export function gridFor(tasks: number, width: number, height: number): Grid {
  const largest = 14;
  let cell = Math.min(largest, Math.max(1, Math.floor(Math.sqrt((width * height) / Math.max(1, tasks)))));
  let columns = Math.max(1, Math.floor(width / cell));
  while (cell > 1 && Math.ceil(tasks / columns) * cell > height) {
    cell--;
    columns = Math.floor(width / cell);
  }
  const room = columns * Math.floor(height / cell);
  const each = Math.max(1, Math.ceil(tasks / room));
  const cells = Math.ceil(tasks / each);
  return { columns, rows: Math.max(1, Math.ceil(cells / columns)), cell, each, cells };
}

// Of several tasks in one cell the one shown is what a reader would want to see first.
const rank = new Uint8Array(16);
["cancelled", "complete", "pending", "scheduled", "allocated", "running", "error"].forEach((name, index) => {
  rank[states.indexOf(name as (typeof states)[number])] = index + 1;
});

/// The state shown by each cell. The same array as before when it fits.
export function reduce(bytes: Uint8Array, grid: Grid, into?: Uint8Array): Uint8Array {
  const out = into?.length === grid.cells ? into : new Uint8Array(grid.cells);
  const { each } = grid;
  if (each === 1) {
    for (let i = 0; i < out.length; i++) out[i] = (bytes[i] ?? none) & 15;
    return out;
  }
  for (let cell = 0, at = 0; cell < out.length; cell++) {
    let worst = none;
    let best = 0;
    for (const end = Math.min(bytes.length, at + each); at < end; at++) {
      const state = (bytes[at] ?? none) & 15;
      const r = rank[state] ?? 0;
      if (r > best) {
        best = r;
        worst = state;
      }
    }
    out[cell] = worst;
  }
  return out;
}

/// Fills an image of columns × rows pixels, one for each cell.
export function paint(shown: Uint8Array, palette: Uint32Array, pixels: Uint32Array): void {
  const cells = Math.min(shown.length, pixels.length);
  for (let i = 0; i < cells; i++) pixels[i] = palette[shown[i] ?? none] ?? 0;
  pixels.fill(palette[none] ?? 0, cells);
}

/// "#rrggbb" as the 32 bits that ImageData wants.
export function packed(hex: string): number {
  const value = Number.parseInt(hex.slice(1), 16);
  const [r, g, b] = [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

// Every task of a job as one small square, on a canvas. The pointer or the arrow keys say which; a press leads to it.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type StateMap } from "../api/state_map";
import { type Counts, states } from "../api/types";
import { colour, colours } from "../app/theme";
import { stateWords } from "./counts";
import { type Grid, gridFor, none, packed, paint, reduce } from "./heat_grid";
import { number } from "./numbers";

interface HeatMapProps {
  map: StateMap;
  counts: Counts;
  open: (index: number) => void;
}

const tallest = 440;

function palette(): Uint32Array {
  const table = new Uint32Array(16).fill(packed(colour("heat-none")));
  states.forEach((state, index) => (table[index] = packed(colour(`heat-${state}`))));
  return table;
}

export function HeatMap({ map, counts, open }: HeatMapProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = useRef<Uint8Array | undefined>(undefined);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number>(); // a cell
  const painted = colours.value;
  const scale = devicePixelRatio || 1;
  const tasks = map.bytes.length;
  const grid = useMemo(() => gridFor(tasks, Math.floor(width * scale), Math.floor(tallest * scale)), [tasks, width, scale]);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watcher = new ResizeObserver(() => setWidth(element.clientWidth));
    watcher.observe(element);
    setWidth(element.clientWidth);
    return () => watcher.disconnect();
  }, []);

  useEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (!context || width === 0 || tasks === 0) return;
    performance.mark("heat-begin");
    shown.current = reduce(map.bytes, grid, shown.current);
    const image = context.createImageData(grid.columns, grid.rows);
    paint(shown.current, palette(), new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    performance.measure("heat-paint", "heat-begin");
  }, [map.version, grid, painted]);

  const cellAt = (event: MouseEvent): number | undefined => {
    const place = canvas.current?.getBoundingClientRect();
    if (!place) return undefined;
    const column = Math.floor(((event.clientX - place.left) * scale) / grid.cell);
    const row = Math.floor(((event.clientY - place.top) * scale) / grid.cell);
    const cell = row * grid.columns + column;
    return column >= 0 && column < grid.columns && row >= 0 && cell < grid.cells ? cell : undefined;
  };
  const pick = (cell: number | undefined) => {
    if (cell !== undefined) open(map.from + worstOf(map.bytes, grid, cell, shown.current?.[cell] ?? none));
  };
  const key = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: grid.columns, ArrowUp: -grid.columns }[event.key];
    if (by !== undefined) setAt((old) => Math.min(grid.cells - 1, Math.max(0, (old ?? -by) + by)));
    else if (event.key === "Enter") pick(at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const said = states.filter((s) => counts[s] > 0).map((s) => `${number(counts[s])} ${stateWords[s].toLowerCase()}`);
  const size = { width: `${(grid.columns * grid.cell) / scale}px`, height: `${(grid.rows * grid.cell) / scale}px` };
  return (
    <div class="heat" ref={box}>
      <div class="heat-frame" style={size}>
        <canvas
          ref={canvas}
          width={grid.columns}
          height={grid.rows}
          style={size}
          tabIndex={0}
          role="img"
          aria-label={`Each task of the job by state: ${said.join(", ")}. Arrow keys move, Enter opens.`}
          onMouseMove={(event) => setAt(cellAt(event))}
          onMouseLeave={() => setAt(undefined)}
          onClick={(event) => pick(cellAt(event))}
          onKeyDown={key}
        />
        {at !== undefined && grid.cell / scale >= 3 ? <Cursor grid={grid} cell={at} scale={scale} /> : null}
      </div>
      <ul class="heat-legend">
        {states.map((s) =>
          counts[s] > 0 ? (
            <li key={s}>
              <span class={`heat-ink-${s}`} aria-hidden="true" /> {stateWords[s]}
            </li>
          ) : null,
        )}
      </ul>
      <p class="heat-said" aria-live="polite">
        {at === undefined ? hint(grid) : words(map, grid, at)}
      </p>
    </div>
  );
}

function Cursor({ grid, cell, scale }: { grid: Grid; cell: number; scale: number }) {
  const edge = grid.cell / scale;
  const style = {
    left: `${(cell % grid.columns) * edge}px`, top: `${Math.floor(cell / grid.columns) * edge}px`,
    width: `${edge}px`, height: `${edge}px`,
  };
  return <span class="heat-cursor" style={style} aria-hidden="true" />;
}

const hint = (grid: Grid): string =>
  grid.each === 1
    ? "One square a task, in the order of submission. Press one to open it."
    : `One square for ${number(grid.each)} tasks, the most telling state of them. Press one to open that task.`;

function words(map: StateMap, grid: Grid, cell: number): string {
  const begin = cell * grid.each;
  const end = Math.min(map.bytes.length, begin + grid.each);
  const tally = new Map<number, number>();
  let attempts = 0;
  for (let i = begin; i < end; i++) {
    const byte = map.bytes[i] ?? none;
    tally.set(byte & 15, (tally.get(byte & 15) ?? 0) + 1);
    attempts = Math.max(attempts, byte >> 4);
  }
  const name = (state: number) => (state === none ? "no task" : stateWords[states[state] ?? "pending"]);
  const tries = attempts > 1 ? `, ${attempts}${attempts === 15 ? " or more" : ""} attempts` : "";
  if (grid.each === 1) return `Task ${number(map.from + begin + 1)}: ${name((map.bytes[begin] ?? none) & 15)}${tries}`;
  const parts = [...tally].sort((a, b) => b[1] - a[1]).map(([state, n]) => `${number(n)} ${name(state).toLowerCase()}`);
  return `Tasks ${number(map.from + begin + 1)} to ${number(map.from + end)}: ${parts.join(", ")}${tries}`;
}

/// The first task of a cell that has the state the cell shows.
function worstOf(bytes: Uint8Array, grid: Grid, cell: number, state: number): number {
  const begin = cell * grid.each;
  for (let i = begin; i < Math.min(bytes.length, begin + grid.each); i++) if (((bytes[i] ?? none) & 15) === state) return i;
  return begin;
}

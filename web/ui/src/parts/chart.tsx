// Lines over time: uPlot with our colours, and a legend that the keyboard reaches.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colour, colours } from "../app/theme";

export interface Line {
  key: string;
  label: string;
  ink: string; // the name of a colour of the style sheet
  dash?: number[];
}

export interface ChartProps {
  title: string;
  times: number[]; // epoch seconds
  lines: Line[];
  values: (number | null)[][]; // one array for each line
  format: (value: number) => string;
  height?: number;
  nothing?: string;
}

const hidden = new Set<string>();

const instants = [1, 5, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800, 432_000];

/// Instants of the axis on one line: the clock, and the day when the axis is longer than one.
function instant(splits: number[]): (s: number) => string {
  const spread = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
  const form: Intl.DateTimeFormatOptions =
    spread > 100_000
      ? { month: "short", day: "numeric" }
      : { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(spread < 600 ? { second: "2-digit" } : {}) };
  const format = new Intl.DateTimeFormat(undefined, form);
  return (s) => format.format(s * 1000);
}

function optionsFor(props: ChartProps, width: number, onCursor: (index: number | null) => void): uPlot.Options {
  const ink = colour("faint");
  const grid = { stroke: colour("hairline"), width: 1 };
  const font = "11px system-ui, sans-serif";
  return {
    width,
    height: props.height ?? 220,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    padding: [10, 8, 0, 0],
    scales: { x: { time: true }, y: { range: (_u, _low, high) => [0, high > 0 ? high * 1.08 : 1] } },
    axes: [
      { stroke: ink, grid: { show: false }, ticks: { show: false }, font, size: 28, space: 80, incrs: instants, values: (_u, splits) => splits.map(instant(splits)) },
      {
        stroke: ink, grid, ticks: { show: false }, font, size: 58, gap: 6,
        values: (_u, splits) => splits.map((v) => props.format(v)),
      },
    ],
    series: [
      {},
      ...props.lines.map((line) => ({
        label: line.label,
        stroke: colour(line.ink),
        width: 1.6,
        points: { show: false },
        show: !hidden.has(props.title + line.key),
        ...(line.dash ? { dash: line.dash } : {}),
      })),
    ],
    hooks: { setCursor: [(u) => onCursor(u.cursor.idx ?? null)] },
  };
}

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [at, setAt] = useState<number | null>(null);
  const [, redraw] = useState(0);
  const data = [props.times, ...props.values] as uPlot.AlignedData;
  const painted = colours.value;
  const shape = props.lines.map((line) => line.key).join();

  useLayoutEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    const made = new uPlot(optionsFor(props, box.clientWidth || 300, setAt), data, box);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: props.height ?? 220 }));
    watcher.observe(box);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [painted, shape, props.height]);
  useEffect(() => plot.current?.setData(data), [props.times, props.values]);

  const toggle = (line: Line, index: number) => {
    const name = props.title + line.key;
    if (!hidden.delete(name)) hidden.add(name);
    plot.current?.setSeries(index + 1, { show: !hidden.has(name) });
    redraw((n) => n + 1);
  };
  const shown = at ?? props.times.length - 1;
  return (
    <div class="chart">
      <ul class="legend">
        {props.lines.map((line, index) => (
          <li key={line.key}>
            <button
              type="button"
              aria-pressed={!hidden.has(props.title + line.key)}
              onClick={() => toggle(line, index)}
              title="show or hide this line"
            >
              <span class={`swatch swatch-${line.ink}`} aria-hidden="true" />
              {line.label} <b>{said(props.values[index]?.[shown], props.format)}</b>
            </button>
          </li>
        ))}
      </ul>
      <div class="plot" ref={place} role="img" aria-label={`${props.title}, as lines over time`} />
      {props.times.length === 0 ? <p class="plot-empty">{props.nothing ?? "Nothing yet"}</p> : null}
    </div>
  );
}

const said = (value: number | null | undefined, format: (v: number) => string): string =>
  value === null || value === undefined ? "–" : format(value);

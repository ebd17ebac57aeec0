// The icons, as paths of one 16 × 16 grid. They never stand alone: a word is beside each, or in its label.
import type { State } from "../api/types";

const paths = {
  overview: "M2 13V8h3v5zm4.5 0V3h3v10zm4.5 0V6h3v7z",
  queues: "M2 3h12v2.5H2zm0 3.8h12v2.4H2zm0 3.7h12V13H2z",
  jobs: "M2 4h5l1.3 1.6H14V13H2z",
  tags: "M2 2h6l6 6-6 6-6-6zm2.6 1.4a1.2 1.2 0 1 0 0 2.4 1.2 1.2 0 0 0 0-2.4z",
  tasks: "M2 3h2.2v2.2H2zm4 .3h8v1.6H6zM2 6.9h2.2v2.2H2zm4 .3h8v1.6H6zM2 10.8h2.2V13H2zm4 .3h8v1.6H6z",
  errors: "M8 1.6 15 14H1zm-.8 4.6.2 4h1.2l.2-4zm.8 5a.9.9 0 1 0 0 1.8.9.9 0 0 0 0-1.8z",
  workers: "M8 2a2.7 2.7 0 1 1 0 5.4A2.7 2.7 0 0 1 8 2zM2.5 14c0-3.2 2.3-5.2 5.5-5.2s5.5 2 5.5 5.2z",
  cluster: "M2 2.5h12v3.2H2zm0 4h12v3.1H2zm0 3.9h12v3.1H2zM4 3.6v1h1v-1zm0 3.9v1h1v-1zm0 4v1h1v-1z",
  simulator: "M6 1.8h4v1.4h-.7v3L13.4 13a1 1 0 0 1-.9 1.5h-9A1 1 0 0 1 2.6 13l4.1-6.8v-3H6z",
  bulk: "M2 2h8v8H2zm9.5 3.5H14V14H5.500v-2.5H11.500z",
  api: "M5.8 3.6 2.200 8l3.6 4.400-1.2 1L.2 8l4.400-5.400zm4.400 0 1.2-1L15.800 8l-4.400 5.400-1.2-1L13.800 8z",
  search: "M7 2a5 5 0 0 1 4 8l3 3-1.100 1.100-3-3A5 5 0 1 1 7 2zm0 1.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z",
  pause: "M4 3h3v10H4zm5 0h3v10H9z",
  play: "M4 2.500 13 8l-9 5.500z",
  priority: "M8 2l5 5.200h-3.200V14H6.200V7.200H3z",
  retry: "M8 3a5 5 0 0 1 4.300 2.500L14 4v4.500H9.500l1.700-1.700A3.400 3.400 0 1 0 11 10h1.800A5 5 0 1 1 8 3z",
  cross: "M3.200 4.300 4.300 3.200 8 6.900l3.700-3.700 1.100 1.100L9.100 8l3.700 3.700-1.100 1.100L8 9.100l-3.700 3.700-1.100-1.100L6.900 8z",
  theme: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zm0 1.600v8.800a4.400 4.400 0 0 0 0-8.800z",
  keys: "M1 4h14v8.500H1zm2 2v1.200h1.200V6zm2.500 0v1.200h1.200V6zM8 6v1.200h1.200V6zm2.500 0v1.200H12V6zM4.500 9.500v1.200h7V9.500z",
  menu: "M2 3.500h12v1.600H2zm0 3.700h12v1.600H2zm0 3.700h12v1.600H2z",
  more: "M8 10.800 3.200 6l1.100-1.100L8 8.600l3.700-3.700L12.800 6z",
  out: "M9 2h5v12H9v-1.600h3.400V3.600H9zM6 4.500l1.100 1.100L5.500 7.200H11v1.600H5.500l1.600 1.600L6 11.500 2.500 8z",
  load: "M7.200 2h1.600v6.200l2.200-2.200L12.100 7 8 11.200 3.900 7 5 6l2.200 2.200zM2.500 12.400h11V14h-11z",
} as const;

const ofState: Record<State, string> = {
  scheduled: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zm0 1.600a4.900 4.900 0 1 0 0 9.800 4.900 4.900 0 0 0 0-9.800zm-.8 1.700h1.500v3l2.300 1.400-.8 1.300-3-1.900z",
  pending: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zm0 1.700a4.800 4.800 0 1 0 0 9.600 4.800 4.800 0 0 0 0-9.600z",
  allocated: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zm0 1.700v9.600a4.800 4.800 0 0 0 0-9.600z",
  running: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM6.200 4.900v6.200L11.300 8z",
  complete: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zm-1.100 9.300 4.700-4.700-1.200-1.200-3.500 3.500-1.500-1.500-1.200 1.200z",
  error: "M5.300 1.500h5.400l3.800 3.800v5.400l-3.800 3.800H5.300l-3.800-3.800V5.300zm1.800 2.700.2 4.600h1.400l.2-4.600zM8 9.700a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
  cancelled: "M8 1.500a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM4.300 7.100v1.800h7.400V7.100z",
};

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return <Drawn path={paths[name]} classes="icon" />;
}

export function StateIcon({ state }: { state: State }) {
  return <Drawn path={ofState[state] ?? ofState.pending} classes={`icon ink-${state}`} />;
}

function Drawn({ path, classes }: { path: string; classes: string }) {
  return (
    <svg class={classes} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={path} fill-rule="evenodd" />
    </svg>
  );
}

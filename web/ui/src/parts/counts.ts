// Sums over the seven states.
import { type Counts, type State, states } from "../api/types";

export const waitingOf = (c: Counts): number => c.pending + c.scheduled;
export const workingOf = (c: Counts): number => c.allocated + c.running;
export const openOf = (c: Counts): number => waitingOf(c) + workingOf(c);
export const endedOf = (c: Counts): number => c.complete + c.error + c.cancelled;
export const totalOf = (c: Counts): number => states.reduce((sum, state) => sum + c[state], 0);

export const stateWords: Record<State, string> = {
  scheduled: "Scheduled",
  pending: "Pending",
  allocated: "Allocated",
  running: "Running",
  complete: "Complete",
  error: "Error",
  cancelled: "Cancelled",
};

export const stateMeanings: Record<State, string> = {
  scheduled: "waits for a time or a retry",
  pending: "ready, waits for a worker",
  allocated: "handed to a worker that has not begun",
  running: "a worker is at it",
  complete: "done",
  error: "attempts spent: dead letters",
  cancelled: "will not run",
};

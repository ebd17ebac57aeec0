// What the API answers, as far as the pages read it. openapi/kwq.yaml is the full description.

export const states = ["scheduled", "pending", "allocated", "running", "complete", "error", "cancelled"] as const;
export type State = (typeof states)[number];
export type Counts = Record<State, number>;

export interface Distribution {
  count: number;
  mean_s: number;
  p50_s: number;
  p95_s: number;
  p99_s: number;
  max_s: number;
}

export interface Group {
  job?: string;
  tag?: string;
  counts: Counts;
  submitted: number;
  retries: number;
  duplicates?: number;
  rejected?: number;
  first_at?: number;
  last_at?: number;
  wait: Distribution;
  run: Distribution;
  settling?: number;
  paused?: boolean;
  paused_until_at?: number;
  rate_per_s?: number;
  eta_s?: number;
  eta_assumes?: string;
  oldest_pending_at?: number;
  tags?: { tag: string; counts: Counts }[];
}

export interface Page<T> {
  items: T[];
  next_cursor?: string;
}

export interface Attempt {
  attempt: number;
  worker: string;
  allocated_at: number;
  running_at?: number;
  ended_at?: number;
  outcome?: string;
  error?: string;
}

export interface Why {
  code: string;
  text: string;
  until_at?: number;
  ahead?: number;
  priority?: number;
}

export interface Task {
  id: string;
  state: State;
  queue: string;
  priority: number;
  job: string;
  tags?: string[];
  submitted_at: number;
  scheduled_for_at?: number;
  allocated_at?: number;
  running_at?: number;
  ended_at?: number;
  attempt: number;
  spent?: number;
  max_attempts?: number;
  lease_s?: number;
  backoff_s?: number;
  timeout_s?: number;
  worker?: string;
  cancel_reason?: string;
  error?: string;
  progress?: unknown;
  result?: unknown;
  paused?: boolean;
  record?: string;
  affinity?: string[];
  not_before?: number;
  expires_at?: number;
  meta?: Record<string, string>;
  source?: string;
  payload?: unknown;
  attempts?: Attempt[];
  why?: Why[];
}

export interface Queue {
  queue: string;
  priorities: number;
  paused: boolean;
  paused_until_at?: number;
  leases?: number;
  waiting_workers?: number;
  counts: Counts;
  by_priority: { priority: number; counts: Counts; paused: boolean; oldest_pending_at?: number }[];
}

export interface Dispatch {
  state: "running" | "paused" | "draining" | "stopped";
  until_at?: number;
  reason?: string;
  leases: number;
}

export interface Stats {
  now_at: number;
  overall: Group;
  dispatch: Dispatch;
  scheduler: Record<string, number>;
  tracker: Record<string, number>;
}

export interface Worker {
  worker: string;
  queues?: string[];
  leases: number;
  taken?: number;
  completed?: number;
  failed?: number;
  first_seen_at?: number;
  last_seen_at: number;
  waiting?: boolean;
  rate_per_s?: number;
  errors?: number;
  current?: { id: string; job: string; allocated_at: number }[];
}

export interface Cluster {
  log: string;
  partitions: number;
  token?: boolean;
  read_only?: boolean;
  instances: {
    instance: string;
    version?: string;
    ready?: boolean;
    shards: { shard: number; epoch?: number; applied?: number; owner?: string; lag?: number }[];
  }[];
}

export interface ErrorGroup {
  error: string;
  message: string;
  count: number;
  tasks: number;
  first_at: number;
  last_at: number;
  jobs?: { job: string; count: number }[];
  samples?: { id: string; message: string; at: number; worker?: string }[];
  trend?: number[];
}

export interface Window {
  at: number;
  submitted: number;
  allocated: number;
  running: number;
  complete: number;
  error: number;
  retries: number;
  cancelled: number;
  wait?: Partial<Distribution>;
  run?: Partial<Distribution>;
}

export interface Series {
  resolution_s: number;
  windows: Window[];
}

export interface Simulation {
  id: string;
  job: string;
  state: "submitting" | "running" | "complete" | "failed" | "stopped";
  reason?: string;
  tasks: number;
  workers: number;
  seconds: number;
  submitted: number;
  completed: number;
  started_at?: number;
  ended_at?: number;
  took_s?: number;
}

export interface BulkAction {
  id: string;
  action: "retry" | "cancel" | "reprioritise";
  priority?: number;
  q: string;
  reason?: string;
  state: "running" | "complete" | "cancelled" | "error";
  matched: number;
  exact?: boolean;
  done: number;
  /// Of reprioritise: there already, or waiting no more.
  left?: number;
  failed: number;
  started_at: number;
  ended_at?: number;
  errors?: { id: string; code: string; detail?: string }[];
}

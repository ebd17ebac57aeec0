// Calls to the server. Addresses are relative to the page's base, so any base path works.
import { signal } from "@preact/signals";

export const uiRoot = new URL(document.baseURI);
const apiRoot = new URL("../kwq/v1/", uiRoot);

/// A refusal or a failure, in the server's words where it had any.
export class Problem extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
  get absent(): boolean {
    return this.code === "route_unknown" || this.status === 405;
  }
}

/// When the server last answered, and since when it has not.
export const reach = signal<{ answered: number; goneSince: number | undefined }>({ answered: 0, goneSince: undefined });
export const signedOut = signal(false);

export function answered(): void {
  if (reach.value.goneSince !== undefined || reach.value.answered === 0) {
    reach.value = { answered: Date.now(), goneSince: undefined };
  }
}

export function unanswered(): void {
  if (reach.value.goneSince === undefined) reach.value = { ...reach.value, goneSince: Date.now() };
}

export const apiUrl = (path: string): string => new URL(path, apiRoot).href;

/// Any answer, also a 304; throws Problem for 4xx, 5xx and silence.
export async function fetchApi(path: string, options: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(apiUrl(path), { cache: "no-store", credentials: "same-origin", ...options });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    unanswered();
    throw new Problem(0, "no_answer", "The server does not answer.");
  }
  if (answer.status === 502 || answer.status === 504) {
    unanswered(); // a proxy in front of a server that is gone
  } else {
    answered();
  }
  if (answer.ok || answer.status === 304) return answer;
  if (answer.status === 401) signedOut.value = true;
  throw await problemOf(answer);
}

/// The problem that a body of the server tells, if it tells one.
export function asProblem(value: unknown): Problem | undefined {
  const body = value as { type?: unknown; status?: unknown; code?: string; detail?: string; title?: string } | null;
  if (typeof body?.type !== "string" || !body.type.startsWith("urn:kwq:error:") || typeof body.status !== "number") return undefined;
  const text = [body.title, body.detail].filter(Boolean).join(": ");
  return new Problem(body.status, body.code ?? "unknown", text || `Status ${body.status}`);
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    return asProblem(await answer.json()) ?? new Problem(answer.status, "unknown", `Status ${answer.status}`);
  } catch {
    return new Problem(answer.status, "unknown", `Status ${answer.status}`);
  }
}

export async function get<T>(path: string, signalOf?: AbortSignal): Promise<T> {
  const answer = await fetchApi(path, signalOf ? { signal: signalOf } : {});
  return (await answer.json()) as T;
}

export async function send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const options: RequestInit = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const answer = await fetchApi(path, options);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const segment = (name: string): string => encodeURIComponent(name);

/// "tasks?job=a&limit=100"; empty values are left out.
export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return text ? `${path}?${text}` : path;
}

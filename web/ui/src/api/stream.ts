// This page's end of the event stream. The stream itself belongs to a worker shared by all pages of the browser, so
// that twenty pages cost one connection; a browser without shared workers opens one here.
import { signal } from "@preact/signals";
import { type Message, type Order, StreamOwner } from "./stream_owner";
import { answered, apiUrl, unanswered } from "./client";

export const streaming = signal(false);

type Taker = (value: unknown) => void;
const takers = new Map<string, Set<Taker>>();
let tell: ((order: Order) => void) | undefined;

function take(message: Message): void {
  if (message.kind === "state") {
    streaming.value = message.open;
    if (message.open) answered();
    else if (message.lost) unanswered();
    return;
  }
  for (const taker of takers.get(message.topic) ?? []) taker(message.value);
}

function connect(): (order: Order) => void {
  const url = apiUrl("events");
  if (typeof SharedWorker === "function") {
    try {
      const worker = new SharedWorker(new URL("./stream_worker.ts", import.meta.url), {
        type: "module",
        name: "kwq-stream",
      });
      worker.port.onmessage = (event: MessageEvent<Message>) => take(event.data);
      worker.port.start();
      return (order) => worker.port.postMessage(order);
    } catch {
      // Not allowed here: as without shared workers.
    }
  }
  const owner = new StreamOwner();
  const port = {};
  return (order) => owner.order(port, { ...order, url }, take);
}

function wanted(): void {
  tell ??= connect();
  tell({ url: apiUrl("events"), topics: document.hidden ? [] : [...takers.keys()] });
}

let planned = false;
/// A page's topics change together: told once.
function plan(): void {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    wanted();
  });
}

export function follow(topic: string, taker: Taker): () => void {
  const those = takers.get(topic) ?? new Set<Taker>();
  those.add(taker);
  takers.set(topic, those);
  plan();
  return () => {
    those.delete(taker);
    if (those.size === 0) takers.delete(topic);
    plan();
  };
}

document.addEventListener("visibilitychange", plan);
addEventListener("pageshow", () => takers.size > 0 && plan());
addEventListener("pagehide", () => tell?.({ url: apiUrl("events"), topics: [] }));

// One event stream for many listeners: the union of their topics. Used by the shared worker, and by a page that has
// to do without one.

export interface Order {
  url: string;
  topics: string[]; // all that this listener wants from now on; none: it sleeps or goes
}

export type Message =
  | { kind: "state"; open: boolean; lost: boolean }
  | { kind: "event"; topic: string; value: unknown };

interface Listener {
  topics: string[];
  take: (message: Message) => void;
}

const retryAfterRefusal = 15_000;

export class StreamOwner {
  private readonly listeners = new Map<object, Listener>();
  private readonly last = new Map<string, unknown>();
  private source: EventSource | undefined;
  private open = false;
  private lost = false;
  private asked = "[]";
  private url = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  order(key: object, order: Order, take: (message: Message) => void): void {
    this.url = order.url;
    if (order.topics.length === 0) {
      this.listeners.delete(key);
    } else {
      this.listeners.set(key, { topics: order.topics, take });
      take({ kind: "state", open: this.open, lost: this.lost });
    }
    this.adjust();
    for (const topic of order.topics) {
      if (this.open && this.last.has(topic)) take({ kind: "event", topic, value: this.last.get(topic) });
    }
  }

  private adjust(): void {
    const union = [...new Set([...this.listeners.values()].flatMap((one) => one.topics))].sort();
    const asked = JSON.stringify(union);
    if (asked === this.asked) return;
    this.asked = asked;
    for (const topic of [...this.last.keys()]) if (!union.includes(topic)) this.last.delete(topic);
    this.connect(union);
  }

  private connect(topics: string[]): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
    if (topics.length === 0) {
      this.open = false;
      return;
    }
    const query = new URLSearchParams(topics.map((topic) => ["topic", topic]));
    const source = new EventSource(`${this.url}?${query}`);
    this.source = source;
    source.onopen = () => this.report(true, false);
    source.onerror = () => this.failed(source, topics);
    source.addEventListener("resync", () => this.connect(topics));
    for (const topic of topics) {
      source.addEventListener(topic, (event) => this.arrived(topic, (event as MessageEvent<string>).data));
    }
  }

  private arrived(topic: string, text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return;
    }
    this.last.set(topic, value);
    for (const one of this.listeners.values()) {
      if (one.topics.includes(topic)) one.take({ kind: "event", topic, value });
    }
  }

  /// Closed for good (refused, or not there): the pages ask by themselves until it is back.
  private failed(source: EventSource, topics: string[]): void {
    if (source !== this.source) return;
    const refused = source.readyState === EventSource.CLOSED;
    this.last.clear();
    this.report(false, !refused);
    if (refused) this.timer = setTimeout(() => this.connect(topics), retryAfterRefusal);
  }

  private report(open: boolean, lost: boolean): void {
    this.open = open;
    this.lost = lost;
    for (const one of this.listeners.values()) one.take({ kind: "state", open, lost });
  }
}

// A titled part of a page, and what it says while it has nothing to show.
import type { ComponentChildren } from "preact";
import type { Live } from "../api/live";
import { Icon } from "./icons";
import { clockTime } from "./numbers";

interface PanelProps {
  title: string;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  classes?: string;
  children: ComponentChildren;
}

export function Panel({ title, note, actions, classes, children }: PanelProps) {
  return (
    <section class={`panel ${classes ?? ""}`} aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
        {note ? <span class="note">{note}</span> : null}
        {actions ? <span class="actions">{actions}</span> : null}
      </header>
      {children}
    </section>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="lead">{title}</p>
      {children ? <p>{children}</p> : null}
    </div>
  );
}

/// What stands in for an answer that is not there: still loading, refused, or not offered by this server.
export function Waiting({ of, what }: { of: Live<unknown>; what: string }) {
  if (of.value !== undefined) return null;
  if (!of.problem) {
    return (
      <div class="loading" role="status">
        <span class="unseen">Loading {what}</span>
        <span class="bone" />
        <span class="bone" />
        <span class="bone" />
      </div>
    );
  }
  if (of.problem.absent) return <Empty title={`Not offered by this server yet: ${what}.`} />;
  return <Empty title={`Not to be had: ${what}.`}>{of.problem.message}</Empty>;
}

/// Says that a part is older than it should be; the page as a whole says when the server is gone.
export function Stale({ of }: { of: Live<unknown> }) {
  if (of.value === undefined || !of.problem || of.problem.status === 0) return null;
  return (
    <span class="stale" role="status" title={of.problem.message}>
      <Icon name="errors" /> as of {clockTime(of.at)}
    </span>
  );
}

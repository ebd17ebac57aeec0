// The first page: counters, queues, jobs and recent tasks, asked for again every 1.5 s while the page
// is seen. Everything from the server goes in as text, never as HTML; addresses are relative, so the
// page works below any base path.
"use strict";

const base = "../kwq/v1/";
const every = 1500;
const states = ["pending", "scheduled", "allocated", "running", "complete", "error", "cancelled"];
const words = { error: "dead letters" };
const numbers = new Intl.NumberFormat("en");

const byId = (id) => document.getElementById(id);

function element(tag, text, classes) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

function cell(text, classes) {
  return element("td", text, classes);
}

function row(...cells) {
  const made = element("tr");
  made.append(...cells);
  return made;
}

function emptyRow(columns, text) {
  const made = cell(text, "empty");
  made.colSpan = columns;
  return row(made);
}

const count = (n) => cell(numbers.format(n), "number");

function seconds(s) {
  if (s === undefined) return "";
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 120) return `${s.toFixed(1)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  return `${Math.round(s / 3600)} h`;
}

function ago(at) {
  if (at === undefined) return "";
  const s = Math.max(0, (Date.now() - at) / 1000);
  return s < 2 ? "now" : `${s < 60 ? `${Math.round(s)} s` : seconds(s)} ago`;
}

async function ask(path, options = {}) {
  const answer = await fetch(base + path, { cache: "no-store", ...options });
  if (answer.status === 401 || answer.status === 403) {
    // The cookie is gone or the token has changed: the page itself asks for it.
    if (!options.method) location.reload();
  }
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail || body.title || `status ${answer.status}`);
  return body;
}

async function change(path, method, body) {
  try {
    await ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch (problem) {
    trouble(problem.message);
    return;
  }
  refresh();
}

function trouble(text) {
  const place = byId("trouble");
  place.hidden = !text;
  place.textContent = text || "";
}

const waitingOf = (c) => c.pending + c.scheduled;
const leasedOf = (c) => c.allocated + c.running;

let last = null;

function showRates(stats) {
  const g = stats.overall;
  const parts = [`${numbers.format(g.submitted)} submitted`];
  const done = g.counts.complete;
  if (last && stats.now_at > last.at) {
    const s = (stats.now_at - last.at) / 1000;
    parts.push(`${numbers.format(Math.max(0, Math.round((g.submitted - last.submitted) / s)))} submitted/s`);
    parts.push(`${numbers.format(Math.max(0, Math.round((done - last.done) / s)))} completed/s`);
  }
  last = { at: stats.now_at, submitted: g.submitted, done };
  if (g.wait.count) parts.push(`wait p95 ${seconds(g.wait.p95_s)}`);
  if (g.run.count) parts.push(`run p95 ${seconds(g.run.p95_s)}`);
  if (g.retries) parts.push(`${numbers.format(g.retries)} retries`);
  byId("rates").textContent = parts.join(" · ");
}

function showDispatch(dispatch) {
  const runs = dispatch.state === "running";
  const badge = byId("dispatch");
  badge.textContent = runs ? "handing out work" : dispatch.state + (dispatch.reason ? `: ${dispatch.reason}` : "");
  badge.className = `badge ${runs ? "good" : "warn"}`;
  const button = byId("switch");
  button.hidden = false;
  button.textContent = runs ? "Pause all" : "Resume all";
  button.onclick = () => change("dispatch", "PUT", { state: runs ? "paused" : "running", reason: runs ? "by hand" : "" });
}

function showOverview(stats) {
  const tiles = states.map((state) => {
    const tile = element("div", undefined, state);
    tile.append(element("dt", words[state] || state), element("dd", numbers.format(stats.overall.counts[state])));
    return tile;
  });
  byId("overview").replaceChildren(...tiles);
  showRates(stats);
  showDispatch(stats.dispatch);
}

function priorities(queue) {
  const chips = element("div", undefined, "chips");
  for (const p of queue.by_priority) {
    const waiting = waitingOf(p.counts);
    if (waiting === 0 && !(p.paused && !queue.paused)) continue;
    const chip = element("span", `${p.priority}: ${numbers.format(waiting)}`, p.paused ? "chip paused" : "chip");
    chip.title = `priority ${p.priority}${p.paused ? ", paused" : ""}`;
    chips.append(chip);
  }
  const made = cell();
  made.append(chips);
  return made;
}

function queueRow(q) {
  const state = cell();
  const until = q.paused_until_at ? ` until ${new Date(q.paused_until_at).toLocaleTimeString()}` : "";
  state.append(element("span", q.paused ? `paused${until}` : "open", `badge ${q.paused ? "warn" : "good"}`));
  const action = cell();
  const button = element("button", q.paused ? "Resume" : "Pause");
  button.type = "button";
  button.dataset.queue = q.queue;
  button.setAttribute("aria-label", `${q.paused ? "Resume" : "Pause"} queue ${q.queue}`);
  button.onclick = () => change(`queues/${q.queue}/${q.paused ? "resume" : "pause"}`, "POST", {});
  action.append(button);
  return row(cell(q.queue, "name"), state, priorities(q), count(waitingOf(q.counts)), count(leasedOf(q.counts)),
    count(q.counts.error), count(q.waiting_workers), action);
}

function jobRow(j) {
  const c = j.counts;
  const total = states.reduce((sum, state) => sum + c[state], 0);
  const ended = c.complete + c.error + c.cancelled;
  const share = total ? ended / total : 0;
  const progress = cell();
  const bar = element("progress");
  bar.max = 1;
  bar.value = share;
  bar.setAttribute("aria-label", `${j.job}: ${Math.floor(share * 100)} %`);
  progress.append(bar, element("span", `${Math.floor(share * 100)} %`, "share"));
  const name = cell(j.job, "name");
  name.title = j.job;
  return row(name, progress, count(j.submitted), count(waitingOf(c)), count(leasedOf(c)), count(c.complete),
    count(c.error), cell(j.run.count ? seconds(j.run.p95_s) : "", "number"), cell(ago(j.last_at)));
}

function taskRow(t) {
  const id = cell(t.id, "name mono");
  id.title = t.id;
  const state = cell();
  state.append(element("span", t.state, `badge ${t.state}`));
  if (t.error) state.title = t.error;
  const ran = t.ended_at && t.allocated_at ? seconds((t.ended_at - (t.running_at || t.allocated_at)) / 1000) : "";
  return row(id, cell(t.job, "name"), cell(t.queue), count(t.priority), state, count(t.attempt),
    cell(t.worker || "", "name"), cell(ago(t.submitted_at)), cell(ran, "number"));
}

function fill(id, items, make, columns, nothing) {
  byId(id).replaceChildren(...(items.length ? items.map(make) : [emptyRow(columns, nothing)]));
}

let timer = 0;
let asking = false;
// A button must not be replaced between press and release, or the click is lost.
let pressing = false;
addEventListener("pointerdown", () => { pressing = true; });
addEventListener("pointerup", () => { pressing = false; });
addEventListener("pointercancel", () => { pressing = false; });

function showQueues(queues) {
  const focused = document.activeElement && document.activeElement.dataset.queue;
  fill("queues", queues, queueRow, 8, "No queues");
  if (!focused) return;
  for (const button of byId("queues").querySelectorAll("button")) {
    if (button.dataset.queue === focused) button.focus();
  }
}

async function refresh() {
  clearTimeout(timer);
  if (asking) return;
  asking = true;
  try {
    const [stats, queues, jobs, tasks] = await Promise.all([
      ask("stats"), ask("queues"), ask("jobs?limit=50"), ask("tasks?limit=25"),
    ]);
    showOverview(stats);
    if (!pressing) showQueues(queues.items);
    jobs.items.sort((a, b) => (b.last_at || 0) - (a.last_at || 0));
    fill("jobs", jobs.items, jobRow, 9, "No jobs yet: POST /kwq/v1/tasks submits the first task");
    byId("jobs-more").hidden = !jobs.next_cursor;
    fill("tasks", tasks.items, taskRow, 9, "No tasks yet");
    trouble("");
  } catch (problem) {
    trouble(`No answer from the server: ${problem.message}`);
  } finally {
    asking = false;
  }
  if (!document.hidden) timer = setTimeout(refresh, every);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

byId("logout").onclick = async () => {
  await fetch("logout", { method: "POST" });
  location.reload();
};

refresh();
ask("cluster").then((cluster) => { byId("logout").hidden = !cluster.token; }, () => {});

// Every action that the pages offer, with its effect verified through the API.
import { strict as assert } from "node:assert";
import { after, afterEach, before, test } from "node:test";
import { Browser, confirm, says } from "./browser.mjs";
import { Server, until } from "./server.mjs";

let server, browser, page;
before(async () => {
  server = await new Server("--queues", "mail:5,c5:5").start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});
afterEach(async () => {
  await page?.leave();
  page = undefined;
});

const press = (name) => page.getByRole("button", { name, exact: typeof name === "string" }).first().click();

async function submit(job, count, more = {}) {
  const made = await server.post("tasks", Array.from({ length: count }, (_, n) => ({ payload: n, job, ...more })));
  return made.tasks.map((one) => one.id);
}

async function fail(queue, count) {
  for (let left = count; left > 0;) {
    const { leases } = await server.post("leases", { worker: "w", queues: [queue], max: left, wait_s: 5 });
    const settle = leases.map((one) => ({ lease: one.lease, outcome: "error", message: "no such host", retry: false }));
    await server.post("leases", { worker: "w", queues: ["none"], settle });
    left -= leases.length;
  }
}

const stateOf = async (id) => (await server.get(`tasks/${id}`)).state;
const becomes = (id, state) => until(`${id} is ${state}`, async () => (await stateOf(id)) === state);

test("C5 a queue is paused for some seconds from its page: none start, and then they do", async () => {
  await submit("c5", 5, { queue: "c5" });
  page = await browser.open(server, "queues/c5");
  await press("Pause queue c5");
  await page.locator("dialog input").fill("2");
  await confirm(page, "Pause");
  await until("paused", async () => (await server.get("queues/c5")).paused);
  await page.locator(".title .pill").getByText("paused").waitFor();
  const during = await server.post("leases", { worker: "w", queues: ["c5"], max: 5, wait_s: 0 });
  assert.equal(during.leases.length, 0);
  const later = await server.post("leases", { worker: "w", queues: ["c5"], max: 5, wait_s: 10 });
  assert.ok(later.leases.length > 0);
  await page.locator(".title .pill").getByText("open").waitFor();
});

test("C5 one priority of a queue is paused and resumed", async () => {
  page = await browser.open(server, "queues/mail");
  await press("Pause priority 3 of mail");
  await confirm(page, "Pause");
  const paused = async () => (await server.get("queues/mail")).by_priority.find((one) => one.priority === 3).paused;
  await until("priority 3 is paused", paused);
  await press("Resume priority 3 of mail");
  await until("priority 3 goes on", async () => !(await paused()));
});

test("C5 everything is paused with a reason, which all pages show, and resumed", async () => {
  page = await browser.open(server, "workers");
  await press("Pause all");
  await page.locator("dialog input").fill("database moves");
  await confirm(page, "Pause all");
  await until("paused", async () => (await server.get("dispatch")).state === "paused");
  assert.equal((await server.get("dispatch")).reason, "database moves");
  await says(page, "database moves");
  await press("Resume");
  await until("running", async () => (await server.get("dispatch")).state === "running");
  await says(page, "Handing out work");
});

test("C6 a waiting queue is emptied after a confirmation that names the count", async () => {
  const ids = await submit("to-empty", 7, { queue: "mail" });
  page = await browser.open(server, "queues/mail");
  await press("Empty queue mail");
  await says(page, "7 waiting tasks will be cancelled");
  await confirm(page, "No, leave it");
  assert.equal(await stateOf(ids[0]), "pending");
  await press("Empty queue mail");
  await confirm(page, "Cancel 7 tasks");
  await becomes(ids[6], "cancelled");
});

test("C6 a queue is made", async () => {
  page = await browser.open(server, "queues");
  await press("New queue");
  await page.locator("dialog input").fill("fresh");
  await confirm(page, "Make it");
  await until("the queue is there", async () => (await server.get("queues")).items.some((one) => one.queue === "fresh"));
  await page.getByRole("link", { name: "fresh" }).waitFor();
});

test("C6 a dead letter is retried and a waiting task cancelled from their pages", async () => {
  const [id] = await submit("one", 1);
  await fail("default", 1);
  await becomes(id, "error");
  page = await browser.open(server, `tasks/${id}`);
  await says(page, "no such host");
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0);
  await press("Retry");
  await becomes(id, "pending");
  await press("Cancel");
  await confirm(page, "Cancel it");
  await becomes(id, "cancelled");
  await page.locator(".title .mark").getByText("Cancelled").waitFor();
  assert.equal(await page.locator(".title").getByRole("button").count(), 0);
});

test("C6 a job is paused, resumed, its dead letters retried, and cancelled", async () => {
  const ids = await submit("whole", 6);
  await fail("default", 2);
  page = await browser.open(server, "jobs/whole");
  await press("Pause whole");
  await confirm(page, "Pause");
  await page.locator(".title .pill").getByText("paused").waitFor();
  assert.equal((await server.post("leases", { worker: "w", max: 9, wait_s: 0 })).leases.length, 0);
  await press("Resume whole");
  await press("Retry 2 dead");
  await confirm(page, "Retry them");
  await until("none is dead", async () => (await server.get("jobs/whole")).counts.error === 0);
  await page.getByRole("button", { name: "Retry 2 dead" }).waitFor({ state: "detached" });  // the page has heard of it
  await press("Cancel whole");
  await confirm(page, "Cancel 6 tasks");
  for (const id of ids) await becomes(id, "cancelled");
  await page.locator(".title .pill").getByText("done").waitFor();
});

test("C6 some tasks of a list are selected, retried and cancelled", async () => {
  const ids = await submit("some", 5);
  await fail("default", 5);
  for (const id of ids) await becomes(id, "error");
  page = await browser.open(server, "tasks?job=some&state=error");
  await says(page, "5 tasks");
  await page.getByLabel(`Select ${ids[0]}`).check();
  await page.getByLabel(`Select ${ids[1]}`).check();
  await press("Retry 2 selected");
  await becomes(ids[0], "pending");
  await becomes(ids[1], "pending");
  assert.equal(await stateOf(ids[2]), "error");
  await page.goto(`${server.root}/ui/tasks?job=some&state=pending`);
  await page.getByLabel(`Select ${ids[0]}`).check();
  await press("Cancel 1 selected");
  await confirm(page, "Cancel them");
  await becomes(ids[0], "cancelled");
  assert.equal(await stateOf(ids[1]), "pending");
});

test("K25 a simulation is started and watched to its end", async () => {
  page = await browser.open(server, "simulator", { allow: [/404 .*jobs\/sim-/] });
  await page.getByLabel("Tasks", { exact: false }).first().fill("60");
  await page.getByLabel("Workers").fill("20");
  await page.getByLabel("Seconds each").fill("0.1");
  await press("Start");
  await page.waitForURL(/\/ui\/simulator\//);
  await page.locator(".pill").getByText("complete").waitFor();
  const id = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
  assert.equal((await server.get(`simulations/${id}`)).completed, 60);
  await page.getByRole("link", { name: "its job" }).click();
  await page.locator(".title .pill").getByText("done").waitFor();
});

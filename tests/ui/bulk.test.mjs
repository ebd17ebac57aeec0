// What changes many tasks at once: counted first, confirmed, done by the server, watched on a page of its own.
import { strict as assert } from "node:assert";
import { after, afterEach, before, test } from "node:test";
import { Browser, confirm, says } from "./browser.mjs";
import { Server, until } from "./server.mjs";

let server, browser, page;
before(async () => {
  server = await new Server().start();
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

test("C6 all that match a filter are retried by the server, counted before and watched after", async () => {
  const ids = await submit("bulk", 30);
  await fail("default", 30);
  page = await browser.open(server, "tasks?job=bulk&state=error");
  await says(page, "30 tasks");
  await press("Retry all");
  await confirm(page, "Retry 30 tasks");
  await page.waitForURL(/\/ui\/bulk\//);
  await page.locator(".title .pill").getByText("complete").waitFor();
  for (const id of [ids[0], ids[29]]) await becomes(id, "pending");
  await page.goto(`${server.root}/ui/tasks?job=bulk`);
  await press("Cancel all");
  await confirm(page, /Cancel .*30 tasks/);
  await becomes(ids[7], "cancelled");
});

test("C6 a group of errors is retried as one", async () => {
  const ids = await submit("grouped", 4);
  await fail("default", 4);
  const group = await until("there is a group", async () =>
    (await server.get("errors?job=grouped")).items.find((one) => one.tasks >= 4));
  page = await browser.open(server, `errors/${group.error}`);
  await says(page, "no such host");
  await press("Retry the group");
  await confirm(page, /Retry/);
  for (const id of ids) await becomes(id, "pending");
});

test("tasks that wait get another priority, one by its page and all that match by the server", async () => {
  const ids = await submit("urgent", 25, { priority: 2 });
  page = await browser.open(server, `tasks/${ids[3]}`);
  await press("Priority");
  await page.locator("dialog input").fill("7");
  await confirm(page, "Move it");
  await says(page, "Its priority is 7");
  const priority = async (id) => (await server.get(`tasks/${id}`)).priority;
  await until("it is at 7", async () => (await priority(ids[3])) === 7);
  await page.goto(`${server.root}/ui/tasks?job=urgent`);
  await press("Priority of all");
  await page.locator("dialog input").fill("9");
  await confirm(page, "Move 25 tasks");
  await page.waitForURL(/\/ui\/bulk\//);
  await page.getByRole("heading", { name: "Reprioritise to 9" }).waitFor();
  await page.locator(".title .pill").getByText("complete").waitFor();
  for (const id of ids) await until(`${id} is at 9`, async () => (await priority(id)) === 9);
});

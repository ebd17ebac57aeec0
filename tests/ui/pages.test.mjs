// Every page, in light and dark, wide and on a phone: it shows what it is for, nothing overflows, axe finds no serious
// fault, nothing goes wrong on the console, nothing leaves the origin.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Browser, faults, overflow, says } from "./browser.mjs";
import { Server } from "./server.mjs";
import { fill, flags } from "./world.mjs";

let server, browser, failed, group;
before(async () => {
  server = await new Server(...flags).start();
  await fill(server);
  failed = (await server.get("tasks?state=error&queue=render&limit=1")).items[0];
  group = (await server.get("errors?limit=1")).items[0];
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const pages = {
  overview: () => ["", "Backlog by priority"],
  queues: () => ["queues", "All queues"],
  "one queue": () => ["queues/render", "By priority"],
  jobs: () => ["jobs?sort=last", "nightly-render"],
  "one job": () => ["jobs/nightly-render", "Every task"],
  "a job with a slash in its name": () => [`jobs/${encodeURIComponent("invoices/november")}`, "customer:7"],
  tags: () => ["tags", "kind:frame"],
  "one tag": () => ["tags/kind:frame", "Newest tasks"],
  tasks: () => ["tasks?state=error", "Matching tasks"],
  "one task": () => [`tasks/${failed.id}`, "Attempts"],
  errors: () => ["errors", "Groups of errors"],
  "one error": () => [`errors/${group.error}`, "Samples"],
  workers: () => ["workers", "worker-alpha-render"],
  cluster: () => ["cluster", "Shards"],
  simulator: () => ["simulator", "Start a simulation"],
  "bulk actions": () => ["bulk", "Newest first"],
};

for (const [name, where] of Object.entries(pages)) {
  test(`K23 ${name}: light and wide, dark and narrow`, async () => {
    const [path, text] = where();
    const wide = await browser.open(server, path);
    await says(wide, text);
    await wide.locator(".loading").first().waitFor({ state: "detached" });
    assert.ok(await wide.locator("h1").first().innerText());
    assert.match(await wide.title(), /KWQ/);
    assert.deepEqual(await faults(wide), []);
    assert.ok((await overflow(wide)) <= 0, "wider than the window");
    await wide.leave();

    const narrow = await browser.open(server, path, { width: 360, height: 740, dark: true });
    await says(narrow, text);
    assert.equal(await narrow.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(15, 19, 26)");
    assert.ok((await overflow(narrow)) <= 0, "wider than the phone");
    assert.deepEqual(await faults(narrow), []);
    await narrow.leave();
  });
}

test("K23 the overview draws the six series and knows the counters", async () => {
  const page = await browser.open(server, "");
  for (const line of ["Submitted", "Allocated", "Started", "Complete", "Error", "Retries"]) {
    await page.locator(".legend").first().getByRole("button", { name: line }).waitFor();
  }
  await page.locator(".plot canvas").first().waitFor();
  const { counts } = (await server.get("stats")).overall;
  for (const [state, count] of Object.entries(counts)) {
    const cell = page.locator(`.state-counts a[href*="state=${state}"] b`);
    assert.equal(await cell.innerText(), count.toLocaleString("en"), state);
  }
  await page.leave();
});

test("K23 a task's page shows what was stored of it", async () => {
  const stored = await server.get(`tasks/${failed.id}`);
  const page = await browser.open(server, `tasks/${failed.id}`);
  for (const text of [stored.error, stored.record, stored.worker, stored.source, "meta: traceparent", stored.payload.file]) {
    await says(page, text);
  }
  await page.leave();
});

test("K24 the API page is reached from every page and needs no other host", async () => {
  const page = await browser.open(server, "", { allow: [/favicon/] });
  await page.getByRole("link", { name: "API" }).click();
  await page.locator(".swagger-ui .opblock").first().waitFor();
  await page.getByText("/kwq/v1/simulations").first().waitFor();
  await page.leave();
});

test("an address that is no page says so", async () => {
  const answer = await fetch(`${server.root}/ui/jobs/a/b`);
  assert.equal(answer.status, 404);
  const page = await browser.open(server, "jobs/no-such-job", { allow: [/404/] });
  await says(page, "No such job");
  await page.leave();
});

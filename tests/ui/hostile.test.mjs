// What strangers may put into a task is text wherever it is shown: no script runs, no element is made of it, the
// browser's policy has nothing to report.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Browser, says } from "./browser.mjs";
import { Server } from "./server.mjs";

const polyglot =
  `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!>` +
  `<img src=x onerror=alert(1)><svg/onload=alert(2)><script>alert(3)</script><a href=javascript:alert(4)>{{5*5}}\${6*6}`;
const short = polyglot.slice(-150);
const named = `k:${short}`;

let server, browser, group;
before(async () => {
  server = await new Server().start();
  await server.post("tasks", [
    { id: "~:@+=,-.javascript:alert-1-", payload: { [polyglot]: polyglot }, job: short, tags: [named], source: short, affinity: [short], meta: { [short]: polyglot } },
    { id: "done", payload: polyglot, job: short, tags: [named], meta: { [short]: polyglot } },
    { id: "open", payload: polyglot, job: short, tags: [named] },
  ]);
  const { leases } = await server.post("leases", { worker: short, max: 2, wait_s: 5 });
  await server.post(`leases/${leases[0].lease}/heartbeat`, { progress: { [polyglot]: polyglot } });
  await server.post("leases", {
    worker: short, max: 1,
    settle: [
      { lease: leases[0].lease, outcome: "error", message: polyglot, retry: false },
      { lease: leases[1].lease, outcome: "complete", result: { [polyglot]: [polyglot] } },
    ],
  });
  await server.call("PUT", "dispatch", { state: "paused", reason: polyglot });
  group = (await server.get("errors")).items[0];
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const enc = encodeURIComponent;
const pages = () => [
  "", "queues", "queues/default", "jobs", `jobs/${enc(short)}`, "tags", `tags/${enc(named)}`, "tasks",
  `tasks?job=${enc(short)}&tag=${enc(named)}&worker=${enc(short)}&state=${enc(short)}&error=${enc(short)}`,
  `tasks?q=${enc(polyglot)}`, `tasks/${enc("~:@+=,-.javascript:alert-1-")}`, "tasks/done", "tasks/open", "errors",
  `errors/${group.error}`, `errors?job=${enc(short)}`, "workers", "cluster", `jobs?prefix=${enc(short)}`, `jobs/${enc(polyglot.slice(0, 150))}`,
];

test("a polyglot in every field is text on every page", async () => {
  for (const path of pages()) {
    const page = await browser.open(server, path, { allow: [/4\d\d \(/] });
    await page.locator("h1").first().waitFor().catch(() => assert.fail(`no page at ${path}`));
    await page.waitForLoadState("load");
    await page.locator(".loading").first().waitFor({ state: "detached" });
    const made = await page.evaluate(() => ({
      scripts: document.scripts.length,
      images: [...document.querySelectorAll("img")].filter((one) => !one.src.endsWith("/icon.svg")).length,
      handlers: [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((a) => /^on/i.test(a.name))).length,
      links: [...document.querySelectorAll("a[href]")].filter((one) => !/^https?:/.test(one.href)).map((one) => one.href),
    }));
    assert.deepEqual(made, { scripts: 1, images: 0, handlers: 0, links: [] }, path);
    await page.leave();
  }
});

test("payload, result, error and names are shown whole, as they are", async () => {
  const page = await browser.open(server, "tasks/done");
  await says(page, "Result");
  const shown = await page.locator("pre.json").allInnerTexts();
  assert.ok(shown.some((text) => text.includes(JSON.stringify(polyglot).slice(1, -1))), "the result");
  assert.ok(shown.some((text) => text === polyglot), "the payload");
  await page.getByRole("link", { name: named }).click();
  assert.equal(await page.locator("h1").innerText(), named);
  await page.leave();
});

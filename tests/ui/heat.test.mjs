// A job of a million tasks as one picture: painted from the server's own bytes, each square leads to its task.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Browser, says } from "./browser.mjs";
import { Server } from "./server.mjs";

let server, browser;
before(async () => {
  server = await new Server().start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test("each square is a task in its state, by pointer and by keyboard", async () => {
  const made = await server.post("tasks", Array.from({ length: 200 }, (_, n) => ({ payload: n, job: "map", id: `map-${n}` })));
  const { leases } = await server.post("leases", { worker: "w", max: 3, wait_s: 5 });
  await server.post("leases", { worker: "w", queues: ["none"], settle: [
    { lease: leases[1].lease, outcome: "error", message: "x", retry: false },
    { lease: leases[2].lease, outcome: "complete" },
  ] });
  const page = await browser.open(server, "jobs/map");
  const canvas = page.locator(".heat canvas");
  await canvas.waitFor();
  await canvas.focus();
  const said = () => page.locator(".heat-said").innerText();
  for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowRight");
  const order = (n) => server.get(`jobs/map/task-at?index=${n}`);
  const words = { pending: "Pending", allocated: "Allocated", error: "Error", complete: "Complete" };
  assert.match(await said(), new RegExp(`^Task \\d+: ${words[(await order(Number((await said()).match(/\d+/)[0]) - 1)).state]}`));
  const box = await canvas.boundingBox();
  await page.mouse.click(box.x + 5, box.y + 5);
  await page.waitForURL(/\/ui\/tasks\//);
  const opened = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
  assert.equal(opened, (await order(0)).id);
  assert.ok(made.tasks.some((one) => one.id === opened));
  await page.leave();
});

test("a million tasks are painted, and painted again in a moment when some change", async (t) => {
  const total = 1_000_000;
  // The server's part is measured elsewhere: here its answer is made up, so that the test takes seconds.
  const bytes = Buffer.alloc(total);
  for (let i = 0; i < total; i++) bytes[i] = i < 700_000 ? (i % 97 === 0 ? 0x45 : 0x14) : i < 705_000 ? 0x13 : 1;
  await server.post("tasks", [{ payload: 1, job: "million" }]);
  const page = await browser.open(server, "queues");
  let version = 1;
  await page.route(/state-map/, (route) => {
    bytes[version % total] = 5;
    return route.fulfill({ body: bytes, contentType: "application/octet-stream", headers: { "KWQ-Total": String(total), ETag: `"${version++}"` } });
  });
  await page.goto(`${server.root}/ui/jobs/million`);
  await says(page, "1,000,000 in the order of submission");
  const durations = () => page.evaluate(() => performance.getEntriesByName("heat-paint").map((one) => one.duration));
  const end = Date.now() + 15_000;
  while ((await durations()).length < 3 && Date.now() < end) await page.waitForTimeout(200);
  const [first, ...later] = await durations();
  t.diagnostic(`first paint ${first.toFixed(1)} ms, later ${later.map((ms) => ms.toFixed(1)).join(", ")} ms`);
  assert.ok(later.length >= 2);
  assert.ok(first < 2000, "far from a moment");
  const colours = await page.evaluate(() => {
    const canvas = document.querySelector(".heat canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  assert.ok(colours >= 3, `${colours} colours`);
  await page.leave();
});

// How the pages come: small, compressed, kept by the browser, under a strict policy, refused to other sites.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { request } from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser, faults, overflow, says } from "./browser.mjs";
import { Server } from "./server.mjs";

const budget = 90 * 1024;

let server, browser;
before(async () => {
  server = await new Server().start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/// Without fetch, which unpacks: what goes over the wire.
function raw(path, headers = {}, method = "GET") {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.root}${path}`, { method, headers }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

test("the first load of the overview is at most 90 kB compressed", async (t) => {
  const page = await (await browser.browser.newContext()).newPage();
  const files = new Set();
  page.on("request", (one) => one.url().includes("/ui/") && files.add(new URL(one.url()).pathname));
  await page.goto(`${server.root}/ui/`);
  await page.getByText("Backlog by priority").waitFor();
  assert.ok(files.size >= 3, [...files].join());
  let bytes = 0;
  for (const path of files) bytes += (await raw(path, { "Accept-Encoding": "gzip" })).body.length;
  t.diagnostic(`${bytes} bytes in ${files.size} files`);
  assert.ok(bytes <= budget, `${bytes} bytes`);
  const seen = await page.evaluate(() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd);
  t.diagnostic(`content after ${Math.round(seen)} ms`);
  await page.context().close();
});

test("hashed files are kept for ever, the document is asked for again, and an unchanged one is 304", async () => {
  const document = await raw("/ui/");
  assert.equal(document.headers["cache-control"], "no-cache");
  const again = await raw("/ui/", { "If-None-Match": document.headers.etag });
  assert.equal(again.status, 304);
  const [script] = document.body.toString().match(/assets\/[\w-]+\.js/);
  for (const [accepted, coding] of [["br, gzip", "br"], ["gzip", "gzip"], ["identity", undefined]]) {
    const file = await raw(`/ui/${script}`, { "Accept-Encoding": accepted });
    assert.match(file.headers["cache-control"], /immutable/);
    assert.equal(file.headers["content-encoding"], coding);
    assert.match(file.headers["content-type"], /javascript/);
    assert.equal(file.headers.vary, "Accept-Encoding");
  }
});

test("K24 the policy allows the server's own files and nothing else", async () => {
  for (const path of ["/ui/", "/ui/jobs/x"]) {
    const policy = (await raw(path)).headers["content-security-policy"];
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'"]) {
      assert.ok(policy.includes(part), part);
    }
    assert.ok(!/unsafe|https?:/.test(policy));
    const text = (await raw(path)).body.toString();
    assert.ok(!/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/.test(text), "nothing inline");
  }
});

test("another site's page can change nothing", async () => {
  for (const headers of [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "http://evil.example" }]) {
    const answer = await raw("/kwq/v1/queues/default/pause", headers, "POST");
    assert.equal(answer.status, 403);
  }
  assert.equal((await server.get("queues/default")).paused, false);
});

test("read-only pages have no buttons, and what a browser sends anyway is refused", async () => {
  const closed = await new Server("--ui", "read-only").start();
  try {
    const { id } = await closed.post("tasks", { payload: 1, job: "kept" });
    for (const path of ["queues", "queues/default", "jobs/kept", `tasks/${id}`, "tasks"]) {
      const page = await browser.open(closed, path, { allow: [/403/] });
      await says(page, "Read only");
      await page.locator(".loading").first().waitFor({ state: "detached" });
      assert.equal(await page.getByRole("button", { name: /^(Pause|Cancel|Empty|Retry|New)\b/ }).count(), 0, path);
      const status = await page.evaluate(async () =>
        (await fetch(new URL("../kwq/v1/queues/default/pause", document.baseURI), { method: "POST" })).status);
      assert.equal(status, 403);
      await page.leave();
    }
    assert.equal((await closed.get("queues/default")).paused, false);
    await closed.post("queues/default/pause");
    assert.equal((await closed.get("queues/default")).paused, true);
  } finally {
    await closed.close();
  }
});

test("with a token the page asks for it once and keeps a cookie that scripts cannot read", async () => {
  const file = join(server.folder, "token");
  writeFileSync(file, "a-long-enough-secret-token-0123456789\n");
  const closed = await new Server("--token-file", file).start();
  try {
    const page = await browser.open(closed, "queues?order=name", { allow: [/401|403/], width: 360 });
    assert.deepEqual(await faults(page), []);
    assert.equal(await overflow(page), 0);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(ground, "rgba(0, 0, 0, 0)", "the page has its style before anybody has signed in");
    await page.getByLabel("Token").fill("another-long-enough-token-0123456789");
    await page.getByRole("button", { name: "Sign in" }).click();
    await says(page, "This is not the token.");
    await page.getByLabel("Token").fill("a-long-enough-secret-token-0123456789");
    await page.getByRole("button", { name: "Sign in" }).click();
    await says(page, "All queues");
    assert.ok(page.url().endsWith("/ui/queues?order=name"), "it leads to the page that was asked for");
    assert.equal(await page.evaluate(() => document.cookie), "");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await page.leave();
  } finally {
    await closed.close();
  }
});

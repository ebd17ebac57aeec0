// The server goes and comes back: the pages say so, keep what was seen, and go on by themselves.
import { after, before, test } from "node:test";
import { strict as assert } from "node:assert";
import { Browser, says } from "./browser.mjs";
import { Server, until } from "./server.mjs";

let server, browser;
before(async () => {
  server = await new Server().start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test("a server that is killed is said to be gone, what was seen stays, and all goes on when it is back", async () => {
  await server.post("tasks", [{ payload: 1, job: "before" }]);
  const page = await browser.open(server, "queues/default", { allow: [/ERR_/, /Failed to load/, /50\d/] });
  await says(page, "By priority");
  const waiting = () => page.locator(".figures dd").first().innerText();
  await until("one waits", async () => (await waiting()) === "1");
  await server.stop("SIGKILL");
  await says(page, "The server does not answer.");
  assert.equal(await waiting(), "1");
  assert.ok(Number(await page.evaluate(() => getComputedStyle(document.querySelector(".figures")).opacity)) < 1);
  await page.getByRole("button", { name: "Pause queue default" }).click();
  await page.locator("dialog").getByRole("button", { name: "Pause" }).click();
  await page.locator(".toast.bad").waitFor();
  await server.start();
  await page.locator(".banner.bad").waitFor({ state: "detached" });
  await server.post("tasks", [{ payload: 2, job: "after" }]);
  await until("two wait", async () => (await waiting()) === "2");
  await page.leave();
});

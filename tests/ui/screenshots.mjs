// Takes the pictures of docs/images: node tests/ui/screenshots.mjs FOLDER [SECONDS]. A server of its own works off jobs
// for that long before they are taken. Not a test; run by hand when the pages look different.
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { Browser } from "./browser.mjs";
import { Server } from "./server.mjs";
import { busy, flags } from "./world.mjs";

const [folder, seconds = "120"] = process.argv.slice(2);
assert.ok(folder, "which folder?");
const server = await new Server(...flags).start();
const browser = await Browser.start();
try {
  await busy(server, Number(seconds));
  const failed = (await server.get("tasks?state=error&job=nightly-render&limit=1")).items[0];
  const shots = [
    ["overview", "", false], ["overview", "", true], ["job", "jobs/nightly-render", false], ["job", "jobs/nightly-render", true],
    ["errors", "errors", false], ["task", `tasks/${failed.id}`, false], ["tasks", "tasks?job=nightly-render", true],
  ];
  for (const [name, path, dark] of shots) {
    const page = await browser.open(server, path, { width: 1280, height: 860, dark, allow: [/./] });
    await page.locator(".loading").first().waitFor({ state: "detached" });
    await page.waitForTimeout(1500);
    await page.screenshot({ path: join(folder, `ui-${name}-${dark ? "dark" : "light"}.png`) });
    await page.context().close();
  }
} finally {
  await browser.close();
  await server.close();
}

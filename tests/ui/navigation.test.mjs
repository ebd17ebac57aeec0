// Addresses, the back button, the keyboard, colours, and one stream for all pages.
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import { Browser, says } from "./browser.mjs";
import { Server, until } from "./server.mjs";
import { fill, flags } from "./world.mjs";

let server, browser;
before(async () => {
  server = await new Server(...flags, "--base-path", "/below/here").start();
  browser = await Browser.start();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const addressOf = (page) => decodeURIComponent(page.url().split("/ui/")[1]);

test("filters stand in the address: back, forward and a copied link bring them back, below a base path too", async () => {
  await fill(server);
  const page = await browser.open(server, "tasks");
  await says(page, "461 tasks");
  await page.getByRole("button", { name: "Error", exact: true }).click();
  await page.waitForURL(/state=error/);
  const query = page.locator(".query input");
  assert.equal(await query.inputValue(), "state:error");
  await query.fill('state:complete,error job:"invoices/november"');
  await query.press("Enter");
  await page.waitForURL(/job=invoices/);
  const counts = (await server.get("jobs/invoices%2Fnovember")).counts;
  await says(page, `${counts.complete + counts.error} tasks`);
  await page.getByLabel("Without job invoices/november").click();
  await until("no job", () => !addressOf(page).includes("job="));
  await page.goBack();
  await says(page, `${counts.complete + counts.error} tasks`);
  await page.goBack();
  assert.equal(addressOf(page), "tasks?state=error");
  await until("the text is the address's", async () => (await query.inputValue()) === "state:error");
  await page.goForward();
  assert.match(addressOf(page), /job=invoices\/november/);
  const other = await browser.open(server, page.url().split("/ui/")[1]);
  await says(other, `${counts.complete + counts.error} tasks`);
  await other.leave();
  await query.fill('colour:"red');
  await query.press("Enter");
  await says(page, "quote");
  await page.leave();
});

test("links lead from a job to its tasks, to one task, to its queue, and back again", async () => {
  const page = await browser.open(server, "jobs?prefix=inv");
  await page.getByRole("link", { name: "invoices/november" }).click();
  await page.getByRole("heading", { name: "invoices/november" }).waitFor();
  await page.getByRole("link", { name: "All its tasks" }).click();
  await page.locator("table.rows a.mono").first().click();
  await says(page, "Attempts");
  await page.getByRole("link", { name: "default", exact: true }).click();
  await page.getByRole("heading", { name: "default" }).waitFor();
  for (let step = 0; step < 4; step++) await page.goBack();
  assert.equal(addressOf(page), "jobs?prefix=inv");
  await page.leave();
});

test("the keyboard alone reaches pages, rows, a task, help and the search", async () => {
  const page = await browser.open(server, "");
  await says(page, "Backlog");
  await page.keyboard.press("?");
  await page.locator("dialog kbd").first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(/\/ui\/tasks/);
  await page.locator("table.rows tbody tr").nth(2).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const focused = () => page.evaluate(() => document.activeElement?.querySelector("a")?.textContent);
  const second = await focused();
  assert.equal(second, await page.locator("table.rows tbody tr").nth(1).locator("a").first().innerText());
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid");
  await page.keyboard.press("x");
  await says(page, "1 selected");
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/ui/tasks/${second}`));
  await page.keyboard.press("/");
  await page.keyboard.type("state:error queue:render");
  await page.keyboard.press("Enter");
  await page.waitForURL(/state=error&queue=render/);
  await page.keyboard.press("/");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("held-back");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/ui\/tasks\/held-back/);
  await page.keyboard.press("Escape");
  // By Tab alone: the skip link, then on to the navigation.
  await page.reload();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "To the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.leave();
});

test("light and dark go by the system until somebody chooses, and the choice is kept", async () => {
  const page = await browser.open(server, "queues", { dark: true });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await says(page, "All queues");
  assert.equal(await ground(), "rgb(15, 19, 26)");
  await page.keyboard.press("t");
  await until("light", async () => (await ground()) === "rgb(244, 245, 248)");
  await page.reload();
  await says(page, "All queues");
  assert.equal(await ground(), "rgb(244, 245, 248)");
  await page.leave();
});

test("changes show by themselves, and several pages share one stream", async () => {
  const page = await browser.open(server, "queues/mail");
  await says(page, "By priority");
  const more = [];
  for (let n = 0; n < 7; n++) {
    const tab = await page.context().newPage();
    await tab.goto(`${server.root}/ui/queues`);
    more.push(tab);
  }
  // A browser opens six connections to a server: with a stream for each page the eighth would wait for ever.
  await more[6].getByText("Waiting by priority").waitFor();
  const before = await page.locator(".figures dd").first().innerText();
  await server.post("tasks", Array.from({ length: 9 }, (_, n) => ({ payload: n, queue: "mail", job: "live" })));
  await until("the page counts nine more", async () => {
    await page.bringToFront();
    return Number(await page.locator(".figures dd").first().innerText()) === Number(before) + 9;
  });
  await page.leave();
});

test("a long list loads as it is scrolled, holds few elements, and then stands still", async () => {
  await server.post("tasks", Array.from({ length: 900 }, (_, n) => ({ payload: n, job: "long", id: `long-${n}` })));
  const page = await browser.open(server, "tasks?job=long&order=oldest");
  await says(page, "900 tasks");
  await until("the last row is in sight", async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    return (await page.getByText("long-899", { exact: true }).count()) > 0;
  });
  assert.ok((await page.locator("table.rows tbody tr").count()) < 120);
  await says(page, "as of");
  await page.leave();
});

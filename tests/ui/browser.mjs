// A browser that keeps watch: whatever goes wrong in a page is a failure of the test that opened it.
import { strict as assert } from "node:assert";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = process.env.KWQ_UI_MODULES;
if (!modules || !existsSync(join(modules, "node_modules"))) {
  throw new Error("KWQ_UI_MODULES names the folder where npm has put playwright-core and axe-core (was there a network?)");
}
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const program = process.env.KWQ_CHROMIUM ?? "/usr/bin/chromium";

export class Browser {
  static async start() {
    const self = new Browser();
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    self.browser = await chromium.launch({ executablePath: program, args });
    return self;
  }

  async close() {
    await this.browser.close();
  }

  /// `allow`: what a test expects to go wrong, as patterns of the console's text.
  async open(server, path = "", { width = 1280, height = 900, dark = false, allow = [], headers } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce",
      ...(headers ? { extraHTTPHeaders: headers } : {}),
    });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const wrong = [];
    const note = (text) => allow.some((one) => one.test(text)) || wrong.push(text);
    page.on("console", (said) => said.type() === "error" && note(`console: ${said.text()} ${said.location().url}`));
    page.on("pageerror", (error) => note(`error: ${error.stack}`));
    page.on("dialog", (dialog) => note(`dialog: ${dialog.message()}`));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(server.root) && !url.startsWith("data:")) note(`left the origin: ${url}`);
    });
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await page.goto(`${server.root}/ui/${path}`);
    return Object.assign(page, {
      wrong,
      async leave() {
        const violations = await page.evaluate(() => window.violations);
        assert.deepEqual([...wrong, ...violations], []);
        await context.close();
      },
    });
  }
}

/// What axe finds serious or critical in a page. The page's own policy forbids foreign scripts, also ours: axe is put in
/// by the debugger, which no policy binds.
export async function faults(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
}

export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export async function says(page, text) {
  await page.getByText(text).first().waitFor();
}

export async function confirm(page, word) {
  await page.locator("dialog").getByRole("button", { name: word }).click();
}

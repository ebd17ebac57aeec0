// The real server for a test: loopback, a free port, a folder of its own, ended by its own pid.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = process.env.KWQ_BIN;
if (!program) throw new Error("KWQ_BIN names the kwq program to test");

export async function until(what, condition, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Server {
  constructor(...flags) {
    this.folder = mkdtempSync(join(tmpdir(), "kwq-ui-"));
    this.flags = flags;
    this.port = 0;
    const at = flags.indexOf("--base-path");
    this.base = at < 0 ? "" : flags[at + 1];
  }

  /// A second start takes the same port and data: a restart, as a browser sees it.
  async start() {
    const portFile = join(this.folder, "port");
    rmSync(portFile, { force: true });
    this.process = spawn(
      program,
      ["serve", "--data", join(this.folder, "data"), "--port", String(this.port), "--port-file", portFile, ...this.flags],
      { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env.PATH, HOME: this.folder } },
    );
    let log = "";
    this.process.stderr.on("data", (piece) => (log = (log + piece).slice(-20_000)));
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    await until(`the server is ready: ${log}`, async () => {
      if (!existsSync(portFile)) return false;
      this.port = Number(readFileSync(portFile, "utf8"));
      return fetch(`${this.root}/readyz`).then((answer) => answer.ok, () => false);
    });
    return this;
  }

  get root() {
    return `http://127.0.0.1:${this.port}${this.base}`;
  }

  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    await this.ended;
  }

  async close() {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async call(method, path, body) {
    const options = { method };
    if (body !== undefined) {
      options.headers = { "Content-Type": "application/json" };
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(`${this.root}/kwq/v1/${path}`, options);
    const text = await answer.text();
    const found = text ? JSON.parse(text) : undefined;
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return found;
  }

  get = (path) => this.call("GET", path);
  post = (path, body = {}) => this.call("POST", path, body);
}

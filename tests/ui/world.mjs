// A server with a bit of everything: jobs half done, dead letters of several kinds, tags, queues, workers.

const texts = [
  (n) => `connection refused: 10.0.0.${n % 200}:5432`,
  (n) => `render failed: frame ${n} has no geometry`,
  (n) => `timeout after ${n} ms while reading s3://bucket/x`,
];

export const jobs = [
  { job: "nightly-render", queue: "render", tags: ["customer:42", "kind:frame"], tasks: 260, worked: 200 },
  { job: "invoices/november", queue: "default", tags: ["customer:7", "kind:pdf"], tasks: 120, worked: 50 },
  { job: "newsletter 2026-11", queue: "mail", tags: ["kind:mail"], tasks: 80, worked: 80 },
];

export const flags = ["--queues", "mail:5,render:9"];

/// The same each time: every eighth task fails, at once and for good.
export async function fill(server, scale = 1) {
  for (const one of jobs) {
    const tasks = Array.from({ length: one.tasks * scale }, (_, n) => ({
      payload: { n, file: `s3://bucket/${one.job}/${n}.bin` },
      job: one.job, queue: one.queue, tags: [...one.tags, `part:${n % 4}`], priority: [1, 3, 5, 5, 7][n % 5],
      meta: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }, source: "cron",
    }));
    for (let at = 0; at < tasks.length; at += 1000) await server.post("tasks", tasks.slice(at, at + 1000));
    await work(server, one.queue, one.worked * scale);
  }
  await server.post("tasks", { id: "held-back", job: "later", payload: 1, not_before: Date.now() + 3_600_000 });
}

/// A few workers take `tasks` tasks of a queue, complete most, fail some and keep the last two.
async function work(server, queue, tasks) {
  let n = 0;
  while (n < tasks) {
    const worker = `worker-${["alpha", "beta", "gamma"][n % 3]}-${queue}`;
    const max = Math.min(50, tasks - n);
    const { leases } = await server.post("leases", { worker, queues: [queue], max, wait_s: 5 });
    if (leases.length === 0) return;
    const settle = [];
    for (const one of leases) {
      n++;
      if (n > tasks - 2 && tasks < 200) continue;
      const failed = n % 8 === 0;
      settle.push(
        failed
          ? { lease: one.lease, outcome: "error", message: texts[n % 3](n), retry: false }
          : { lease: one.lease, outcome: "complete", result: { ok: true, n } },
      );
    }
    if (leases[0]) await server.post(`leases/${leases[0].lease}/running`);
    await server.post("leases", { worker, queues: [queue], max: 1, wait_s: 0, settle }).then(async (answer) => {
      for (const one of answer.leases) await server.post(`leases/${one.lease}/release`);
    });
  }
}

/// Jobs that trickle in and workers that work them off, for as long as a picture of a busy server takes to form.
export async function busy(server, seconds) {
  const end = Date.now() + seconds * 1000;
  const random = (n) => Math.floor(Math.random() * n);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let made = 0;
  const produce = async () => {
    while (Date.now() < end) {
      for (const one of jobs) {
        const many = 8 + random(14 + 10 * Math.round(1 + Math.sin(Date.now() / 15_000)));
        await server.post("tasks", Array.from({ length: many }, () => ({
          payload: { frame: made++, file: `s3://bucket/${one.job}/${made}.bin` }, job: one.job, queue: one.queue,
          tags: [...one.tags, `part:${made % 4}`], priority: [1, 3, 5, 5, 5, 7, 9][random(7)], max_attempts: 3, backoff_s: 3,
        })));
      }
      await pause(400);
    }
  };
  const work = async (name, queues) => {
    while (Date.now() < end) {
      const { leases } = await server.post("leases", { worker: name, queues, max: 2 + random(4), wait_s: 2 });
      for (const one of leases) await server.post(`leases/${one.lease}/running`);
      await pause(20 + random(160));
      const settle = leases.map((one, n) =>
        random(25) === 0
          ? { lease: one.lease, outcome: "error", message: texts[random(3)](random(900)), retry: random(3) > 0 }
          : { lease: one.lease, outcome: "complete", result: { ok: true, n } });
      await server.post("leases", { worker: name, queues: ["none"], settle });
    }
  };
  const names = ["alpha-1", "alpha-2", "beta-1", "beta-2", "gamma-1", "gamma-2"];
  const served = [["render"], ["render", "default"], ["default"], ["mail", "default"], ["render"], ["default", "mail"]];
  await Promise.all([produce(), ...names.map((name, n) => work(name, served[n]))]);
}

// The instances, the shards that each owns, and how far they are behind the log.
import { useLive } from "../api/live";
import type { Cluster, Stats } from "../api/types";
import { Facts, Figures } from "../parts/facts";
import { number } from "../parts/numbers";
import { Panel, Stale, Waiting } from "../parts/panel";
import { Table } from "../parts/table";
import { Title } from "../parts/title";

export function ClusterPage() {
  const cluster = useLive<Cluster>("cluster");
  const stats = useLive<Stats>("stats", { topic: "overview" });
  const limits = useLive<Record<string, number>>("limits", { every: 60_000 });
  const shown = cluster.value;
  return (
    <>
      <Title name="Cluster">
        <Stale of={cluster} />
      </Title>
      <Waiting of={cluster} what="cluster" />
      {shown ? (
        <>
          <Figures
            figures={[
              ["Log", shown.log],
              ["Shards", number(shown.partitions)],
              ["Instances", number(shown.instances.length)],
              ["Ready", number(shown.instances.filter((one) => one.ready).length)],
              stats.value && ["Tracker is behind by", `${number(stats.value.tracker.lag ?? 0)} records`],
              ["Token", shown.token ? "wanted" : "not wanted"],
            ]}
          />
          <Panel title="Instances">
            <Table
              caption="Instances"
              rows={shown.instances}
              id={(i) => i.instance}
              columns={[
                { key: "instance", head: "Instance", classes: "name", cell: (i) => <span class="mono">{i.instance}</span> },
                { key: "ready", head: "State", cell: (i) => <span class={`pill ${i.ready ? "good" : "warn"}`}>{i.ready ? "ready" : "not ready"}</span> },
                { key: "version", head: "Version", rank: 2, cell: (i) => i.version },
                { key: "shards", head: "Shards", number: true, cell: (i) => number(i.shards.length) },
              ]}
            />
          </Panel>
          <Panel title="Shards">
            <Table
              caption="Shards"
              rows={shown.instances.flatMap((i) => i.shards.map((shard) => ({ ...shard, instance: i.instance }))).sort((a, b) => a.shard - b.shard)}
              id={(s) => `${s.shard} ${s.instance}`}
              columns={[
                { key: "shard", head: "Shard", cell: (s) => s.shard },
                { key: "owner", head: "Owner", classes: "name", cell: (s) => <span class="mono">{s.owner ?? s.instance}</span> },
                { key: "epoch", head: "Epoch", number: true, rank: 2, cell: (s) => (s.epoch === undefined ? "–" : number(s.epoch)) },
                { key: "applied", head: "Applied to", number: true, cell: (s) => (s.applied === undefined ? "–" : number(s.applied)) },
                { key: "lag", head: "Lag", number: true, cell: (s) => (s.lag === undefined ? "–" : number(s.lag)) },
              ]}
            />
          </Panel>
        </>
      ) : null}
      <div class="columns halves">
        {stats.value ? (
          <Panel title="Scheduler" note="since it started">
            <Facts facts={Object.entries(stats.value.scheduler).map(([name, n]) => [words(name), number(n)])} />
          </Panel>
        ) : null}
        {limits.value ? (
          <Panel title="Limits">
            <Facts facts={Object.entries(limits.value).map(([name, n]) => [words(name), number(n)])} />
          </Panel>
        ) : null}
      </div>
    </>
  );
}

/// "body_timeout_s" as "Body timeout (s)".
function words(name: string): string {
  const text = name.replace(/_s$/, " (s)").replaceAll("_", " ");
  return text[0]?.toUpperCase() + text.slice(1);
}

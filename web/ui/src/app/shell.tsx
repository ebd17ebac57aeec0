// What is around every page: the way to the others, the search field, whether work is handed out, whether the server
// answers.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Cluster, Stats } from "../api/types";
import { useLive } from "../api/live";
import { reach } from "../api/client";
import { readOnly } from "../parts/action";
import { Dialog } from "../parts/dialog";
import { Icon, type IconName } from "../parts/icons";
import { clockTime } from "../parts/numbers";
import { DispatchSwitch } from "./dispatch_switch";
import { Help, helpOpen } from "./help";
import { page, place } from "./router";
import { Search } from "./search";
import { SignOut } from "./sign_in";
import { nextTheme, theme } from "./theme";
import { Toasts } from "./toast_list";

export const sections: { path: string; word: string; icon: IconName; key: string }[] = [
  { path: "", word: "Overview", icon: "overview", key: "o" },
  { path: "queues", word: "Queues", icon: "queues", key: "q" },
  { path: "jobs", word: "Jobs", icon: "jobs", key: "j" },
  { path: "tags", word: "Tags", icon: "tags", key: "a" },
  { path: "tasks", word: "Tasks", icon: "tasks", key: "t" },
  { path: "errors", word: "Errors", icon: "errors", key: "e" },
  { path: "workers", word: "Workers", icon: "workers", key: "w" },
  { path: "cluster", word: "Cluster", icon: "cluster", key: "c" },
  { path: "bulk", word: "Bulk actions", icon: "bulk", key: "b" },
  { path: "simulator", word: "Simulator", icon: "simulator", key: "s" },
];

function Navigation({ errors }: { errors: number }) {
  return (
    <nav aria-label="Pages">
      <ul>
        {sections.map((one) => (
          <li key={one.path}>
            <a href={one.path || "./"} aria-current={page.value === one.path ? "page" : undefined}>
              <Icon name={one.icon} />
              {one.word}
              {one.path === "errors" && errors > 0 ? (
                <span class="nav-count" title="tasks in state error">
                  {errors > 9999 ? "9999+" : errors}
                </span>
              ) : null}
            </a>
          </li>
        ))}
        <li>
          <a href="../swagger/" target="_self">
            <Icon name="api" />
            API
          </a>
        </li>
      </ul>
    </nav>
  );
}

function GoneBanner() {
  const { goneSince } = reach.value;
  if (goneSince === undefined) return null;
  return (
    <p class="banner bad" role="alert">
      <Icon name="errors" />
      <span>
        <b>The server does not answer.</b> What you see is from {clockTime(goneSince)}; asking again every few seconds.
      </span>
    </p>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const stats = useLive<Stats>("stats", { topic: "overview" });
  const cluster = useLive<Cluster>("cluster", { every: 10_000 });
  const open = useSignal(false);
  useEffect(() => {
    open.value = false;
  }, [place.value]);
  useEffect(() => {
    readOnly.value = cluster.value?.read_only === true;
  }, [cluster.value?.read_only]);
  const gone = reach.value.goneSince !== undefined;
  return (
    <div class={`shell ${open.value ? "menu-open" : ""} ${gone ? "gone" : ""}`}>
      <a class="skip" href="#main" target="_self" onClick={toMain}>
        To the content
      </a>
      <aside class="side">
        <a class="brand" href="./">
          <img src="icon.svg" alt="" width="24" height="24" />
          KWQ
        </a>
        <Navigation errors={stats.value?.overall.counts.error ?? 0} />
        <p class="side-foot faint">
          {cluster.value?.instances[0]?.version ? `version ${cluster.value.instances[0].version}` : ""}
        </p>
      </aside>
      <header class="top">
        <button
          type="button"
          class="menu plain"
          aria-label="Menu"
          aria-expanded={open.value}
          onClick={() => (open.value = !open.value)}
        >
          <Icon name="menu" />
        </button>
        <Search />
        <DispatchSwitch dispatch={stats.value?.dispatch} />
        <span class="tools">
          <button type="button" class="plain" aria-label={`Colours: ${theme.value}`} title={`Colours: ${theme.value} (t)`} onClick={nextTheme}>
            <Icon name="theme" />
          </button>
          <button type="button" class="plain" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => (helpOpen.value = true)}>
            <Icon name="keys" />
          </button>
          {cluster.value?.token ? <SignOut /> : null}
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        <GoneBanner />
        {readOnly.value ? <p class="banner">Read only: this server refuses every change.</p> : null}
        {children}
      </main>
      <Dialog />
      <Help />
      <Toasts />
    </div>
  );
}

function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

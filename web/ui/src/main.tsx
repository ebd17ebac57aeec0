// The admin UI: which page an address is.
import { Component, type ComponentType, render } from "preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { listenToKeys } from "./app/keys";
import { place } from "./app/router";
import { Shell } from "./app/shell";
import { SignedOut } from "./app/sign_in";
import { Bulk } from "./pages/bulk";
import { ClusterPage } from "./pages/cluster";
import { ErrorPage, Errors } from "./pages/errors";
import { JobPage } from "./pages/job";
import { Jobs } from "./pages/jobs";
import { Lost } from "./pages/lost";
import { Overview } from "./pages/overview";
import { QueuePage } from "./pages/queue";
import { Queues } from "./pages/queues";
import { Simulator } from "./pages/simulator";
import { TagPage, Tags } from "./pages/tags";
import { TaskPage } from "./pages/task";
import { Tasks } from "./pages/tasks";
import { Workers } from "./pages/workers";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/pages.css";

type PageOf = ComponentType<{ name: string }>;

const lists: Record<string, PageOf> = {
  "": Overview, queues: Queues, jobs: Jobs, tags: Tags, tasks: Tasks, errors: Errors, workers: Workers,
  cluster: ClusterPage, simulator: Simulator, bulk: Bulk,
};
const ones: Record<string, PageOf> = {
  queues: QueuePage, jobs: JobPage, tags: TagPage, tasks: TaskPage, errors: ErrorPage, simulator: Simulator, bulk: Bulk,
};

/// A bug in one page must not take the others away.
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };
  override componentDidCatch(problem: unknown) {
    console.error(problem);
    this.setState({ failed: true });
  }
  override render() {
    return this.state.failed ? <Lost name="broken" /> : this.props.children;
  }
}

function App() {
  const { parts } = place.value;
  const [first = "", name] = parts;
  const found = parts.length > 2 ? undefined : name === undefined ? lists[first] : ones[first];
  const Shown = found ?? Lost;
  useEffect(() => {
    const words = [name, first ? first[0]?.toUpperCase() + first.slice(1) : "Overview", "KWQ"];
    document.title = words.filter(Boolean).join(" · ");
  }, [first, name]);
  return (
    <Shell>
      <SignedOut />
      <Guard key={parts.join("/")}>
        <Shown name={name ?? ""} />
      </Guard>
    </Shell>
  );
}

const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
listenToKeys();

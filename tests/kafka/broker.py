"""A real Apache Kafka on the loopback, for tests and for trying: KRaft mode, jars from Maven Central, no containers.

One node listens on 127.0.0.1, three on 127.0.0.11 to 127.0.0.13. Jars and freshly formatted directories are kept in
${KWQ_KAFKA_CACHE:-~/.cache/kwq} and copied, so that a start is one JVM. Each node is ended by its process id.
"""
import contextlib
import fcntl
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import link

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("KWQ_KAFKA_CACHE") or os.path.expanduser("~/.cache/kwq")
CLUSTER_ID = "a3dxLWthZmthLXRlc3QtMQ"  # 16 bytes in base64; every cluster made here has it
START_PATIENCE_S = 180  # on a machine that compiles beside it
TOOL_PATIENCE_S = 300
STARTED = "Kafka Server started"

# What both sizes of cluster have in common: small buffers and few threads for a machine of two cores, internal topics
# of few partitions, retention and groups quick enough for tests. Everything else is Kafka's default.
LEAN = """
process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENTS
auto.create.topics.enable=false
unclean.leader.election.enable=false
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
group.coordinator.threads=1
num.network.threads=2
num.io.threads=4
background.threads=4
num.recovery.threads.per.data.dir=1
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=4194304
log.index.size.max.bytes=1048576
log.retention.check.interval.ms=1000
log.segment.delete.delay.ms=1000
log.initial.task.delay.ms=500
"""

# A dead node is noticed in seconds, not in tens of them; slower than that, and a busy machine of two cores would fence
# nodes that live.
THREE_NODES = """
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
controller.quorum.fetch.timeout.ms=1500
controller.quorum.election.timeout.ms=800
replica.lag.time.max.ms=5000
"""

ONE_NODE = """
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class Unavailable(Exception):
    """There is no broker to be had here: no JVM, no Maven, or no way to Maven Central."""


def version():
    with open(os.path.join(HERE, "pom.xml"), encoding="utf-8") as pom:
        return re.search(r"<kafka\.version>([^<]+)<", pom.read()).group(1)


def home():
    return os.path.join(CACHE, f"kafka-{version()}")


@contextlib.contextmanager
def made_once(folder):
    """Yields a folder to fill, or None when it is there already; of several processes one fills it."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, os.path.basename(folder) + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(folder):
            yield None
            return
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as scratch:
            unfinished = os.path.join(scratch, "new")
            os.makedirs(unfinished)
            yield unfinished
            os.rename(unfinished, folder)


def run_tool(command, what):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, timeout=TOOL_PATIENCE_S)
    except FileNotFoundError as error:
        raise Unavailable(f"{what}: there is no {error.filename}") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{what}: it took longer than {TOOL_PATIENCE_S} s") from error
    if done.returncode != 0:
        raise Unavailable(f"{what} failed:\n{done.stdout[-2000:]}")


def class_path():
    """The broker's jars, fetched once."""
    libs = os.path.join(home(), "libs")
    with made_once(libs) as folder:
        if folder:
            run_tool(["mvn", "-q", "-B", "-f", os.path.join(HERE, "pom.xml"), "dependency:copy-dependencies",
                      "-DincludeScope=runtime", f"-DoutputDirectory={folder}"], "fetching Kafka from Maven Central")
    return os.path.join(libs, "*")


def java(*arguments, heap_mb=256):
    # One thread of the collector and one level of the compiler: quick to start, small, fast enough for tests.
    return ["java", "-Xms128m", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            "-Xss512k", f"-Dlog4j2.configurationFile={os.path.join(HERE, 'log4j2.properties')}", "-cp", class_path(),
            *arguments]


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Node:
    """One broker that is a controller too."""

    def __init__(self, number, address, port, folder):
        self.number, self.address, self.port, self.folder = number, address, port, folder
        self.controller_port = free_port(address)
        self.links = []  # what some clients reach it through
        self.security = None
        self.starts = 0
        self.process = None

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    @property
    def log_path(self):
        return os.path.join(self.folder, "kafka.log")

    @property
    def pid_path(self):
        return os.path.join(self.folder, "pid")

    def write_properties(self, voters, shared):
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, "server.properties"), "w", encoding="ascii") as out:
            out.write(f"node.id={self.number}\n"
                      f"controller.quorum.voters={voters}\n"
                      f"listeners=CLIENTS://{self.address}:{self.port},"
                      f"CONTROLLER://{self.address}:{self.controller_port}{self.through('to')}\n"
                      f"advertised.listeners=CLIENTS://{self.address}:{self.port}{self.through('at')}\n"
                      f"log.dirs={self.data}\n{shared}")
            if self.security:
                out.write(self.security.server_properties(self.address))

    def through(self, side):
        """A listener for each link, advertised as the link's own end: its clients hear of no other way."""
        return "".join(f",LINK{n}://{getattr(link, side)[0]}:{getattr(link, side)[1]}" for n, link in enumerate(self.links))

    def format(self, size):
        """A copy of what was formatted once: with static voters a directory knows no address. But it knows users."""
        if os.path.isdir(self.data):
            return
        if self.security:
            run_tool(java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c",
                          os.path.join(self.folder, "server.properties"), *self.security.format_arguments()),
                     "formatting a directory for a secured Kafka")
            return
        kept = os.path.join(home(), f"formatted-{self.number}-of-{size}")
        with made_once(kept) as folder:
            if folder:
                properties = os.path.join(self.folder, "format.properties")
                with open(os.path.join(self.folder, "server.properties"), encoding="ascii") as given:
                    text = given.read().replace(f"log.dirs={self.data}", f"log.dirs={folder}")
                with open(properties, "w", encoding="ascii") as out:
                    out.write(text)
                run_tool(java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties),
                         "formatting a directory for Kafka")
        shutil.copytree(kept, self.data)

    def start(self):
        self.starts = self.log().count(STARTED) + 1 if os.path.exists(self.log_path) else 1
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                java("kafka.Kafka", os.path.join(self.folder, "server.properties"), heap_mb=320),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        with open(self.pid_path, "w", encoding="ascii") as out:
            out.write(str(self.process.pid))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_ready(self, end):
        while self.log().count(STARTED) < self.starts:
            if self.process.poll() is not None:
                raise RuntimeError(f"Kafka ended with {self.process.returncode}:\n{self.log()[-3000:]}")
            if time.monotonic() > end:
                raise RuntimeError(f"Kafka was not ready in time:\n{self.log()[-3000:]}")
            time.sleep(0.05)

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)


class Cluster:
    """One node or three, in a folder of their own. With `links`, so many clients have ways of their own to each node,
    which can be cut. With `security`, clients must use TLS and have a password."""

    def __init__(self, size=1, folder=None, port=0, links=0, security=None):
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="kwq-kafka-")
        addresses = ["127.0.0.1"] if size == 1 else [f"127.0.0.1{n}" for n in range(1, size + 1)]
        self.nodes = [Node(n, address, port or free_port(address), os.path.join(self.folder, f"node{n}"))
                      for n, address in enumerate(addresses, 1)]
        self.links = [[link.Link((node.address, free_port(node.address))) for node in self.nodes] for _ in range(links)]
        self.security = security
        for n, node in enumerate(self.nodes):
            node.links = [of_client[n] for of_client in self.links]
            node.security = security

    @property
    def brokers(self):
        return ",".join(f"{node.address}:{node.port}" for node in self.nodes)

    def brokers_through(self, client):
        """What the client with this number is told."""
        return ",".join(f"{one.at[0]}:{one.at[1]}" for one in self.links[client])

    def start(self):
        voters = ",".join(f"{n.number}@{n.address}:{n.controller_port}" for n in self.nodes)
        size = len(self.nodes)
        protocol = "SASL_SSL" if self.security else "PLAINTEXT"
        protocols = "".join(f",LINK{n}:{protocol}" for n in range(len(self.links)))
        for node in self.nodes:
            node.write_properties(voters, LEAN + (ONE_NODE if size == 1 else THREE_NODES) +
                                  f"listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENTS:{protocol}{protocols}\n")
            node.format(size)
        end = time.monotonic() + START_PATIENCE_S
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_ready(end)
        return self

    def close(self):
        for node in self.nodes:
            node.kill()
        for one in itertools.chain(*self.links):
            one.close()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

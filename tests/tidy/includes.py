"""Includes: the layers of the tree, the one home of each third-party library, and the order of the groups."""

import re

from source import Finding, line_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]+>|"[^"\n]+")', re.M)

# What a folder may include besides itself. docs/architecture.md draws it; the link lines enforce most of it.
CORE = {"base", "model", "codec", "observe"}
STATE = CORE | {"eventlog", "store"}
SERVER = STATE | {"net", "scheduler", "tracker"}
LAYERS = {
    "base": set(),
    "model": {"base"},
    "codec": {"base", "model"},
    "net": {"base"},
    "observe": {"base"},
    "eventlog": CORE,
    "store": CORE,
    "check": CORE | {"eventlog"},
    "transfer": CORE | {"eventlog", "check"},
    "scheduler": STATE,
    "tracker": STATE,
    "cluster": STATE | {"net", "scheduler"},
    "rest": SERVER,
    "worker": CORE | {"net"},
    "bench": {"base", "net"},
    "cli": SERVER | {"rest", "worker", "check", "bench", "transfer"},
    "app": SERVER | {"cluster", "rest", "worker", "cli", "check", "transfer"},
    "sim": SERVER | {"rest", "worker", "check"},
}

# A library's headers, where they may be included, and what everybody else uses.
HOMES = [
    (r"rapidjson/", r"tests/.*", "codec/json.hpp"),
    (r"rocksdb/", r"src/(eventlog/embedded|store)/.*\.cpp|src/store/rocksdb_.*\.hpp", "store/kv.hpp or eventlog/event_log.hpp"),
    (r"boost/asio[/.]", r"src/net/.*\.cpp", "net/http.hpp or net/http_client.hpp"),
    (r"boost/beast[/.]", r"nowhere", "net/http.hpp or net/http_client.hpp"),
    (r"prometheus/", r"src/observe/.*\.cpp", "the metrics of observe/"),
    (r"(spdlog|fmt)/", r"src/observe/.*\.cpp", "observe/logger.hpp"),
    (r"CLI/", r"src/(cli|app)/.*\.cpp", "a struct that cli/ fills"),
    (r"toml(\+\+/|\.h)", r"src/app/.*\.cpp", "the config that app/ reads"),
    (r"librdkafka/", r"src/eventlog/kafka/.*\.cpp", "eventlog/event_log.hpp"),
    (r"sqlite3", r"src/cli/sqlite_table\.cpp", "cli/sqlite_table.hpp"),
    (r"openssl/", r"src/.*\.cpp", "a header of base/ that hides it"),
    (r"catch2/", r"tests/.*", "nothing: tests live in tests/"),
]

SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "linux/", "net/")


def check(sources):
    for source in sources:
        if not source.path.endswith((".hpp", ".cpp")) or not source.path.startswith(("src/", "tests/")):
            continue
        includes = [(m.group(1), line_of(source.code, m.start())) for m in INCLUDE.finditer(source.code)]
        if source.folder:
            yield from layers(source, includes)
            yield from homes(source, includes)
        yield from order(source, includes)


def layers(source, includes):
    allowed = LAYERS.get(source.folder)
    if allowed is None:
        yield Finding(
            source.path, 1, f"src/{source.folder} has no place in the layers", "add it to LAYERS and docs/architecture.md"
        )
        return
    for name, line in includes:
        if not name.startswith('"'):
            continue
        path = name.strip('"')
        folder = path.split("/")[0]
        if folder not in LAYERS:
            yield Finding(source.path, line, f"{name} is not a path from src/", f'"{source.folder}/{path}"')
        elif folder != source.folder and folder not in allowed:
            yield Finding(
                source.path, line, f"{source.folder}/ may not include {folder}/",
                "turn the dependency round with an interface or a callback (docs/architecture.md)",
            )
        elif re.match(r"eventlog/(embedded|kafka|simulated)/", path) and source.folder not in ("eventlog", "app", "sim", "check", "transfer"):
            yield Finding(source.path, line, f"{name} is one implementation of the log", '"eventlog/event_log.hpp"')


def homes(source, includes):
    for name, line in includes:
        for library, home, instead in HOMES:
            if re.match(library, name.strip('<>"')) and not re.fullmatch(home, source.path):
                yield Finding(source.path, line, f"{name} has its home in {home}", instead)


def order(source, includes):
    """Own header, then KWQ's, then third-party, then the standard library and the system."""
    highest = 0
    for name, line in includes:
        rank = rank_of(source.path, name)
        if rank < highest:
            yield Finding(
                source.path, line, f"{name} comes too late", 'own header, then "kwq/...", then third-party <>, then std'
            )
            return
        highest = rank


def rank_of(path, name):
    bare = name.strip('<>"')
    if name.startswith('"'):
        stem = re.sub(r"\.\w+$", "", bare)
        return 0 if path.endswith(f"src/{stem}.cpp") or path == f"src/{stem}.cpp" else 1
    if "/" in bare and not bare.startswith(SYSTEM_FOLDERS):
        return 2
    return 3

"""What is on the topics of a run, as kcat prints it: no code of the server's reads it."""
import json
import subprocess

PATIENCE_S = 60


class Record:
    def __init__(self, line):
        self.line = line
        self.topic, self.partition, self.offset = line["topic"], line["partition"], line["offset"]
        self.at, self.key, self.text = line["ts"], line.get("key") or "", line.get("payload") or ""

    @property
    def where(self):
        return f"{self.topic}/{self.partition}@{self.offset}"

    @property
    def value(self):
        return json.loads(self.text)


def kcat(brokers, *arguments):
    return subprocess.run(["kcat", "-b", brokers, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=PATIENCE_S, check=True).stdout.decode()


def names(brokers, prefix):
    """Of KWQ's topics, that of the events first: what it names is there when the others are read."""
    listed = [one["topic"] for one in json.loads(kcat(brokers, "-L", "-J"))["topics"]]
    return sorted((name for name in listed if name.startswith(prefix + "-")), key=lambda name: not name.endswith("-status"))


def read(brokers, topic):
    """All partitions from the beginning to the end: {partition: records}."""
    found = {}
    for line in kcat(brokers, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J", "-X",
                     "isolation.level=read_uncommitted", "-X", "fetch.wait.max.ms=50").splitlines():
        record = Record(json.loads(line))
        found.setdefault(record.partition, []).append(record)
    return found


def read_all(brokers, prefix):
    """{topic without its prefix: {partition: records}}."""
    return {name[len(prefix) + 1:]: read(brokers, name) for name in names(brokers, prefix)}


def as_json(all_topics):
    return {name: {str(p): [one.line for one in records] for p, records in of.items()} for name, of in all_topics.items()}


def from_json(kept):
    return {name: {int(p): [Record(one) for one in lines] for p, lines in of.items()} for name, of in kept.items()}

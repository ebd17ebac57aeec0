"""How a server under test is told to keep its log on the broker that with_broker.py started."""
import os
import secrets
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))


def brokers():
    return os.environ["KWQ_KAFKA_BROKERS"]


def settings(of=None):
    """With topics that no other test has."""
    return {"log": "kafka", "kafka-brokers": of or brokers(), "kafka-replication": "1", "kafka-min-insync": "1",
            "topic-prefix": f"t{secrets.token_hex(6)}"}


def flags(of=None):
    return [word for name, value in settings(of).items() for word in (f"--{name}", value)]


def environment():
    return {"KWQ_" + name.upper().replace("-", "_"): value for name, value in settings().items()}

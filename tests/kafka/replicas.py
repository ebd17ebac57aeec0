"""Asks a broker who has what, and what is committed: two of Kafka's requests, spoken by hand."""
import socket
import struct


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(">" + form)
        return value

    def text(self):
        size = self.number("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def list(self, item):
        return [item() for _ in range(self.number("i"))]


def exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
    return data


def partitions(address, port, timeout=5):
    """(topic, partition, leader, replicas, in-sync replicas) of all."""
    with socket.create_connection((address, port), timeout=timeout) as connection:
        request = struct.pack(">hhih3si", 3, 1, 1, 3, b"kwq", -1)  # Metadata 1, correlation 1, client, all topics
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = Reader(exactly(connection, struct.unpack(">i", exactly(connection, 4))[0]))
    answer.number("i")  # correlation
    answer.list(lambda: (answer.number("i"), answer.text(), answer.number("i"), answer.text()))  # brokers
    answer.number("i")  # controller
    found = []

    def partition(topic):
        answer.number("h")
        number, leader = answer.number("i"), answer.number("i")
        found.append((topic, number, leader, answer.list(lambda: answer.number("i")), answer.list(lambda: answer.number("i"))))

    def topic():
        answer.number("h")
        name = answer.text()
        answer.number("b")
        answer.list(lambda: partition(name))
    answer.list(topic)
    return found


def committed(address, port, group, timeout=5):
    """What a group has committed: {(topic, partition): offset}. OffsetFetch, version 2, of the broker that has it."""
    with socket.create_connection((address, port), timeout=timeout) as connection:
        name = group.encode()
        request = (struct.pack(">hhih3sh", 9, 2, 1, 3, b"kwq", len(name)) + name + struct.pack(">i", -1))  # all topics
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = Reader(exactly(connection, struct.unpack(">i", exactly(connection, 4))[0]))
    answer.number("i")  # correlation
    found = {}

    def partition(topic):
        number, offset = answer.number("i"), answer.number("q")
        answer.text()
        answer.number("h")
        found[topic, number] = offset

    def topic():
        name = answer.text()
        answer.list(lambda: partition(name))
    answer.list(topic)
    return found


def all_in_sync(cluster):
    """Every node says that every partition has a leader and all of its replicas: the next fault is the only one."""
    try:
        return all(leader >= 0 and len(there) == len(all_of) for node in cluster.nodes
                   for _, _, leader, all_of, there in partitions(node.address, node.port))
    except (OSError, struct.error):
        return False

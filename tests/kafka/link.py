"""A way between a client and a broker that can be cut: a TCP relay on the loopback, one thread for each connection.

Cut, it takes nothing and passes nothing on, in both directions or in one, and closes nothing: as a network that drops
packets looks to both ends. Healed, the connections of before are closed.
"""
import contextlib
import select
import socket
import threading

CHUNK = 1 << 18
LOOK_S = 0.2


class Link:
    def __init__(self, to):
        self.to = to
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.at = self.listener.getsockname()
        self.mutex = threading.Lock()
        self.open = []  # pairs; under mutex
        self.cut_ways = set()  # "there", "back"
        self.closed = False
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self, *ways):
        self.cut_ways = set(ways or ("there", "back"))

    def heal(self):
        """What hung in between is lost, and both ends hear so."""
        with self.mutex:
            pairs = list(self.open)
        for one in (end for pair in pairs for end in pair):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.cut_ways = set()

    def close(self):
        self.closed = True
        self.listener.close()
        self.heal()

    def accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        with client:
            while "there" in self.cut_ways and not self.closed:
                select.select([], [], [], LOOK_S)
            try:
                broker = socket.create_connection(self.to, timeout=5)
            except OSError:
                return
            with broker:
                broker.settimeout(None)
                pair = (client, broker)
                for one in pair:
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.mutex:
                    self.open.append(pair)
                with contextlib.suppress(OSError):
                    self.pass_on(client, broker)
                with self.mutex:
                    self.open.remove(pair)

    def pass_on(self, client, broker):
        while not self.closed:
            wanted = [one for one, way in ((client, "there"), (broker, "back")) if way not in self.cut_ways]
            ready = select.select(wanted, [], [], LOOK_S)[0]
            for one in ready:
                data = one.recv(CHUNK)
                if not data:
                    return
                (broker if one is client else client).sendall(data)

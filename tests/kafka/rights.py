"""Gives users of a secured broker rights. Kafka's own tool for that is not among the jars, so the client library does it,
which is there because KWQ needs it."""
import ctypes

ANSWER_MS = 20_000
# Numbers of librdkafka's enumerations: kinds of resources, patterns of names, operations.
TOPIC, GROUP, CLUSTER = 2, 3, 4
LITERAL, PREFIXED = 3, 4
OPERATIONS = {"read": 3, "write": 4, "create": 5, "delete": 6, "describe": 8, "describe_configs": 10}
ALLOW = 3

Pointer = ctypes.c_void_p


class Giver:
    """A connection of somebody who may. Functions are called by their names without `rd_kafka_`."""

    def __init__(self, brokers, properties):
        self.library = ctypes.CDLL("librdkafka.so.1")
        self.why = ctypes.create_string_buffer(512)
        conf = self.pointer("conf_new")
        for line in [*properties.splitlines(), f"bootstrap.servers={brokers}"]:
            name, value = line.split("=", 1)
            self.library.rd_kafka_conf_set(conf, name.encode(), value.encode(), self.why, len(self.why))
        self.client = self.pointer("new", 0, conf, self.why, ctypes.c_size_t(len(self.why)))
        if not self.client:
            raise RuntimeError(self.why.value.decode())

    def pointer(self, name, *arguments):
        call = getattr(self.library, f"rd_kafka_{name}")
        call.restype = Pointer
        return Pointer(call(*arguments))

    def give(self, user, kind, name, pattern, *operations):
        wanted = [self.pointer("AclBinding_new", kind, name.encode(), pattern, f"User:{user}".encode(), b"*",
                               OPERATIONS[operation], ALLOW, self.why, ctypes.c_size_t(len(self.why)))
                  for operation in operations]
        queue = self.pointer("queue_new", self.client)
        self.library.rd_kafka_CreateAcls(self.client, (Pointer * len(wanted))(*wanted), ctypes.c_size_t(len(wanted)),
                                         None, queue)
        event = self.pointer("queue_poll", queue, ANSWER_MS)
        answer = self.pointer("event_CreateAcls_result", event) if event else None
        if not answer:
            raise RuntimeError("no answer to CreateAcls")
        count = ctypes.c_size_t()
        results = ctypes.cast(self.pointer("CreateAcls_result_acls", answer, ctypes.byref(count)),
                              ctypes.POINTER(Pointer))
        for n in range(count.value):
            if error := self.pointer("acl_result_error", Pointer(results[n])):
                raise RuntimeError(ctypes.string_at(self.pointer("error_string", error)).decode())

    def close(self):
        self.library.rd_kafka_destroy(self.client)

#!/usr/bin/env python3
"""Submits sums to KWQ and waits for their results:  submit.py [NUMBER ...]

Standard library only. The server is $KWQ_URL (default http://127.0.0.1:8080), its token $KWQ_TOKEN.
"""
import json
import os
import sys
import urllib.request
import uuid

URL = os.environ.get("KWQ_URL", "http://127.0.0.1:8080") + "/kwq/v1"
HEADERS = {"Content-Type": "application/json"}
if os.environ.get("KWQ_TOKEN"):
    HEADERS["Authorization"] = "Bearer " + os.environ["KWQ_TOKEN"]


def call(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {**HEADERS, **headers}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


numbers = [int(n) for n in sys.argv[1:]] or [1, 2, 3]
tasks = [{"job": "sums", "tags": ["example:python"], "priority": 7, "payload": {"upto": n}} for n in numbers]
# The same key makes the same ids: after a lost answer, the same call again submits nothing twice.
submitted = call("POST", "/tasks", tasks, **{"Idempotency-Key": uuid.uuid4().hex})["tasks"]
for number, task in zip(numbers, submitted):
    done = call("GET", f"/tasks/{task['id']}?until=terminal&wait_s=30&after={task['position']}")
    print(number, done["state"], done.get("result", done.get("error")))

#!/usr/bin/env python3
"""A KWQ worker: takes tasks {"upto": n} and adds up 1..n.  KWQ_URL=… worker.py [--until-empty]"""
import json, os, sys, threading, time, urllib.error, urllib.request

URL, NAME = os.environ.get("KWQ_URL", "http://127.0.0.1:8080") + "/kwq/v1", f"python-{os.getpid()}"
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ.get("KWQ_TOKEN", "none")}

def post(path, body):
    while True:  # until the server is there; a report that is repeated counts once
        try:
            request = urllib.request.Request(URL + path, json.dumps(body).encode(), HEADERS)
            return json.load(urllib.request.urlopen(request, timeout=60))
        except OSError as error:  # HTTPError too: only 503 is worth another try
            if getattr(error, "code", 503) != 503:
                raise
            time.sleep(1)

def keep_alive(lease, period, over):  # until the work is over, or nobody wants it any more
    while not over.wait(period):
        try:
            if post(f"/leases/{lease}/heartbeat", {})["directive"] == "cancel":
                over.set()
        except urllib.error.HTTPError:  # 409: the task is another worker's now
            over.set()

def work(payload, over):
    return {"sum": sum(n for n in range(payload["upto"] + 1) if not over.is_set())}

wait, settle, leases = 1 if "--until-empty" in sys.argv else 20, [], [None]
while leases or wait == 20:
    leases, settle = post("/leases", {"worker": NAME, "wait_s": wait, "settle": settle})["leases"], []
    for lease in leases:
        over = threading.Event()
        threading.Thread(target=keep_alive, args=(lease["lease"], lease["task"]["lease_s"] / 3, over)).start()
        try:
            outcome = {"outcome": "complete", "result": work(lease["task"]["payload"], over)}
        except Exception as error:
            outcome = {"outcome": "error", "message": repr(error)}
        settle += [] if over.is_set() else [{"lease": lease["lease"], **outcome}]
        over.set()

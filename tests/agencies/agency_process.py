"""Start, steer and stop simulated agencies from a test or the demo. Standard library only."""
import json
import os
import subprocess
import sys
import urllib.request

import book as books

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agency.py")


class AgencyProcess:
    """One agency in its own process. `port` 0: the system chooses; a second start() keeps the port.

        with AgencyProcess("G01.29.07", folder, idempotent=True, results=True) as police:
            police.rules([{"do": "http", "status": 503, "retry_after": 1, "times": 3}])
            ...
            assert police.summary().doubled == {}
    """

    def __init__(self, code, folder, port=0, idempotent=False, results=False, rules=(), door="open"):
        self.code, self.port = code, port
        self.book = os.path.join(folder, f"{code}.book.jsonl")
        self.options = ["--rules", json.dumps(list(rules)), "--door", door]
        self.options += ["--idempotent"] if idempotent else []
        self.options += ["--results"] if results else []
        self.process, self.control_port = None, 0

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, "--code", self.code, "--book", self.book, "--port", str(self.port),
             *self.options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"agency {self.code} did not start, exit status {self.process.wait()}")
        told = json.loads(line)
        self.port, self.control_port = told["port"], told["control"]
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process.stdout.close()
            self.process = None

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def control(self, **order):
        """Sends the order, gives the state after it. No order: the state."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.control_port}/",
                                         data=json.dumps(order).encode() if order else None)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)

    def rules(self, rules):
        return self.control(rules=list(rules))

    def down(self):
        return self.control(door="down")

    def up(self):
        return self.control(door="open")

    def finish(self):
        """The results that a rule with `unfinished` kept back."""
        return self.control(finish=True)

    def offer(self, **item):
        """Into its outbox, as it is; `id`, `at` and `seq` are added."""
        return self.control(offer=[item])

    def lines(self):
        return books.read_book(self.book)

    def summary(self):
        return books.Summary(self.lines())

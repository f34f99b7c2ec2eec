"""The book of a simulated agency: what it received and what it did, one JSON object a line, synced before it answers.

It is the truth about lost and doubled, because nobody but the agency writes it. An agency started again on the same
book goes on where it stopped. `Book` writes (one process); `read_book`, `Summary` are for tests, the demo and people.

A line has `event`:
  request   at_ms, method, path, call (create, probe), key, dossier, kind, step, connection, reused, rule, acted,
            at_once (POSTs being worked on just then), repeated (the key had been acted on before), status (about to
            be answered; null: nothing), body
  result    at_ms, seq, id, key, dossier, item (what stands in the outbox)
"""
import collections
import json
import os
import threading
import time


def now_ms():
    return time.time_ns() // 1_000_000


def read_book(path):
    """All lines so far. A line that is just being written is left out."""
    lines = []
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    lines.append(json.loads(line))
    except FileNotFoundError:
        pass
    return lines


class Summary:
    """Counts over one book, by idempotency key.

    posts[key]    POSTs about this handoff that reached the agency, acted on or not
    acts[key]     how often it was acted on: 0 or 1 when all is well
    dossiers[key] its dossier code
    order[dossier]  keys in the order of their first acting
    """

    def __init__(self, lines):
        self.posts, self.acts = collections.Counter(), collections.Counter()
        self.probes, self.dossiers = collections.Counter(), {}
        self.order, self.bodies = collections.defaultdict(list), {}
        for line in lines:
            if line["event"] != "request":
                continue
            key = line["key"]
            if line["call"] == "probe":
                self.probes[key] += 1
            if line["call"] != "create":
                continue
            self.posts[key] += 1
            self.dossiers[key] = line["dossier"]
            if line["acted"]:
                if not self.acts[key]:
                    self.order[line["dossier"]].append(key)
                    self.bodies[key] = line["body"]
                self.acts[key] += 1

    @property
    def acted(self):
        return {key for key, count in self.acts.items() if count}

    @property
    def doubled(self):
        return {key: count for key, count in self.acts.items() if count > 1}


class Book:
    """Append-only. Every method holds the lock: what it returns was true at one moment."""

    def __init__(self, path):
        self.lock = threading.RLock()
        self.answers, self.outbox = {}, []       # answers[key] = first acted-on line
        for line in read_book(path):
            self._remember(line)
        # A line cut by a crash was never answered: it goes, so that it cannot run into the next one.
        self.file = open(path, "ab", buffering=0)
        os.truncate(path, self._whole_bytes(path))

    @staticmethod
    def _whole_bytes(path):
        with open(path, "rb") as file:
            return file.read().rfind(b"\n") + 1

    def _remember(self, line):
        if line["event"] == "result":
            self.outbox.append(line)
        elif line["acted"] and line["key"]:
            self.answers.setdefault(line["key"], line)

    def write(self, line):
        with self.lock:
            line = {"at_ms": now_ms(), **line}
            self.file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            os.fsync(self.file.fileno())
            self._remember(line)
            return line

"""A bad line of the kernel's own: two network namespaces, a veth pair between them, and netem at both ends.

The near end is the namespace that the test runs in (10.231.0.1; `make wan` gives it one of its own), the far end a new
one (10.231.0.2). The same orders as to line.py's relay, and root as there. What is late is also out of order now and
then, and doubled: netem can do that, so it does. A cut is either a hole that swallows every packet ("loss"), or the
near end's device set down ("down"), which both kernels notice: the one has no route any more, the other no carrier.
"""
import json
import os
import subprocess

from line import FAR, NEAR, ip

QUEUE_PACKETS = 10000
OUT_OF_ORDER, DOUBLED = "5%", "1%"


class NoNetem(OSError):
    """This kernel cannot do it; the sentence is tc's."""


class Netem:
    def __init__(self, cut_by="loss"):
        assert cut_by in ("loss", "down")
        self.cut_by = cut_by
        self.namespace = f"lienthong-{os.getpid()}"
        self.near, self.far = (f"lt{os.getpid() % 100000}{end}" for end in "ab")
        self.ends = ((self.near, NEAR, FAR, ()), (self.far, FAR, NEAR, ("-n", self.namespace)))
        self.state = {"delay_ms": 0, "jitter_ms": 0, "loss": 0.0, "cut": False}
        ip("netns", "add", self.namespace)
        try:
            self.set_up()
        except BaseException:
            self.stop()
            raise

    def set_up(self):
        ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.namespace)
        for device, own, other, where in self.ends:
            # One packet is one segment: else the kernel hands over 64 KiB at once, and loses all of it or nothing.
            ip(*where, "link", "set", device, "gso_max_segs", "1")
            ip(*where, "addr", "add", own, "peer", other, "dev", device)
            ip(*where, "link", "set", device, "up")
            try:
                self.tc("add", device, where, "netem", "limit", str(QUEUE_PACKETS))
            except subprocess.CalledProcessError as error:
                raise NoNetem(error.stderr.strip()) from error
        ip("-n", self.namespace, "link", "set", "lo", "up")

    @staticmethod
    def tc(verb, device, where, *words):
        subprocess.run(["tc", *where, "qdisc", verb, "dev", device, "root", *words], check=True, capture_output=True,
                       text=True)

    def order(self, **order):
        """Gives the number of packets carried and lost so far."""
        assert set(order) <= set(self.state)
        self.state.update(order)
        state, words = self.state, ["netem", "limit", str(QUEUE_PACKETS)]
        if state["delay_ms"]:
            half_ms = state["jitter_ms"] / 2          # netem's jitter goes both ways, line.py's is added
            words += ["delay", f"{state['delay_ms'] + half_ms}ms", f"{half_ms}ms", "reorder", OUT_OF_ORDER,
                      "duplicate", DOUBLED]
        lost = 1 if state["cut"] and self.cut_by == "loss" else state["loss"]
        words += ["loss", f"{lost:.2%}"] if lost else []
        for device, _, _, where in self.ends:
            self.tc("change", device, where, *words)
        ip("link", "set", self.near, "down" if state["cut"] and self.cut_by == "down" else "up")
        return self.counts()

    def counts(self):
        counts = {"carried": 0, "lost": 0}
        for device, _, _, where in self.ends:
            told = subprocess.run(["tc", *where, "-s", "-j", "qdisc", "show", "dev", device], check=True,
                                  capture_output=True, text=True)
            netem = next(qdisc for qdisc in json.loads(told.stdout) if qdisc["kind"] == "netem")
            counts["carried"] += netem["packets"]
            counts["lost"] += netem["drops"]
        return counts

    def stop(self):
        subprocess.run(["ip", "link", "del", self.near], check=False, capture_output=True)    # the far one goes with it
        subprocess.run(["ip", "netns", "del", self.namespace], check=False, capture_output=True)

    def command(self, *words):
        """To be run at the far end."""
        return ["ip", "netns", "exec", self.namespace, *words]

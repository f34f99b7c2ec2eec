"""Starts peer.py's processes, freezes and thaws them, and measures beside them."""
import json
import os
import signal
import statistics
import subprocess
import sys
import threading

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")


class Peers:
    def __init__(self):
        self.crowd, self.probe_process = [], None

    def run(self, gateway, role, *arguments):
        return subprocess.Popen([sys.executable, PROGRAM, gateway.folder, str(gateway.port), role,
                                 *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, gateway, role, *arguments):
        """Until it says that all its connections stand."""
        process = self.run(gateway, role, *arguments)
        self.crowd.append(process)
        line = process.stdout.readline()
        assert line, f"{role} did not start"
        return json.loads(line)

    def freeze(self):
        for process in self.crowd:
            process.send_signal(signal.SIGSTOP)

    def thaw(self):
        for process in self.crowd:
            process.send_signal(signal.SIGCONT)

    def end_crowd(self):
        for process in self.crowd:
            process.kill()
            process.wait(10)
        self.crowd = []

    def stop(self):
        self.end_crowd()
        if self.probe_process:
            self.probe_process.kill()
            self.probe_process.wait(10)

    def measure(self, gateway, seconds):
        """{count, unanswered, p50_ms, p99_ms} of SUBMITs at 200 a second by a sender who minds his own business."""
        if not self.probe_process:
            self.probe_process = self.run(gateway, "probe")
        self.probe_process.stdin.write(f"{seconds}\n")
        self.probe_process.stdin.flush()
        line = self.probe_process.stdout.readline()
        assert line, "the probe ended"
        return json.loads(line)


class Memory:
    """The most that the broker held while this was open: its anonymous pages, looked at ten times a second."""

    def __init__(self, gateway):
        self.gateway, self.most, self.end = gateway, gateway.memory_bytes(), threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.end.wait(0.1):
            self.most = max(self.most, self.gateway.memory_bytes())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


def ratio_beside(gateway, peers, rounds, seconds):
    """Accept p99 beside the crowd, over that without it: each round measures quiet, then hostile; the median round."""
    ratios, told = [], []
    for _ in range(rounds):
        peers.freeze()
        peers.measure(gateway, 0.3)             # what lies in queues from before is gone
        quiet = peers.measure(gateway, seconds)
        peers.thaw()
        peers.measure(gateway, 0.3)
        loud = peers.measure(gateway, seconds)
        assert not quiet["unanswered"]
        if loud["unanswered"]:                  # also those answered "busy": it had to wait for too many
            loud["p99_ms"] = float("inf")
        ratios.append(loud["p99_ms"] / quiet["p99_ms"])
        told.append((round(quiet["p99_ms"], 2), round(loud["p99_ms"], 2)))
    return statistics.median(ratios), told

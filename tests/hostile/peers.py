"""Starts and ends peer.py's processes, and measures beside them."""
import json
import os
import signal
import statistics
import subprocess
import sys
import threading

MIB = 1 << 20
# gateway/broker/README.md, "Memory".
FIXED, CONNECTION, QUEUE, WAITING = 96 * MIB, 96 << 10, 8 * MIB, 128 * MIB

STAYING = ("idle", "half_open", "slow_reader")
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")


class Peers:
    def __init__(self):
        self.crowd, self.probe_process, self.role = [], None, None

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

    def quieten(self):
        """Whoever does his harm by being there goes; whoever does it by what he sends stands still, for the broker
        remembers who came too often."""
        if self.crowd and self.role in STAYING:
            self.end_crowd()
        for process in self.crowd:
            process.send_signal(signal.SIGSTOP)

    def stir(self, gateway, role, *arguments):
        self.role = role
        if not self.crowd:
            self.start(gateway, role, *arguments)
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


def ratio_beside(gateway, peers, crowd, rounds, seconds):
    """Accept p99 beside the crowd over that without it, the median of the rounds each. A round measures both, in turns
    the one and the other first, so that what else the machine does falls on both alike."""
    took = {"quiet": [], "hostile": []}
    for number in range(rounds):
        for half in ("quiet", "hostile") if number % 2 else ("hostile", "quiet"):
            if half == "hostile":
                peers.stir(gateway, *crowd)
            else:
                peers.quieten()
            peers.measure(gateway, 0.7)         # what lies in queues from before is gone
            told = peers.measure(gateway, seconds)
            assert half == "hostile" or not told["unanswered"]
            # also those answered "busy": they had to wait for too many
            took[half].append(float("inf") if told["unanswered"] else round(told["p99_ms"], 2))
    return statistics.median(took["hostile"]) / statistics.median(took["quiet"]), took

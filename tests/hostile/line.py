#!/usr/bin/python3
"""A bad line: two ends that carry IP packets, and a process between them that delays, loses, doubles and cuts.

The far end lies in a network namespace of its own (10.231.0.2), the near one here (10.231.0.1). What is lost is lost to
the kernel's own TCP, as on a real line; nothing on either side knows of it. The kernel's netem would do the same; this
needs only /dev/net/tun, and can be told from a test what to do next. Root only.

    line.py NAMESPACE       orders on standard input, one JSON object a line: {"delay_ms", "jitter_ms", "loss", "cut"}
"""
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

NEAR, FAR = "10.231.0.1", "10.231.0.2"
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Line:
    """From a test: the process, and what it is told."""

    def __init__(self):
        self.namespace = f"lienthong-{os.getpid()}"
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), self.namespace],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise OSError("no line: needs root, network namespaces and /dev/net/tun")

    def order(self, **order):
        """Gives the number of packets carried, lost and cut so far."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)

    def command(self, *words):
        """To be run at the far end."""
        return ["ip", "netns", "exec", self.namespace, *words]


def open_tun(name):
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return file


def set_up(namespace):
    ip("netns", "add", namespace)
    names = [f"lt{os.getpid() % 100000}{end}" for end in "ab"]
    files = [open_tun(name) for name in names]
    ip("link", "set", names[1], "netns", namespace)
    for name, own, other, where in ((names[0], NEAR, FAR, ()), (names[1], FAR, NEAR, ("-n", namespace))):
        ip(*where, "addr", "add", own, "peer", other, "dev", name)
        ip(*where, "link", "set", name, "up")
    ip("-n", namespace, "link", "set", "lo", "up")
    return files


def carry(files):
    state = {"delay_ms": 0, "jitter_ms": 0, "loss": 0.0, "cut": False}
    counts = {"carried": 0, "lost": 0, "cut": 0}
    waiting, number = [], 0
    other = {files[0]: files[1], files[1]: files[0]}
    while True:
        wait = max(0, waiting[0][0] - time.monotonic()) if waiting else 1
        ready, _, _ = select.select([*files, sys.stdin], [], [], wait)
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                return
            state.update(json.loads(line))
            print(json.dumps(counts), flush=True)
        for file in ready:
            if file in other:
                packet = os.read(file, 65536)
                number += 1
                fate = "cut" if state["cut"] else "lost" if random.random() < state["loss"] else "carried"
                counts[fate] += 1
                due = time.monotonic() + (state["delay_ms"] + random.random() * state["jitter_ms"]) / 1000
                if fate == "carried":
                    heapq.heappush(waiting, (due, number, other[file], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, file, packet = heapq.heappop(waiting)
            try:
                os.write(file, packet)
            except OSError:
                pass                    # its queue is full: lost, as on any line


def main():
    namespace = sys.argv[1]
    try:
        files = set_up(namespace)
        print("{}", flush=True)
        carry(files)
    finally:
        subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)


if __name__ == "__main__":
    main()

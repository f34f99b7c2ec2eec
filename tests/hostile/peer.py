#!/usr/bin/python3
"""One peer, or a crowd of one kind, in a process of its own: so that its work is not the test's, nor the probe's.

    peer.py FOLDER PORT ROLE [ARGUMENT...]

All but the probe give way to everybody else on this machine (nice 19): from another machine they would cost none of it.
"""
import hashlib
import json
import os
import socket
import sys
import threading
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("client", "agencies", "live", "hostile"):
    sys.path.insert(0, os.path.join(TESTS, folder))

import lienthong_pb2 as pb      # noqa: E402
import zmq                      # noqa: E402

import curve                    # noqa: E402
from blobs import BlobLink      # noqa: E402
from wire import Link, read_key  # noqa: E402
from words import KIND, PROBLEM, RECEIVER, SENDER  # noqa: E402

COUNTER, WARD, WARD_SENDS_ONLY, POLICE = "H29.07.00", "H29.07.01", "H29.07.02", "G01.29.07"


def say(**facts):
    print(json.dumps(facts), flush=True)


class Place:
    def __init__(self, site, port):
        self.site, self.port = site, int(port)
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.gateway = read_key(os.path.join(site, "keys/gateway.public"))

    def secret(self, code):
        return read_key(os.path.join(self.site, f"keys/{code}.secret"))

    def link(self, code):
        return Link(self.endpoint, self.gateway, self.secret(code))

    def dealer(self, context, secret):
        dealer = context.socket(zmq.DEALER)
        dealer.linger = 0
        dealer.curve_serverkey, dealer.curve_secretkey = self.gateway, secret
        dealer.curve_publickey = zmq.curve_public(secret)
        dealer.reconnect_ivl, dealer.reconnect_ivl_max = 10, 50
        return dealer


# ---------------------------------------------------------------- the one that is measured

def probe(place, rate="200"):
    """Reads seconds from standard input; submits at that rate for so long; says how long ACCEPTED took."""
    link, rate = place.link(COUNTER), float(rate)
    link.hello(SENDER)
    for line in sys.stdin:
        seconds, asked, took, busy = float(line), {}, [], 0
        begin = due = time.monotonic()
        while time.monotonic() < begin + seconds or asked and time.monotonic() < begin + seconds + 30:
            now = time.monotonic()
            if now >= due and now < begin + seconds:
                header = link.header(recipient=POLICE, dossier_code=f"H29.07-probe-{time.monotonic_ns()}",
                                     kind=KIND.FORWARD)
                asked[link.put_submit(header, b"x" * 1024)] = time.monotonic()
                due += 1 / rate
            envelope = link.receive(min(0.01, max(0, due - time.monotonic())))
            if envelope and envelope.correlation in asked:
                took.append(time.monotonic() - asked.pop(envelope.correlation))
                busy += envelope.WhichOneof("body") != "accepted"
        took.sort()
        say(count=len(took), unanswered=len(asked) + busy, p50_ms=took[len(took) // 2] * 1000,
            p99_ms=took[len(took) * 99 // 100] * 1000)


# ---------------------------------------------------------------- the clumsy and the hostile

def idle(place, count, code=WARD):
    """Connections with a good key that say nothing at all."""
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, int(count) + 16)
    dealers, polls = [], zmq.Poller()
    secret = place.secret(code)
    for index in range(int(count)):
        dealer = place.dealer(context, secret)
        monitor = dealer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED) if index >= int(count) - 8 else None
        dealer.connect(place.endpoint)
        dealers.append(dealer)
        if monitor:
            polls.register(monitor, zmq.POLLIN)
        time.sleep(0.001)
    polls.poll(20_000)
    say(connected=len(dealers))
    time.sleep(3600)


def half_open(place, count):
    """A third says nothing, a third greets and stops, a third says HELLO of CURVE and stops. Thrown out: once more."""
    wires = []
    first = True
    while True:
        while len(wires) < int(count):
            wire = curve.Wire(place.port)
            if len(wires) % 3:
                wire.greet()
            if len(wires) % 3 == 2:
                wire.hello(place.gateway)
            wire.socket.setblocking(False)
            wires.append(wire)
        if first:
            say(connected=len(wires))
            first = False
        time.sleep(0.1)
        for wire in list(wires):
            try:
                open_still = wire.socket.recv(4096)
            except BlockingIOError:
                open_still = True
            except OSError:
                open_still = False
            if not open_still:
                wire.close()
                wires.remove(wire)


def flood(place, count, size, code=WARD):
    """Frames of that size as fast as they are taken, from connections that never said HELLO: senseless bytes."""
    context = zmq.Context()
    dealers = [place.dealer(context, place.secret(code)) for _ in range(int(count))]
    frame = b"\x01" + os.urandom(int(size) - 1)
    for dealer in dealers:
        dealer.sndhwm = 2
        dealer.connect(place.endpoint)
    say(connected=len(dealers))
    polls = zmq.Poller()
    for dealer in dealers:
        polls.register(dealer, zmq.POLLOUT)
    while True:
        for dealer, _ in polls.poll(1000):
            dealer.send(frame, zmq.DONTWAIT, copy=False)


def flood_submits(place, count, code=WARD):
    """Sessions that submit the largest body there is, to somebody they may not send to, without waiting for answers."""
    links = [place.link(code) for _ in range(int(count))]
    for link in links:
        link.socket.sndhwm = 4
        link.hello(SENDER)
    say(connected=len(links))
    while True:
        for link in links:
            header = link.header(recipient="nobody", dossier_code="H29.07-flood", kind=KIND.FORWARD)
            try:
                link.socket.send(b"\x01" + pb.Envelope(correlation=1, submit=pb.Submit(
                    header=header.SerializeToString(), payload=b"x" * (256 << 10))).SerializeToString(), zmq.DONTWAIT)
            except zmq.Again:
                time.sleep(0.001)
            while link.socket.poll(0):
                answer = pb.Envelope.FromString(link.socket.recv()[1:])
                if answer.HasField("refused") and answer.refused.type == PROBLEM.NO_HELLO:
                    link.send("hello", pb.Hello(protocol=1, roles=SENDER))


def handshakes(place, code=""):
    """Connects with a random key, or with the agency's own, again and again, and stays with none."""
    context = zmq.Context()
    say(connected=1)
    while True:
        secret = place.secret(code) if code else zmq.curve_keypair()[1]
        dealer = place.dealer(context, secret)
        dealer.reconnect_ivl = -1
        monitor = dealer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH |
                                            zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED)
        dealer.connect(place.endpoint)
        monitor.poll(1000)
        dealer.disable_monitor()
        monitor.close()
        dealer.close()


def slow_reader(place, count, code=WARD):
    """Receivers that take all the credit there is and never read what they are given."""
    links = []
    for _ in range(int(count)):
        link = place.link(code)
        link.socket.close()
        link.socket = place.dealer(zmq.Context.instance(), place.secret(code))
        link.socket.rcvhwm, link.socket.rcvbuf = 1, 4096
        link.socket.connect(place.endpoint)
        link.hello(RECEIVER, credit=1024)
        links.append(link)
    say(connected=len(links))
    while True:
        time.sleep(1)
        for link in links:
            link.send("ping", pb.Ping(stamp_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000))


def blobs(place, endpoint, size, code=WARD):
    """Two uploads of new content and two downloads, all the time: as many transfers as one key may have."""
    threads, ready = [], threading.Semaphore(0)
    shared = [hashlib.sha256(content := os.urandom(int(size))).digest()]
    with BlobLink(endpoint, place.gateway, place.secret(code)) as link:
        link.put(content)

    def upload():
        link, number = BlobLink(endpoint, place.gateway, place.secret(code)), 0
        while True:
            number += 1
            link.put(os.urandom(16) + content[16:], 60)
            ready.release()

    def download():
        link = BlobLink(endpoint, place.gateway, place.secret(code))
        while True:
            link.get(shared[0], seconds=60)
            ready.release()
    for work in (upload, upload, download, download):
        threads.append(threading.Thread(target=work, daemon=True))
        threads[-1].start()
    for _ in threads:
        ready.acquire()
    say(connected=len(threads))
    for thread in threads:
        thread.join()


ROLES = {role.__name__: role for role in (probe, idle, half_open, flood, flood_submits, handshakes, slow_reader,
                                             blobs)}


def main():
    site, port, role, *arguments = sys.argv[1:]
    if role != "probe":
        os.nice(19)
    socket.setdefaulttimeout(10)
    ROLES[role](Place(site, port), *arguments)


main()

"""Whatever the clumsy and the hostile do, the others are served: their accept p99 stays within 1.5 x quiet, measured in
the same run, and the broker's memory within the bound that gateway/broker/README.md states.

A machine does other things too. So quiet and hostile are measured in turns, the medians of the rounds count, and one of
three such runs has to hold; the bound itself is not softened."""
import os

import pytest

from gateway import WARD, wait_for
from peers import CONNECTION, FIXED, MIB, QUEUE, WAITING, Memory, ratio_beside
from words import KIND

pytestmark = pytest.mark.long          # ratios of times say nothing while others load the machine
ROUNDS, SECONDS, RUNS, RATIO_MAX = 5, 2, 3, 1.5


def holds(gateway, peers, capsys, name, crowd, memory_max):
    with Memory(gateway) as memory:
        for _ in range(RUNS):
            ratio, told = ratio_beside(gateway, peers, crowd, ROUNDS, SECONDS)
            if ratio <= RATIO_MAX:
                break
    with capsys.disabled():
        print(f"\n    {name}: accept p99 {ratio:.2f} x quiet {told}, memory {memory.most / MIB:.1f} of "
              f"{memory_max / MIB:.0f} MiB", flush=True)
    assert memory.most <= memory_max
    assert ratio <= RATIO_MAX, f"p99 in ms: {told}"
    assert gateway.broker.poll() is None


def stored_bytes(gateway):
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in
               os.walk(gateway.path("store/blobs")) for name in names if not folder.endswith("new"))


def test_half_open_connections(gateway, peers, capsys):
    """Connected and silent, greeted and stopped, stopped in the handshake of CURVE: 300 at a time, always new ones."""
    gateway.start_broker()
    holds(gateway, peers, capsys, "half-open", ("half_open", 300), FIXED + 300 * CONNECTION)


def test_handshakes_with_random_keys(gateway, peers, capsys):
    gateway.start_broker()
    holds(gateway, peers, capsys, "random keys", ("handshakes",), FIXED + 100 * CONNECTION)
    assert int(gateway.facts()["keys_refused"]) > 20


def test_handshakes_with_a_good_key(gateway, peers, capsys):
    """One agency's program that connects in a loop: put off after handshakes_per_minute, the others are not."""
    gateway.start_broker()
    holds(gateway, peers, capsys, "handshakes of a good key", ("handshakes", WARD), FIXED + 100 * CONNECTION)


def test_a_thousand_idle_connections(gateway, peers, capsys):
    gateway.start_broker()
    holds(gateway, peers, capsys, "1,000 idle", ("idle", 1000), FIXED + 1000 * CONNECTION)


def test_a_flood_of_frames_of_1_mib(gateway, peers, capsys):
    """They are cut off, come back, and are put off after a few times (handshakes_per_minute as it is by default)."""
    gateway.replace("broker.yaml", "handshakes_per_minute: 6000", "handshakes_per_minute: 120")
    gateway.start_broker()
    holds(gateway, peers, capsys, "1 MiB frames", ("flood", 4, MIB), FIXED + 4 * (CONNECTION + QUEUE))


def test_a_flood_of_frames_that_are_too_large(gateway, peers, capsys):
    gateway.replace("broker.yaml", "handshakes_per_minute: 6000", "handshakes_per_minute: 120")
    gateway.start_broker()
    holds(gateway, peers, capsys, "frames over 1 MiB", ("flood", 4, MIB + 1), FIXED + 8 * (CONNECTION + QUEUE))


def test_a_flood_of_large_submits_that_are_refused(gateway, peers, capsys):
    """By sessions in good order: they are cut off after 8 MiB, and put off when they come back too often."""
    gateway.replace("broker.yaml", "handshakes_per_minute: 6000", "handshakes_per_minute: 120")
    gateway.start_broker()
    holds(gateway, peers, capsys, "refused submits of 256 KiB", ("flood_submits", 4),
          FIXED + 4 * (CONNECTION + 2 * QUEUE))


def test_receivers_that_never_read(gateway, peers, capsys):
    """They ask for all the credit there is, for a backlog of the largest bodies, and read nothing."""
    gateway.start_broker()
    sender = gateway.link("H29.07.00")
    asked = [sender.put_submit(sender.header(recipient=WARD, dossier_code=gateway.dossier(), kind=KIND.FORWARD),
                               b"x" * (256 << 10)) for _ in range(200)]
    for correlation in asked:
        sender.answer_to(correlation, 60)
    holds(gateway, peers, capsys, "receivers that never read", ("slow_reader", 8),
          FIXED + 8 * (CONNECTION + QUEUE) + WAITING)


def test_large_attachments_without_a_pause(gateway, peers, capsys):
    """One agency has all four transfers of its key under way all the time, two up and two down. Their bytes are written
    and read back, sealed and opened, hashed and synced beside everybody's turns."""
    gateway.start_broker()
    holds(gateway, peers, capsys, "attachments", ("blobs", gateway.blob_endpoint, 32 * MIB),
          FIXED + 4 * (CONNECTION + 2 * QUEUE))
    before = stored_bytes(gateway)
    peers.stir(gateway, "blobs")
    wait_for(lambda: stored_bytes(gateway) > before, 60, "uploads are stored")

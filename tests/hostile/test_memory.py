"""The broker's memory stays within the bound that gateway/broker/README.md states, whoever comes, all at once; and
somebody who minds his own business is served meanwhile. No time is measured here: see test_neighbours.py."""
from gateway import COUNTER, POLICE, WARD, WARD_SENDS_ONLY, wait_for
from peers import CONNECTION, FIXED, MIB, QUEUE, WAITING, Memory
from test_identity import submit
from words import KIND, STATE

IDLE, HALF_OPEN, FLOODS, READERS = 300, 90, 3, 4


def test_the_bound_holds_with_every_kind_of_peer_at_once(gateway, peers, capsys):
    gateway.start_broker()
    sender = gateway.link(COUNTER)
    asked = [sender.put_submit(sender.header(recipient=WARD, dossier_code=gateway.dossier(), kind=KIND.FORWARD),
                               b"x" * (256 << 10)) for _ in range(60)]
    for correlation in asked:
        sender.answer_to(correlation, 60)
    with Memory(gateway) as memory:
        peers.start(gateway, "idle", IDLE)
        peers.start(gateway, "half_open", HALF_OPEN)
        peers.start(gateway, "slow_reader", READERS)
        peers.start(gateway, "flood", FLOODS, MIB, WARD_SENDS_ONLY)
        peers.start(gateway, "handshakes")
        refused = int(gateway.facts()["keys_refused"])
        for _ in range(20):
            accepted = submit(sender, gateway, POLICE)
            assert gateway.state(accepted.handoff_id) == STATE.READY
        wait_for(lambda: int(gateway.facts()["keys_refused"]) > refused + 20, 60, "keys are refused all the while")
    connections = IDLE + HALF_OPEN + FLOODS + READERS + 32
    memory_max = FIXED + connections * CONNECTION + (FLOODS + READERS) * QUEUE + WAITING
    with capsys.disabled():
        print(f"\n    memory {memory.most / MIB:.1f} of {memory_max / MIB:.0f} MiB", flush=True)
    assert memory.most <= memory_max
    assert gateway.broker.poll() is None

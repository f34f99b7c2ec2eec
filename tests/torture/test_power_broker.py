"""The same cuts out of what the shipped broker did while clients spoke with it over CURVE: a mark stands in the
recording for every answer they had received. Each rebuilt store is checked, served by the shipped broker again,
which must know every repetition and every end it had confirmed, then audited and checked once more."""
import hashlib
import os
import random
import shutil
import signal

import pytest

import disk
from gateway import COUNTER
from place import CUTS, SEED
from power import examine, name_of, rebuild
from told import Clients, Told
from words import SENDER, STATE

PER_RECORDING = 20
OF_BROKER = max(CUTS - CUTS * 6 // 10, 1)
SEEDS = range(SEED, SEED + -(-OF_BROKER // PER_RECORDING))
ASKED_AGAIN = 40


def record(place, seed):
    """Two lives of a broker, the first one ended by kill -9, and its clients."""
    log = place.path("recording")
    place.record(log)
    told = Told(log)
    place.start_broker()
    clients = Clients(place, told, seed)
    clients.work(60)
    place.kill_broker()
    place.start_broker()
    for link in (clients.counter, *clients.receivers.values(), *clients.blobs.values()):
        link.close()
    clients.connect()
    clients.work(40)
    assert place.stop_broker() == 0
    told.close()
    place.environment.clear()
    return disk.read_log(log), clients


def read_again(place, told, dice):
    """What was stored, or read before, can be read, by the same agency."""
    known = sorted({tuple(words[1:3]) for words in map(str.split, told) if words[0] in ("stored", "read")})
    links = {code: place.blob_link(code) for code in {code for code, _ in known}}
    for code, sha256 in dice.sample(known, min(ASKED_AGAIN // 4, len(known))):
        assert hashlib.sha256(links[code].get(bytes.fromhex(sha256))).hexdigest() == sha256, (code, sha256)
    for link in links.values():
        link.close()


def serve_again(place, store, told, clients, dice):
    """The broker on that disk: what was accepted is so still, as a duplicate, and stands where it was said to stand."""
    place.store = store
    place.configure()
    place.start_broker()
    link = place.link(COUNTER, SENDER)
    accepted = {words[2]: words for words in map(str.split, told) if words[0] == "accepted"}
    ended = {int(words[1]): words[3] for words in map(str.split, told) if words[0] == "outcome"}
    for message_id in dice.sample(sorted(accepted), min(ASKED_AGAIN, len(accepted))):
        words = accepted[message_id]
        answer = link.answer_to(link.put_submit(*clients.headers[bytes.fromhex(message_id)]))
        assert answer.duplicate and answer.handoff_id == int(words[3]) and answer.content_hash.hex() == words[4], words
        assert answer.commit_seq == int(words[5]), words
    for handoff, state in ended.items():
        if state == "DELIVERED":
            assert place.state(handoff) == STATE.DELIVERED, handoff
    read_again(place, told, dice)
    link.close()
    place.admin_socket.close() if place.admin_socket else None
    place.admin_socket = None
    assert place.end(place.broker, signal.SIGTERM) == 0
    place.broker = None


@pytest.mark.parametrize("seed", SEEDS)
def test_cuts_of_the_broker(place, seed):
    records, clients = record(place, seed)
    dice = random.Random(f"broker {seed}")
    cuts = disk.choose(records, min(PER_RECORDING, OF_BROKER), dice)
    faults = []
    for cut, tree, told in disk.cut_at(records, cuts, seed):
        store = rebuild(tree, told, place.path("cut"))
        try:
            serve_again(place, store, told, clients, dice)
            fault = examine(store, place.folder, told)
        except AssertionError as problem:
            fault = str(problem)
            if place.broker:
                place.kill_broker()
        if fault:
            faults.append(f"SEED={seed} {name_of(records, cut)}: {fault}")
    shutil.rmtree(place.path("cut"))
    os.unlink(place.path("recording"))
    print(f"seed {seed}: {len(cuts)} cuts of {len(records)} calls, {len(clients.accepted)} accepted")
    assert not faults, "\n".join(faults)

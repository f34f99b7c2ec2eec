"""At the edges: the largest of everything, floods, connections that say nothing, what stands on disk, who may open
what."""
import os
import random
import socket
import stat

import lienthong_pb2 as pb
import pytest
import zmq

from content import content_hash
from gateway import COUNTER, POLICE, TAX, WARD, wait_for
from wire import Refusal, Silence, header_of
from words import CAUSE, KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

KIB = 1024


def drain(link):
    """Delivers whatever stands there for this receiver."""
    while delivered := link.deliver(0.3):
        link.outcome(delivered, VERDICT.DELIVERED)


def test_the_largest_delivery_there_can_be(running):
    """256 KiB of body and eight results of 60 KiB as inputs arrive whole, in one frame."""
    counter, ward = running.link(COUNTER), running.link(WARD, SENDER | RECEIVER, credit=8)
    police, dossier, earlier, results = running.link(POLICE, RECEIVER, credit=1), running.dossier(), [], {}
    for number in range(8):
        earlier.append(counter.submit(recipient=WARD, dossier_code=dossier, kind=KIND.FORWARD, step=f"step-{number}"))
        ward.outcome(ward.deliver(), VERDICT.DELIVERED)
    body = os.urandom(256 * KIB)
    header = counter.header(recipient=POLICE, dossier_code=dossier, kind=KIND.FORWARD,
                            content_type="application/octet-stream", after=[one.message_id for one in earlier])
    last = counter.answer_to(counter.put_submit(header, body))
    assert last.state == STATE.HELD
    for number, one in enumerate(earlier):
        results[f"step-{number}"] = os.urandom(60 * KIB)
        ward.submit(results[f"step-{number}"], recipient=COUNTER, dossier_code=dossier, kind=KIND.RESULT,
                    parent=one.handoff_id, content_type="application/octet-stream")
    delivered = police.deliver()
    assert delivered.handoff_id == last.handoff_id and delivered.payload == body
    assert {given.step: given.payload for given in delivered.routing.inputs} == results
    assert content_hash(header_of(delivered), delivered.payload) == delivered.routing.content_hash == last.content_hash
    assert delivered.header == header.SerializeToString(), "the sender's bytes, unchanged"
    police.outcome(delivered, VERDICT.DELIVERED)
    with pytest.raises(Refusal) as caught:
        ward.submit(os.urandom(61 * KIB), recipient=COUNTER, dossier_code=dossier, kind=KIND.RESULT,
                    parent=earlier[0].handoff_id)
    assert caught.value.type == PROBLEM.TOO_LARGE
    police.close(), ward.close()


def test_unknown_fields_of_tomorrow_travel_on(running):
    counter, police = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=1)
    header = counter.header(recipient=POLICE, dossier_code=running.dossier(), kind=KIND.FORWARD)
    data = header.SerializeToString() + b"\xf2\x3f\x05hello"            # field 1022
    counter.answer_to(counter.put_submit(data))
    delivered = police.deliver()
    assert delivered.header == data
    police.outcome(delivered, VERDICT.DELIVERED)
    police.close()


def test_more_submits_than_the_window(running):
    """Ten windows at once: each accepted, or refused for now, or (a session that was ended for not reading) unanswered:
    what has no good answer may be said again, under the same id."""
    link = running.link(COUNTER)
    headers = [link.header(recipient=TAX, dossier_code=running.dossier(), kind=KIND.FORWARD) for _ in range(640)]
    open_ones, accepted = list(headers), 0
    for _ in range(50):
        again = []
        silent = False
        for correlation, header in [(link.put_submit(header), header) for header in open_ones]:
            try:
                link.answer_to(correlation, 0.2 if silent else 10)
                accepted += 1
            except Silence:
                if not silent:
                    link.hello(SENDER)
                silent = True
                again.append(header)
            except Refusal as problem:
                assert problem.type in (PROBLEM.BUSY, PROBLEM.NO_HELLO)
                if problem.type == PROBLEM.NO_HELLO:
                    link.hello(SENDER)
                again.append(header)
        open_ones = again
        if not open_ones:
            break
    assert accepted == 640
    known = {view.message_id for view in running.handoffs(agency=TAX)}
    assert {header.message_id for header in headers} <= known


def test_memory_does_not_grow_with_the_backlog(running):
    """Two thousand that nobody fetches lie on disk."""
    link = running.link(COUNTER)
    link.submit(b"x" * 2000, recipient=TAX, dossier_code=running.dossier(), kind=KIND.FORWARD)
    before = running.memory_bytes()
    for _ in range(80):
        asked = [link.put_submit(link.header(recipient=TAX, dossier_code=running.dossier(), kind=KIND.FORWARD),
                                 b"x" * 2000) for _ in range(25)]
        for correlation in asked:
            link.answer_to(correlation)
    assert running.memory_bytes() - before < 8 << 20
    assert running.agency(TAX).counts[STATE.READY] >= 2000


def test_an_alias_is_the_same_agency(running):
    """The old code reaches it; the receiver sees whom it means, and in the header what was written."""
    counter = running.link(COUNTER)
    running.write("directory/agencies.yaml", running.read("directory/agencies.yaml").replace(
        "- code: H29.07.01\n", "- code: H29.07.01\n  aliases: [001.00.07.H29]\n"))
    before = running.facts()["directory_version"]
    running.broker.send_signal(1)
    wait_for(lambda: running.facts()["directory_version"] != before, 5, "the new directory")
    ward = running.link(WARD, RECEIVER, credit=1)
    counter.submit(recipient="001.00.07.H29", dossier_code=running.dossier(), kind=KIND.FORWARD)
    delivered = ward.deliver()
    assert (header_of(delivered).recipient, delivered.routing.recipient) == ("001.00.07.H29", WARD)
    ward.outcome(delivered, VERDICT.DELIVERED)
    ward.close()


# ---------------------------------------------------------------- connections

def test_connections_that_say_nothing_or_nonsense(running):
    """Two hundred, silent or with random bytes: the port answers everybody else."""
    dice, sockets = random.Random(7), []
    for number in range(200):
        one = socket.create_connection(("127.0.0.1", running.port), 5)
        if number % 2:
            one.sendall(dice.randbytes(200))
        sockets.append(one)
    assert running.link(COUNTER).welcome.agency == COUNTER
    for one in sockets:
        one.close()
    assert running.link(COUNTER).cursor("after-the-noise") == b""


def test_a_plain_connection_without_a_key(running):
    """No CURVE: no handshake, no answer."""
    with zmq.Context.instance().socket(zmq.DEALER) as plain:
        plain.linger = 0
        plain.connect(running.endpoint)
        plain.send(b"\x01" + pb.Envelope(correlation=1, hello=pb.Hello(protocol=1, roles=1)).SerializeToString())
        assert not plain.poll(500)


def test_a_name_cannot_write_lines_into_the_log(running):
    link = running.link(COUNTER, hello=False)
    link.ask("hello", pb.Hello(protocol=1, roles=SENDER, software="x\nlevel=error event=faked"))
    assert not any(line.startswith("level=error") for line in running.read("broker.log").splitlines())


def test_two_receivers_of_one_agency_share(running):
    """Each handoff goes to one of them; when one is gone the other goes on."""
    counter = running.link(COUNTER)
    receivers = [running.link(WARD, RECEIVER, credit=2) for _ in range(2)]
    ids = [counter.submit(recipient=WARD, dossier_code=running.dossier(), kind=KIND.FORWARD).handoff_id
           for _ in range(12)]
    got = {0: [], 1: []}

    def shared():
        for number, receiver in enumerate(receivers):
            if delivered := receiver.deliver(0.05):
                receiver.outcome(delivered, VERDICT.DELIVERED)
                got[number].append(delivered.handoff_id)
        return len(got[0]) + len(got[1]) == 12
    wait_for(shared, 10, lambda: got)
    assert sorted(got[0] + got[1]) == ids and got[0] and got[1]
    [receiver.close() for receiver in receivers]


# ---------------------------------------------------------------- on disk

def test_bodies_are_sealed_on_disk(running):
    """What a person is called stands in no file of the store; codes and states do."""
    marker = "Lê Thị Ví Dụ Niêm Phong"
    link, police = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=1)
    code = running.dossier()
    accepted = link.submit(f'{{"name": "{marker}"}}'.encode(), recipient=POLICE, dossier_code=code, kind=KIND.FORWARD)
    police.outcome(police.deliver(), VERDICT.UNSURE, detail=f"không rõ: {marker}")
    assert running.handoff(accepted.handoff_id).reason.endswith(marker), "an operator who asks may see the words"
    everything = b""
    for folder, _, names in os.walk(running.path("store")):
        for name in names:
            if "ballast" not in name:
                with open(os.path.join(folder, name), "rb") as file:
                    everything += file.read()
    assert code.encode() in everything
    assert marker.encode() not in everything and "Niêm Phong".encode() not in everything
    drain(police), police.close()


def test_who_may_open_what(running):
    def mode(name):
        return stat.S_IMODE(os.stat(running.path(name)).st_mode)
    assert mode("run") == 0o700 and mode("run/admin.sock") & 0o077 == 0
    for name in os.listdir(running.path("keys")):
        if name.endswith(".secret"):
            assert mode(f"keys/{name}") == 0o600, name
    for folder, _, names in os.walk(running.path("store")):
        for name in names:
            assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o007 == 0, name


def test_bodies_go_after_their_time(gateway):
    """purge_after: the body goes, which is a fact in the history; the history stays, and the store is whole."""
    gateway.replace("directory/gateway.yaml", "purge_after: 30d", "purge_after: 1s")
    gateway.start_broker()
    link, police = gateway.link(COUNTER), gateway.link(POLICE, RECEIVER, credit=1)
    accepted = link.submit(b"x" * 1000, recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
    assert gateway.handoff(accepted.handoff_id).body_bytes > 0
    police.outcome(police.deliver(), VERDICT.DELIVERED)

    def purged():
        return CAUSE.PURGED in [event.cause for event in gateway.handoff(accepted.handoff_id).events]
    wait_for(purged, 15, lambda: gateway.handoff(accepted.handoff_id))
    view = gateway.handoff(accepted.handoff_id)
    assert view.state == STATE.DELIVERED and len(view.events) >= 4

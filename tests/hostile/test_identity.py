"""Nobody speaks for another: random and stolen keys, keys that change under load, routing ids that somebody claims."""
import os
import signal
import threading
import time

import lienthong_pb2 as pb
import pytest
import zmq

import curve
from gateway import COUNTER, INSURANCE, POLICE, TAX, WARD, WARD_SENDS_ONLY, wait_for
from wire import Link, Refusal, Silence, read_key
from words import KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT


def submit(link, gateway, to=POLICE, **fields):
    return link.submit(recipient=to, dossier_code=gateway.dossier(), kind=KIND.FORWARD, **fields)


def reload(gateway):
    ready = gateway.notify.heard("READY=1")
    gateway.broker.send_signal(signal.SIGHUP)
    wait_for(lambda: gateway.notify.heard("READY=1") > ready, 10, lambda: gateway.tail(gateway.broker_log))


def new_key(gateway, name):
    public, secret = zmq.curve_keypair()
    for end, text, mode in (("public", public, 0o644), ("secret", secret, 0o600)):
        path = gateway.path(f"keys/{name}.{end}")
        with open(path, "wb") as file:
            file.write(text + b"\n")
        os.chmod(path, mode)
    return f"{{ public_key_file: ../keys/{name}.public, roles: [sender, receiver]"


def keys_of(code):
    return f"keys: [{{ public_key_file: ../keys/{code}.public, roles: [sender, receiver] }}]"


def wire(gateway, code, routing=b""):
    return curve.Wire(gateway.port).shake_hands(read_key(gateway.path("keys/gateway.public")),
                                                read_key(gateway.path(f"keys/{code}.secret")), routing)


def say_hello(peer, roles=SENDER):
    peer.send(b"\x01" + pb.Envelope(correlation=7, hello=pb.Hello(protocol=1, roles=roles)).SerializeToString())
    return pb.Envelope.FromString(peer.receive()[1:])


# ---------------------------------------------------------------- keys

def test_a_random_key_gets_no_word(gateway):
    gateway.start_broker()
    link = Link(gateway.endpoint, gateway.path("keys/gateway.public"), zmq.curve_keypair()[1])
    gateway.links.append(link)
    with pytest.raises(Silence):
        link.hello(seconds=1.5)
    wait_for(lambda: int(gateway.facts()["keys_refused"]) >= 1, 5, "the refusal is counted")


def test_a_key_box_of_somebody_else_does_not_open(gateway):
    """An INITIATE whose vouch is made with another secret than that of the key it names."""
    gateway.start_broker()
    peer = curve.Wire(gateway.port)
    peer.greet()
    peer.hello(read_key(gateway.path("keys/gateway.public")))
    peer.welcome()
    peer.cookie = os.urandom(len(peer.cookie))
    peer.initiate(read_key(gateway.path(f"keys/{WARD}.secret")))
    assert peer.is_closed(8)


def test_a_stolen_key_is_nobody_s_from_the_next_frame_on(gateway):
    """The thief sits in a session, as sender and as receiver with a delivery in his hands, when the key goes."""
    gateway.start_broker()
    counter = gateway.link(COUNTER)
    thief, held = gateway.link(WARD), gateway.link(WARD, RECEIVER, credit=4)
    submit(thief, gateway)
    accepted = submit(counter, gateway, to=WARD)
    delivered = held.deliver()
    gateway.replace("directory/agencies.yaml", keys_of(WARD), new_key(gateway, "fresh").join(["keys: [", " }]"]))
    reload(gateway)
    for attempt in range(3):
        with pytest.raises(Refusal) as caught:
            submit(thief, gateway)
        assert caught.value.type in (PROBLEM.NOT_ALLOWED, PROBLEM.NO_HELLO)
    with pytest.raises(Refusal) as caught:
        held.outcome(delivered, VERDICT.DELIVERED)
    assert caught.value.type in (PROBLEM.NOT_ALLOWED, PROBLEM.NO_HELLO)
    with pytest.raises(Refusal):
        thief.hello()
    with pytest.raises(Silence):
        gateway.link(WARD, hello=False).hello(seconds=1.5)
    wait_for(lambda: not gateway.agency(WARD).sessions, 5, lambda: gateway.agency(WARD))
    assert gateway.state(accepted.handoff_id) != STATE.DELIVERED
    owner = gateway.link("fresh", RECEIVER, credit=4)           # the same agency goes on with its new key
    again = owner.deliver(15)
    assert again.handoff_id == accepted.handoff_id and again.attempt > delivered.attempt
    assert owner.outcome(again, VERDICT.DELIVERED).state == STATE.DELIVERED


class Sender(threading.Thread):
    """Submits steadily with whatever key it is told to use; repeats what was not answered, with the same id."""

    def __init__(self, gateway, code, to):
        super().__init__()
        self.gateway, self.key, self.to, self.end = gateway, code, to, threading.Event()
        self.accepted, self.trouble = {}, None

    def run(self):
        used, link = None, None
        try:
            while not self.end.is_set():
                header = None
                while header is None or header.message_id not in self.accepted:
                    if used != self.key or link is None:
                        used, link = self.key, self.gateway.link(self.key)
                    header = header or link.header(recipient=self.to[len(self.accepted) % len(self.to)],
                                                   dossier_code=f"H29.07-load-{len(self.accepted):05d}",
                                                   kind=KIND.FORWARD)
                    try:
                        answer = link.answer_to(link.put_submit(header), 3)
                        self.accepted[header.message_id] = answer.handoff_id
                    except (Refusal, Silence):
                        link = None
                self.end.wait(0.005)
        except Exception as trouble:            # told by the test's own thread
            self.trouble = trouble


def test_keys_change_under_load_without_loss_or_doubling(gateway):
    """Sender and adapter go over to their second key while both hold; then the first is taken out, under load."""
    gateway.start_broker().start_agencies(POLICE, TAX)
    gateway.start_adapter()
    sender = Sender(gateway, COUNTER, (POLICE, TAX))
    sender.start()
    wait_for(lambda: len(sender.accepted) > 50, 20, lambda: sender.trouble)
    for code in (COUNTER, POLICE, TAX):
        until = time.strftime("%Y-%m-%d", time.localtime(time.time() + 3 * 86400))
        first, second = keys_of(code)[7:-3], new_key(gateway, f"{code}.new")
        gateway.replace("directory/agencies.yaml", keys_of(code), f"keys: [{first}, to: {until} }}, {second} }}]")
    reload(gateway)
    sender.key = f"{COUNTER}.new"
    for code in (POLICE, TAX):
        gateway.replace("adapter.yaml", f"keys/{code}.secret", f"keys/{code}.new.secret")
    assert gateway.stop_adapter() == 0
    gateway.start_adapter()
    before = len(sender.accepted)
    wait_for(lambda: len(sender.accepted) > before + 50, 20, lambda: sender.trouble)
    for code in (COUNTER, POLICE, TAX):
        text = gateway.read("directory/agencies.yaml")
        begin = text.index(f"keys: [{{ public_key_file: ../keys/{code}.public")
        end = text.index("\n", begin)
        gateway.write("directory/agencies.yaml", text[:begin]
                      + f"keys: [{{ public_key_file: ../keys/{code}.new.public, "
                      "roles: [sender, receiver] }]" + text[end:])
    reload(gateway)
    before = len(sender.accepted)
    wait_for(lambda: len(sender.accepted) > before + 50, 20, lambda: sender.trouble)
    sender.end.set()
    sender.join(30)
    assert sender.trouble is None
    for handoff_id in sender.accepted.values():
        gateway.wait_state(handoff_id, STATE.DELIVERED, seconds=30)
    posts = [gateway.agencies[code].summary() for code in (POLICE, TAX)]
    assert sum(sum(summary.posts.values()) for summary in posts) == len(sender.accepted)
    assert [summary.doubled for summary in posts] == [{}, {}]
    assert INSURANCE not in gateway.agencies


# ---------------------------------------------------------------- routing ids

@pytest.mark.parametrize("routing", [b"police", b"A" * 255, b"\x01abcd"], ids=["a-name", "the-longest", "bytes"])
def test_who_claims_a_routing_id_is_not_spoken_to(gateway, routing):
    gateway.start_broker()
    peer = wire(gateway, WARD, routing)
    peer.send(b"\x01" + pb.Envelope(correlation=7, hello=pb.Hello(protocol=1, roles=SENDER)).SerializeToString())
    peer.socket.settimeout(1)
    with pytest.raises((TimeoutError, ConnectionError)):
        peer.receive()
    peer.close()
    assert submit(gateway.link(COUNTER), gateway).state == STATE.READY


@pytest.mark.parametrize("routing", [b"\0", b"\0\0\0\0\0", b"\0abcd", b"\0" * 255],
                         ids=["one", "five", "as-libzmq-s", "the-longest"])
def test_ids_that_begin_with_a_zero_byte(gateway, routing):
    """RFC 28 keeps them for the gateway's own. libzmq lets them in; whoever has one is himself all the same."""
    gateway.start_broker()
    peers = [wire(gateway, code, routing) for code in (WARD, WARD_SENDS_ONLY)]      # the second one too claims it
    answers = []
    for peer in peers:
        peer.socket.settimeout(1)
        try:
            answers.append(say_hello(peer))
        except (TimeoutError, ConnectionError):
            answers.append(None)
    for answer, own in zip(answers, (WARD, WARD_SENDS_ONLY)):
        assert answer is None or answer.welcome.agency == own
    for peer in peers:
        peer.close()
    assert submit(gateway.link(COUNTER), gateway).state == STATE.READY


def test_ids_by_guess(gateway):
    """500 connections claim ids like those that the gateway gives; it goes on, and so does everybody else."""
    gateway.start_broker()
    counter, received = gateway.link(COUNTER), gateway.link(WARD_SENDS_ONLY)
    for _ in range(500):
        wire(gateway, WARD, b"\0" + os.urandom(4)).close()
    assert submit(counter, gateway).state == STATE.READY
    assert received.ping().stamp_ms
    assert gateway.broker.poll() is None


# ---------------------------------------------------------------- half a conversation

@pytest.mark.parametrize("steps", [2, 4, *(pytest.param(steps, marks=pytest.mark.long) for steps in (0, 1, 3))])
def test_who_stops_in_the_handshake_is_closed(gateway, steps):
    """Connected; greeted; HELLO of CURVE; WELCOME read; a greeting of another mechanism: gone within 5 s or so."""
    gateway.start_broker()
    peer = curve.Wire(gateway.port)
    if steps == 4:
        peer.greet(b"NULL", answer=False)
    elif steps:
        peer.greet()
    if steps in (2, 3):
        peer.hello(read_key(gateway.path("keys/gateway.public")))
    if steps == 3:
        peer.welcome()
    assert peer.is_closed(8)


@pytest.mark.long
def test_who_shook_hands_and_vanished_is_noticed(gateway):
    """No FIN, no reset: his network is gone (his packets are dropped). The heartbeat ends the session, and what was
    with him goes on to the next."""
    gateway.start_broker()
    peer = wire(gateway, WARD)
    assert say_hello(peer, RECEIVER).welcome.agency == WARD
    wait_for(lambda: gateway.agency(WARD).sessions == 1, 5, "the session stands")
    wait_for(lambda: gateway.agency(WARD).sessions == 0, 25, "the session has ended")      # it answers no PING
    peer.close()

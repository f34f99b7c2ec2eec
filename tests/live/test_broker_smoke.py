"""lienthongd by itself: it starts, admits whom it should, takes and delivers, survives nonsense, reloads, stops."""
import os
import signal
import socket
import subprocess
import time

import lienthong_pb2 as pb
import pytest
import zmq

from ports import free_port
from wire import Link, Refusal, header_of
from words import CAUSE, KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

BUILD = os.environ["LIENTHONG_BUILD"]
SENDING, TAKING, SLOW = "H29.07", "G01.29.07", "G01.29.09"
DOSSIER = "H29.07-230425-%04d"
GATEWAY_YAML = """
name: smoke
lease: 2s
delivery: {{ backoff_min: 100ms, backoff_max: 1s, breaker_after: 3, breaker_probe: 1s, in_flight: {in_flight} }}
"""
AGENCY_YAML = """
- code: {code}
  name: Cơ quan thử {code}
  kind: {kind}
  class: {cls}
  keys: [ {{ public_key: '{public}', roles: [sender, receiver] }} ]
"""
PERMITS_YAML = """
- { from: "*", to: "*", kinds: "*" }
"""
BROKER_YAML = """
directory: directory
secret_key_file: keys/gateway.secret
endpoints: ["tcp://127.0.0.1:%d", "ipc://agencies"]
admin: admin/socket
stop_wait: 1s
store: { folder: store, ballast_bytes: 1MiB }
"""


class Broker:
    """A folder with everything, and the program that runs in it."""

    def __init__(self, folder, in_flight=4):
        self.folder, self.keys, self.process = str(folder), {}, None
        for name in ("directory", "keys"):
            os.makedirs(f"{self.folder}/{name}")
        self.public, self.secret = zmq.curve_keypair()
        self.write("keys/gateway.secret", self.secret.decode() + "\n", 0o600)
        self.write("directory/gateway.yaml", GATEWAY_YAML.format(in_flight=in_flight))
        self.write("directory/permits.yaml", PERMITS_YAML)
        for code in (SENDING, TAKING, SLOW):
            self.keys[code] = zmq.curve_keypair()
        self.write_agencies(self.keys)
        self.port = free_port()
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.write("broker.yaml", BROKER_YAML % self.port)

    def write(self, name, text, mode=0o644):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def write_agencies(self, codes):
        self.write("directory/agencies.yaml", "".join(
            AGENCY_YAML.format(code=code, public=self.keys[code][0].decode(),
                               kind="DISTRICT" if code == SENDING else "SECTOR",
                               cls="neither" if code == SLOW else "idempotent") for code in codes))

    def start(self, **environment):
        ready = self.log().count("event=ready") if os.path.exists(f"{self.folder}/log") else 0
        with open(f"{self.folder}/log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([f"{BUILD}/lienthongd", "--config", f"{self.folder}/broker.yaml"],
                                            stderr=log, env={**os.environ, **environment})
        self.wait_for("event=ready", count=ready + 1)

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as file:
            return file.read()

    def wait_for(self, words, seconds=15, count=1):
        end = time.monotonic() + seconds
        while self.log().count(words) < count:
            assert time.monotonic() < end and self.process.poll() is None, f"no {words} in:\n{self.log()}"
            time.sleep(0.02)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(15)

    def link(self, code, roles=SENDER, credit=0, **more):
        link = Link(self.endpoint, self.public, self.keys[code][1])
        link.hello(roles, credit=credit, **more)
        return link

    def admin(self, verb, **fields):
        with zmq.Context.instance().socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.connect(f"ipc://{self.folder}/admin/socket")
            socket.send(b"\x01" + pb.Envelope(correlation=7, admin=pb.Admin(verb=verb, **fields)).SerializeToString())
            assert socket.poll(5000), "no answer on the admin socket"
            envelope = pb.Envelope.FromString(socket.recv()[1:])
            assert envelope.correlation == 7
            return envelope.admin_reply


@pytest.fixture
def broker(tmp_path, request):
    made = Broker(tmp_path, in_flight=getattr(request, "param", 4))
    made.start()
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def submit(link, number, to=TAKING, **more):
    return link.submit(recipient=to, dossier_code=DOSSIER % number, procedure_code="1.000894", kind=KIND.FORWARD,
                       **more)


def test_a_handoff_goes_through(broker):
    with broker.link(TAKING, RECEIVER, credit=4) as taker, broker.link(SENDING) as sender:
        assert taker.welcome.agency == TAKING and taker.welcome.gateway == "smoke"
        assert taker.ping(stamp_ms=42).stamp_ms == 42
        sender.follow()
        accepted = submit(sender, 1)
        assert accepted.commit_seq > 0 and accepted.state == STATE.READY and len(accepted.link) == 32
        deliver = taker.deliver()
        assert deliver.handoff_id == accepted.handoff_id and deliver.stamp_ms == 42
        assert header_of(deliver).dossier_code == DOSSIER % 1
        assert deliver.routing.content_hash == accepted.content_hash
        assert taker.checkpoint(deliver, b"half way")
        assert taker.outcome(deliver, VERDICT.DELIVERED).state == STATE.DELIVERED
        notice = sender.next("notice")
        assert notice.state == STATE.DELIVERED and notice.handoff_id == accepted.handoff_id
        sender.acknowledge(notice.event_seq)
        assert sender.track(DOSSIER % 1).handoffs[0].state == STATE.DELIVERED


def test_credit_bounds_what_is_out(broker):
    with broker.link(TAKING, RECEIVER, credit=2) as taker, broker.link(SENDING) as sender:
        for number in range(6):
            submit(sender, number)
        first, second = taker.deliver(), taker.deliver()
        assert taker.deliver(0.3) is None
        taker.outcome(first, VERDICT.DELIVERED)
        third = taker.deliver()
        assert third and taker.deliver(0.3) is None
        taker.credit(4)
        assert taker.deliver() and taker.deliver() and taker.deliver(0.3) is None
        assert second.handoff_id < third.handoff_id
        agency = [each for each in broker.admin("agencies").agencies if each.code == TAKING][0]
        assert (agency.sessions, agency.in_flight, agency.credit, agency.breaker) == (1, 4, 0, "closed")


def test_who_may_not(broker):
    stranger = Link(broker.endpoint, broker.public, zmq.curve_keypair()[1])
    stranger.send("hello", pb.Hello(protocol=1, roles=SENDER))
    assert stranger.receive(0.5) is None
    stranger.close()
    with Link(broker.endpoint, broker.public, broker.keys[SENDING][1]) as link:
        for question, problem in ((("track", pb.Track(code="x")), PROBLEM.NO_HELLO),
                                  (("hello", pb.Hello(protocol=9, roles=SENDER)), PROBLEM.VERSION),
                                  (("hello", pb.Hello(protocol=1, roles=7)), PROBLEM.NOT_ALLOWED),
                                  (("hello", pb.Hello(protocol=1, roles=1, agency=TAKING)), PROBLEM.FOREIGN_SENDER)):
            with pytest.raises(Refusal) as refusal:
                link.ask(*question)
            assert refusal.value.type == problem
        link.hello(SENDER)
        with pytest.raises(Refusal) as refusal:
            link.ask("outcome", pb.Outcome(handoff_id=1, attempt=1, verdict=VERDICT.DELIVERED))
        assert refusal.value.type == PROBLEM.NOT_ALLOWED


def test_nonsense_is_refused_and_forgotten(broker):
    with broker.link(SENDING) as sender:
        for frame in (b"", b"\x01", b"\x02\x08\x01", b"\x01" + b"\xff" * 50, b"\x01" + b"\x00" * 4000):
            sender.send_raw(frame)
            assert sender.next("refused").type in (PROBLEM.MALFORMED, PROBLEM.VERSION)
        sender.send_raw(b"\x01", b"two parts")
        assert sender.next("refused").type == PROBLEM.MALFORMED
        sender.send_raw(b"\x01" + b"x" * (2 << 20))                 # libzmq ends the connection; a new one goes on
        broker.wait_for('why="the connection ended"')
    with broker.link(SENDING) as sender:
        assert submit(sender, 1).handoff_id
    assert broker.process.poll() is None


def test_a_receiver_that_dies_is_noticed_at_once(broker):
    taker = broker.link(TAKING, RECEIVER, credit=1)
    with broker.link(SENDING) as sender:
        accepted = submit(sender, 1)
        assert taker.deliver().attempt == 1
        taker.close()
        broker.wait_for('why="the connection ended"', seconds=1)
        with broker.link(TAKING, RECEIVER, credit=1) as again:
            deliver = again.deliver()
            assert (deliver.handoff_id, deliver.attempt) == (accepted.handoff_id, 2)
            again.outcome(deliver, VERDICT.DELIVERED)


def test_neither_class_waits_for_a_person(broker):
    taker = broker.link(SLOW, RECEIVER, credit=1)
    with broker.link(SENDING) as sender:
        accepted = submit(sender, 1, to=SLOW)
        assert taker.deliver()
        taker.close()
        with broker.link(SLOW, RECEIVER, credit=1) as again:
            assert again.deliver(0.5) is None
        reply = broker.admin("show", handoff_id=accepted.handoff_id)
        assert reply.handoffs[0].state == STATE.UNSURE
        assert CAUSE.SESSION_LOST in [event.cause for event in reply.handoffs[0].events]


def test_silent_receiver_is_lost(broker):
    with broker.link(TAKING, RECEIVER, credit=1) as taker:
        broker.wait_for('why="silent"', seconds=8)
        assert taker.next("refused").type == PROBLEM.NO_HELLO


def test_breaker_opens_probes_and_closes(broker):
    with broker.link(TAKING, RECEIVER, credit=4) as taker, broker.link(SENDING) as sender:
        for number in range(8):
            submit(sender, number)
        for _ in range(3):
            taker.outcome(taker.deliver(), VERDICT.LATER, fingerprint="http-503")
        broker.wait_for('why="open after http-503"')
        seen = []
        while (deliver := taker.deliver(0.4)) is not None:             # those that were out already
            seen.append(deliver)
        began = time.monotonic()
        assert len(seen) <= 4
        for deliver in seen:
            taker.outcome(deliver, VERDICT.LATER, fingerprint="http-503")
        probe = taker.deliver(3)
        assert probe and taker.deliver(0.3) is None
        taker.outcome(probe, VERDICT.DELIVERED)
        broker.wait_for('why="closed after DELIVERED"')
        for _ in range(7):
            taker.outcome(taker.deliver(5), VERDICT.DELIVERED)
        assert time.monotonic() - began < 15
        assert {h.attempt for number in range(8) for h in sender.track(DOSSIER % number).handoffs} != {1}


def test_restart_keeps_what_was_accepted(broker):
    with broker.link(SENDING) as sender:
        ids = [submit(sender, number).handoff_id for number in range(5)]
    broker.stop(signal.SIGKILL)
    broker.start()
    with broker.link(TAKING, RECEIVER, credit=8) as taker:
        assert [taker.deliver().handoff_id for _ in range(4)] == ids[:4]


def test_reload_ends_who_is_gone(broker):
    with broker.link(SENDING) as sender, broker.link(TAKING) as other:
        broker.write("directory/permits.yaml", "nonsense: [")
        broker.process.send_signal(signal.SIGHUP)
        broker.wait_for("not applied")
        assert submit(sender, 1).handoff_id
        broker.write("directory/permits.yaml", PERMITS_YAML)
        broker.write_agencies([SENDING, SLOW])
        broker.process.send_signal(signal.SIGHUP)
        broker.wait_for('why="new, stored"', count=2)
        assert other.next("refused").type == PROBLEM.NO_HELLO
        with pytest.raises(Refusal) as refusal:
            other.ask("track", pb.Track(code="x"))
        assert refusal.value.type == PROBLEM.NOT_ALLOWED
        with pytest.raises(Refusal) as refusal:
            submit(sender, 2)
        assert refusal.value.type == PROBLEM.UNKNOWN_AGENCY


def test_operators(broker):
    status = broker.admin("status")
    assert status.facts["clock"] == "agrees" and status.facts["intake"] == "open"
    assert status.facts["public_key"] == broker.public.decode()
    with broker.link(SENDING) as sender:
        accepted = submit(sender, 1)
        advice = broker.admin("explain", handoff_id=accepted.handoff_id).advice
        assert any("adapter" in line.en and line.action for line in advice), advice
        assert broker.admin("close", handoff_id=accepted.handoff_id).refused.type == PROBLEM.REASON_MISSING
        assert broker.admin("close", handoff_id=accepted.handoff_id, reason="thử").affected == 1
        history = broker.admin("show", handoff_id=accepted.handoff_id).handoffs[0].events
        assert history[-1].actor == f"uid:{os.getuid()}"
    assert broker.admin("nonsense").refused.type
    assert not broker.admin("backup-begin").HasField("refused")
    assert broker.admin("status").facts["backup"] == "running"
    assert not broker.admin("backup-end", covered_seq=accepted.commit_seq).HasField("refused")
    with broker.link(SENDING) as sender:
        assert sender.welcome.covered_seq == accepted.commit_seq


def test_stops_and_is_one(broker):
    second = subprocess.run([f"{BUILD}/lienthongd", "--config", f"{broker.folder}/broker.yaml"], capture_output=True,
                            timeout=20, check=False)
    assert second.returncode == 3
    with broker.link(TAKING, RECEIVER, credit=1) as taker, broker.link(SENDING) as sender:
        submit(sender, 1)
        deliver = taker.deliver()
        broker.process.send_signal(signal.SIGTERM)
        broker.wait_for("event=stopping")
        with pytest.raises(Refusal) as refusal:
            submit(sender, 2)
        assert refusal.value.type == PROBLEM.STOPPING
        assert taker.outcome(deliver, VERDICT.DELIVERED).state == STATE.DELIVERED
        assert broker.process.wait(10) == 0
    assert "event=stopped" in broker.log()


def test_tells_its_supervisor(tmp_path):
    broker = Broker(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(f"{tmp_path}/notify")
        supervisor.settimeout(5)
        broker.start(NOTIFY_SOCKET=f"{tmp_path}/notify", WATCHDOG_USEC="300000")
        assert supervisor.recv(100) == b"READY=1"
        began = time.monotonic()
        for _ in range(5):
            assert supervisor.recv(100) == b"WATCHDOG=1"
        assert time.monotonic() - began < 1
        assert broker.stop() == 0
        heard = set()
        while b"STOPPING=1" not in heard:
            heard.add(supervisor.recv(100))


@pytest.mark.parametrize("broker", [100], indirect=True)
def test_who_does_not_read_is_let_go(broker):
    """Its queue fills up; what was handed to it is unsure, what was not is as if never offered; others go on."""
    with broker.link(SENDING) as sender:
        deaf = zmq.Context().socket(zmq.DEALER)
        deaf.linger, deaf.rcvhwm, deaf.rcvbuf = 0, 1, 8192
        deaf.curve_serverkey, (deaf.curve_publickey, deaf.curve_secretkey) = broker.public, broker.keys[SLOW]
        deaf.connect(broker.endpoint)
        deaf.send(b"\x01" + pb.Envelope(hello=pb.Hello(protocol=1, roles=RECEIVER, credit=100)).SerializeToString())
        broker.wait_for(f"event=session agency={SLOW}")
        for number in range(60):
            submit(sender, number, to=SLOW, payload=os.urandom(250_000))
        broker.wait_for('why="it does not read"')
        deadline = time.monotonic() + 5
        while True:
            agency = [each for each in broker.admin("agencies").agencies if each.code == SLOW][0]
            if agency.counts[STATE.WAITING] + agency.counts[STATE.OFFERED] == 0:
                break
            assert time.monotonic() < deadline
        assert 0 < agency.counts[STATE.UNSURE] < 60
        assert agency.counts[STATE.UNSURE] + agency.counts[STATE.READY] == 60
        deaf.close()


@pytest.mark.parametrize("broker", [100], indirect=True)
def test_a_burst_of_large_ones_is_no_reason_to_go(broker):
    """More than the queue of a connection holds, to somebody who reads: all arrive, in order, at the first attempt."""
    with broker.link(SENDING) as sender:
        ids = [submit(sender, number, payload=os.urandom(250_000)).handoff_id for number in range(60)]
        with broker.link(TAKING, RECEIVER, credit=60) as taker:
            for handoff_id in ids:
                deliver = taker.deliver()
                assert (deliver.handoff_id, deliver.attempt) == (handoff_id, 1)
                taker.put_outcome(deliver, VERDICT.DELIVERED)
            taker.ping()
            assert "session-ended" not in broker.log()


@pytest.mark.parametrize("room", ["bytes_max: 4MiB", "map_bytes: 16MiB"])
def test_without_room_it_drains(tmp_path, room):
    """Our own count says stop, or LMDB finds no place in the middle of a turn: only intake is refused."""
    broker = Broker(tmp_path)
    with open(f"{tmp_path}/broker.yaml", encoding="utf-8") as file:
        broker.write("broker.yaml", file.read().replace("ballast_bytes", f"{room}, ballast_bytes"))
    broker.start()
    try:
        with broker.link(SENDING) as sender:
            ids = []
            with pytest.raises(Refusal) as refusal:
                for number in range(400):
                    ids.append(submit(sender, number, payload=os.urandom(100_000)).handoff_id)
            assert refusal.value.type == PROBLEM.FULL and refusal.value.retry_after_ms > 0
            with broker.link(TAKING, RECEIVER, credit=1) as taker:
                for handoff_id in ids[:20]:
                    deliver = taker.deliver()
                    assert deliver.handoff_id == handoff_id
                    assert taker.outcome(deliver, VERDICT.DELIVERED).state == STATE.DELIVERED
            assert not broker.admin("close", handoff_id=ids[-1], reason="thử").HasField("refused")
        assert broker.stop() == 0
    finally:
        if broker.process.poll() is None:
            broker.process.kill()


def test_configuration_is_checked(tmp_path):
    broker = Broker(tmp_path)
    config = f"{broker.folder}/broker.yaml"

    def run(*more):
        return subprocess.run([f"{BUILD}/lienthongd", "--config", config, *more], capture_output=True, text=True,
                              timeout=20, check=False)

    assert run("--check").returncode == 0
    printed = run("--print-config").stdout
    broker.write("broker.yaml", printed)
    assert run("--print-config").stdout == printed
    os.chmod(f"{broker.folder}/keys/gateway.secret", 0o644)
    assert run("--check").returncode == 2 and "chmod 600" in run("--check").stderr
    broker.write("broker.yaml", "endpoints: ['tcp://0.0.0.0:1']\nstore: {}\nadmn: x\n")
    faults = run("--check").stderr
    for words in ("broker.yaml:1", "allow_remote", "admn", "store.folder"):
        assert words in faults

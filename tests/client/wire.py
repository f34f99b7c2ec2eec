"""A client of the gateway in Python: CURVE, frames, and one method per question. Written from proto/README.md alone,
so that a second implementation checks the first. Needs lienthong_pb2 on the path (make python;
PYTHONPATH=build/gen/python), pyzmq and protobuf.

    link = Link("tcp://127.0.0.1:7411", "keys/gateway.public", "keys/H29.07.00.secret")
    link.hello(SENDER)
    accepted = link.submit(recipient="G01.29.07", dossier_code="H29.07-230425-0001", kind=KIND.FORWARD, payload=b"{}")

One thread. What was not asked for (NOTICE, DELIVER, refusals without a question) waits in order until next() takes it.
"""
import collections
import time

import lienthong_pb2 as pb
import zmq

from content import uuid7
from words import PROBLEM, SENDER

PROTOCOL = 1
ANSWER_SECONDS = 10
SEND_SECONDS = 5


class Refusal(Exception):
    """The gateway said no."""

    def __init__(self, refused):
        super().__init__(f"{problem_word(refused.type)} {refused.field}: {refused.sentence_en}")
        self.type, self.field, self.uri = refused.type, refused.field, refused.uri
        self.sentence_vi, self.sentence_en = refused.sentence_vi, refused.sentence_en
        self.retry_after_ms, self.message_id = refused.retry_after_ms, refused.message_id


class Silence(Exception):
    """No answer in time."""


def problem_word(number):
    return PROBLEM(number).name.lower().replace("_", "-") if number in list(PROBLEM) else f"problem {number}"


def read_key(path):
    """Key files hold one line of 40 characters Z85."""
    with open(path, encoding="ascii") as file:
        return file.readline().strip().encode()


def boottime_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Link:
    """One DEALER with one key. `secret` is a path, or the 40 bytes themselves."""

    def __init__(self, endpoint, gateway_public, secret, rcvhwm=0):
        secret = secret if isinstance(secret, bytes) else read_key(secret)
        gateway = gateway_public if isinstance(gateway_public, bytes) else read_key(gateway_public)
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey, self.socket.curve_secretkey = gateway, secret
        self.socket.curve_publickey = zmq.curve_public(secret)
        self.socket.sndtimeo = SEND_SECONDS * 1000
        self.socket.reconnect_ivl, self.socket.reconnect_ivl_max = 50, 500
        self.socket.sndhwm, self.socket.rcvhwm = 0, rcvhwm          # rcvhwm: so many frames wait unread, 0 any number
        self.socket.connect(endpoint)
        self.waiting = collections.deque()
        self.correlation = 0
        self.welcome = None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- frames

    def send_raw(self, *parts):
        """Silence where the connection was refused for good: then nothing will ever take them."""
        try:
            self.socket.send_multipart(parts)
        except zmq.Again:
            raise Silence(f"nothing was taken within {SEND_SECONDS} s") from None

    def send(self, name, message, correlation=0):
        envelope = pb.Envelope(correlation=correlation)
        getattr(envelope, name).CopyFrom(message)
        self.send_raw(bytes([PROTOCOL]) + envelope.SerializeToString())

    def receive(self, seconds):
        """The next frame off the socket, or None."""
        if not self.socket.poll(max(0, int(seconds * 1000))):
            return None
        parts = self.socket.recv_multipart()
        assert len(parts) == 1 and parts[0][0] == PROTOCOL, "a frame is one part: version byte and envelope"
        return pb.Envelope.FromString(parts[0][1:])

    def _until(self, fits, seconds):
        for envelope in self.waiting:
            if fits(envelope):
                self.waiting.remove(envelope)
                return envelope
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            envelope = self.receive(left)
            if envelope and fits(envelope):
                return envelope
            if envelope:
                self.waiting.append(envelope)
        return None

    def next(self, name, seconds=ANSWER_SECONDS):
        """The next message of this name (`notice`, `deliver`, `refused` ...), or None."""
        envelope = self._until(lambda e: e.WhichOneof("body") == name, seconds)
        return getattr(envelope, name) if envelope else None

    def answer_to(self, correlation, seconds=ANSWER_SECONDS):
        """The answer to that question; a REFUSED is raised."""
        envelope = self._until(lambda e: e.correlation == correlation, seconds)
        if not envelope:
            raise Silence(f"no answer within {seconds} s")
        body = getattr(envelope, envelope.WhichOneof("body"))
        if isinstance(body, pb.Refused):
            raise Refusal(body)
        return body

    def put(self, name, message):
        """Asks without waiting; gives the correlation."""
        self.correlation += 1
        self.send(name, message, self.correlation)
        return self.correlation

    def ask(self, name, message, seconds=ANSWER_SECONDS):
        return self.answer_to(self.put(name, message), seconds)

    # ---- the conversation

    def hello(self, roles=SENDER, kinds=(), credit=0, agency="", protocol=PROTOCOL, seconds=ANSWER_SECONDS):
        self.welcome = self.ask("hello", pb.Hello(protocol=protocol, roles=roles, kinds=kinds, credit=credit,
                                                  agency=agency, software="lienthong-python"), seconds)
        return self.welcome

    def header(self, after=(), facts=None, message_id=None, **fields):
        """A Header; sender and content type are filled in where not given. after: message ids or (id, until)."""
        fields.setdefault("sender", self.welcome.agency if self.welcome else "")
        fields.setdefault("content_type", "application/json")
        fields.setdefault("source_time_ms", time.time_ns() // 1_000_000)
        header = pb.Header(message_id=uuid7() if message_id is None else message_id, **fields)
        for each in after:
            message, until = each if isinstance(each, tuple) else (each, 0)
            header.after.add(message_id=message, until=until)
        if facts:
            header.facts.CopyFrom(facts if isinstance(facts, pb.Facts) else pb.Facts(**facts))
        return header

    def put_submit(self, header, payload=b"{}", cursor=None, accepted_as=0):
        data = header if isinstance(header, bytes) else header.SerializeToString()
        return self.put("submit", pb.Submit(header=data, payload=payload, cursor=cursor, accepted_as=accepted_as))

    def submit(self, payload=b"{}", cursor=None, **fields):
        return self.answer_to(self.put_submit(self.header(**fields), payload, cursor))

    def follow(self, from_seq=0):
        self.send("follow", pb.Follow(from_seq=from_seq))

    def acknowledge(self, event_seq):
        self.send("notice_ack", pb.NoticeAck(event_seq=event_seq))

    def track(self, code):
        return self.ask("track", pb.Track(code=code))

    def cursor(self, name, value=None, expected=b""):
        """Reads, or with `value` compares and sets. Gives the value now stored."""
        question = pb.Cursor(name=name, value=value or b"", expected=expected, set=value is not None)
        return self.ask("cursor", question).value

    # ---- receiving

    def credit(self, credit):
        self.send("credit", pb.Credit(credit=credit))

    def ping(self, stamp_ms=None, seconds=ANSWER_SECONDS):
        """PING and its PONG."""
        return self.ask("ping", pb.Ping(stamp_ms=boottime_ms() if stamp_ms is None else stamp_ms), seconds)

    def deliver(self, seconds=ANSWER_SECONDS):
        return self.next("deliver", seconds)

    def put_outcome(self, deliver, verdict, **fields):
        fields.setdefault("content_hash", deliver.routing.content_hash)
        return self.put("outcome", pb.Outcome(handoff_id=deliver.handoff_id, attempt=deliver.attempt, verdict=verdict,
                                              **fields))

    def outcome(self, deliver, verdict, **fields):
        return self.answer_to(self.put_outcome(deliver, verdict, **fields))

    def checkpoint(self, deliver, value):
        return self.ask("checkpoint", pb.Checkpoint(handoff_id=deliver.handoff_id, attempt=deliver.attempt,
                                                    value=value)).kept


def header_of(deliver):
    return pb.Header.FromString(deliver.header)

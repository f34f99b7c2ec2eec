"""Clients of a recorded gateway that write down what they were told, before they do anything with it."""
import hashlib
import os
import random
import time

import disk
from gateway import COUNTER, INSURANCE, POLICE, TAX
from wire import header_of, pb
from words import KIND, STATE, VERDICT

RECEIVERS = (POLICE, INSURANCE, TAX)


class Told:
    """The log of a recording, for marks. Each is one append, behind everything the gateway had done when it spoke."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.lines = 0

    def tell(self, *words):
        data = disk.mark(" ".join(str(word) for word in words))
        assert os.write(self.file, data) == len(data)
        self.lines += 1

    def close(self):
        os.close(self.file)


class Clients:
    """One counter that sends and follows, one receiver of each class: one thread, everything at once."""

    def __init__(self, place, told, seed):
        self.place, self.told, self.dice = place, told, random.Random(seed)
        self.headers, self.accepted, self.asked, self.stored = {}, {}, {}, {}
        self.step = self.cursor = 0
        self.connect()

    def connect(self):
        self.counter = self.place.sender()
        self.counter.follow()
        self.receivers = {code: self.place.receiver(code, 8) for code in RECEIVERS}
        self.blobs = {code: self.place.blob_link(code) for code in (COUNTER, *RECEIVERS)}

    def tell_blob(self, word, code, sha256):
        self.told.tell(word, code, sha256.hex(), self.stored[sha256], time.time_ns() // 1_000_000)

    def upload(self):
        content = self.dice.randbytes(self.dice.choice((1, 700, 65536, 65537, 150_000)))
        sha256 = hashlib.sha256(content).digest()
        assert self.blobs[COUNTER].put(content).size == len(content)
        self.stored[sha256] = len(content)
        self.tell_blob("stored", COUNTER, sha256)

    def read_some(self, code, deliver):
        for attachment in header_of(deliver).attachments:
            if self.dice.random() < 0.3:
                sha256 = bytes(attachment.sha256)
                assert hashlib.sha256(self.blobs[code].get(sha256)).digest() == sha256
                self.tell_blob("read", code, sha256)

    def attachments(self):
        names = self.dice.sample(sorted(self.stored), min(2, len(self.stored))) if self.dice.random() < 0.3 else ()
        return [pb.Attachment(sha256=sha256, size=self.stored[sha256], name="a scan") for sha256 in names]

    def submit(self):
        header = self.counter.header(recipient=self.dice.choice(RECEIVERS), kind=KIND.FORWARD,
                                     procedure_code="1.000894", attachments=self.attachments(),
                                     dossier_code=f"H29.07-230425-{self.dice.randrange(60):04d}")
        payload = self.dice.randbytes(self.dice.choice((40, 400, 400, 3000, 30000)))
        self.put(header, payload)

    def put(self, header, payload):
        data = header.SerializeToString()
        self.headers[bytes(header.message_id)] = (data, payload)
        self.asked[self.counter.put_submit(data, payload)] = header

    def move_cursor(self):
        self.step += 1
        expected = str(self.cursor).encode() if self.cursor else b""
        self.cursor = int(self.counter.cursor("outbox", str(self.step).encode(), expected))
        self.told.tell("cursor", COUNTER, "outbox", self.cursor)

    def hear_counter(self):
        waiting = self.counter.waiting
        while envelope := (waiting.popleft() if waiting else self.counter.receive(0)):
            body = envelope.WhichOneof("body")
            if body == "accepted":
                header, accepted = self.asked.pop(envelope.correlation), envelope.accepted
                self.told.tell("accepted", COUNTER, bytes(header.message_id).hex(), accepted.handoff_id,
                               accepted.content_hash.hex(), accepted.commit_seq)
                self.told.tell("link", accepted.commit_seq, accepted.link.hex())
                self.accepted[bytes(header.message_id)] = accepted
            elif body == "notice":
                notice = envelope.notice
                self.told.tell("notice", notice.event_seq, notice.handoff_id, STATE(notice.state).name)
                if self.dice.random() < 0.3:
                    self.counter.acknowledge(notice.event_seq)
            else:
                raise AssertionError(envelope)

    def hear_receiver(self, code, link):
        verdicts = (VERDICT.DELIVERED,) * 6 + (VERDICT.LATER, VERDICT.BAD_DATA, VERDICT.UNSURE, VERDICT.REFUSED)
        while envelope := (link.waiting.popleft() if link.waiting else link.receive(0)):
            if envelope.WhichOneof("body") == "outcome_ack":
                ack = envelope.outcome_ack
                self.told.tell("outcome", ack.handoff_id, ack.attempt, STATE(ack.state).name)
                self.told.tell("witness", ack.link.hex())
                continue
            deliver = envelope.deliver
            self.told.tell("deliver", deliver.handoff_id, deliver.attempt)
            assert bytes(header_of(deliver).message_id) in self.headers
            self.read_some(code, deliver)
            if self.dice.random() < 0.2:
                self.step += 1
                if link.checkpoint(deliver, str(self.step).encode()):
                    self.told.tell("checkpoint", deliver.handoff_id, deliver.attempt, self.step)
            link.put_outcome(deliver, self.dice.choice(verdicts), detail="an answer of an invented agency")

    def hear(self):
        self.hear_counter()
        for code, link in self.receivers.items():
            self.hear_receiver(code, link)

    def work(self, count):
        """So many submits, and everything that comes of them in the meantime."""
        for number in range(count):
            while len(self.asked) >= 16:
                self.hear()
            self.submit()
            if number % 10 == 9:
                self.move_cursor()
            if number % 6 == 2:
                self.upload()
            self.hear()
        while self.asked:
            self.hear()

"""Messages that are well-formed and mean nothing sensible: every kind, every field, by the schema's own description.
SEED= chooses them.

On both sockets, between ordinary traffic. The broker answers or keeps silent; it never ends, and its store stays whole
(the fixture checks it).
"""
import os
import random

import lienthong_pb2 as pb
from content import uuid7
from google.protobuf.descriptor import FieldDescriptor as Field

from gateway import COUNTER, INSURANCE, POLICE, TAX, WARD
from wire import Refusal
from words import KIND, RECEIVER, SENDER, VERDICT

SEED = int(os.environ.get("SEED", "20230425"))
VERBS = ("status show explain track list failed agencies replay close redirect hold release backup-begin backup-end "
         "confirm-clock nonsense").split()
INTEGERS = {Field.TYPE_UINT32: (0, 32), Field.TYPE_UINT64: (0, 64), Field.TYPE_INT64: (63, 63)}


class Dice:
    """Values that lie near the edges more often than chance would have them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.known = {"codes": [COUNTER, WARD, POLICE, INSURANCE, TAX, "000.00.07.H29", "H99"], "ids": [0, 1],
                      "messages": [uuid7(), b"short"], "dossiers": ["H29.07-230425-0001", "x", ""]}

    def integer(self, kind):
        negative, bits = INTEGERS[kind]
        value = self.random.choice((0, 1, 2, 3, self.random.randrange(20), self.random.randrange(1 << bits),
                                    (1 << bits) - 1, self.random.choice(self.known["ids"]) & (1 << bits) - 1))
        return -value if negative and self.random.random() < 0.2 else value

    def text(self):
        return self.random.choice((
            "", "x", "%s%n\n", "H29.07-230425-0001 ", "ệ" * self.random.randrange(40), "a" * self.random.randrange(700),
            self.random.choice(VERBS), self.random.choice(self.known["codes"]),
            self.random.choice(self.known["dossiers"])))

    def data(self):
        return self.random.choice((b"", self.random.choice(self.known["messages"]), self.random.randbytes(32),
                                   self.random.randbytes(self.random.randrange(600))))

    def fill(self, message, depth=0):
        for field in message.DESCRIPTOR.fields:
            if self.random.random() < 0.35:
                continue
            if field.message_type and field.message_type.GetOptions().map_entry:
                continue
            repeated = field.label == Field.LABEL_REPEATED
            for _ in range(self.random.choice((1, 2, 9, 20)) if repeated else 1):
                self.fill_field(message, field, repeated, depth)
        return message

    def fill_field(self, message, field, repeated, depth):
        if field.type == Field.TYPE_MESSAGE:
            if depth < 3:
                to = getattr(message, field.name)
                self.fill(to.add() if repeated else to, depth + 1)
            return
        value = (self.integer(field.type) if field.type in INTEGERS else self.text() if field.type == Field.TYPE_STRING
                 else self.data() if field.type == Field.TYPE_BYTES else self.random.random() < 0.5)
        if repeated:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)

    def envelope(self, names):
        name = self.random.choice(names)
        # None that the links' own questions reach: an answer to nonsense is not to be taken for theirs.
        envelope = pb.Envelope(correlation=self.random.choice((0, 7 << 32, (1 << 64) - 1)))
        body = getattr(envelope, name)
        body.SetInParent()
        self.fill(body)
        if name == "submit" and self.random.random() < 0.9:
            header = self.fill(pb.Header())
            if self.random.random() < 0.8:
                header.sender, header.kind, header.message_id = COUNTER, self.random.randrange(1, 20), uuid7()
                header.dossier_code = self.random.choice(self.known["dossiers"])
                header.recipient = self.random.choice(self.known["codes"])
                header.source_time_ms = 0
                del header.attachments[:]
            body.header = header.SerializeToString()
        if name == "batch":                     # frames as they would stand alone, and batches within batches
            body.ClearField("frames")
            for _ in range(self.random.randrange(0, 10)):
                body.frames.append(self.random.choice((self.data(), self.envelope(names))))
        if name == "hello":
            body.protocol = self.random.choice((0, 1, 1, 1, 2))
        return b"\x01" + envelope.SerializeToString()


def ordinary(gateway, dice, counter, receiver):
    """A good handoff between the nonsense; its numbers are fed into it."""
    counter.hello(SENDER)
    counter.waiting.clear()
    header = counter.header(recipient=WARD, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
    accepted = counter.answer_to(counter.put_submit(header))
    dice.known["ids"].append(accepted.handoff_id)
    dice.known["messages"].append(header.message_id)
    dice.known["dossiers"].append(header.dossier_code)
    receiver.hello(RECEIVER, credit=8)
    receiver.waiting.clear()
    try:
        if delivered := receiver.deliver(0.02):
            receiver.outcome(delivered, dice.random.choice(list(VERDICT)))
    except Refusal:
        pass


def test_every_message_with_any_content(gateway):
    dice = Dice(SEED)
    gateway.start_broker()
    names = [field.name for field in pb.Envelope.DESCRIPTOR.oneofs[0].fields]
    counter, receiver = gateway.link(COUNTER), gateway.link(WARD, RECEIVER, credit=8)
    gateway.admin("status")
    before = gateway.memory_bytes()
    for _ in range(60):
        for _ in range(40):
            for link in (counter, receiver):
                link.send_raw(dice.envelope(names))
            gateway.admin_socket.send(dice.envelope(["admin"] * 9 + names))
        ordinary(gateway, dice, counter, receiver)
        while gateway.admin_socket.poll(0):
            gateway.admin_socket.recv()
        assert gateway.broker.poll() is None, gateway.tail(gateway.broker_log)
    assert gateway.facts()["gateway"] == "live"
    assert gateway.memory_bytes() - before < 24 << 20


def test_operators_verbs_with_any_content(gateway):
    """Admin alone, with real ids and reasons, so that many of them change something."""
    dice = Dice(SEED + 1)
    gateway.start_broker()
    counter, receiver = gateway.link(COUNTER), gateway.link(WARD, RECEIVER, credit=8)
    gateway.admin("status")
    answered = 0
    for _ in range(80):
        ordinary(gateway, dice, counter, receiver)
        for _ in range(15):
            admin = dice.fill(pb.Admin())
            admin.verb = dice.random.choice(VERBS)
            if dice.random.random() < 0.7:
                admin.reason, admin.handoff_id = "test", dice.random.choice(dice.known["ids"])
                admin.to, admin.behind = dice.random.choice(dice.known["codes"]), dice.random.randrange(4)
                admin.ClearField("dry_run")
            gateway.asked += 1
            frame = pb.Envelope(correlation=gateway.asked, admin=admin).SerializeToString()
            gateway.admin_socket.send(b"\x01" + frame)
            assert gateway.admin_socket.poll(5000), gateway.tail(gateway.broker_log)
            answered += pb.Envelope.FromString(gateway.admin_socket.recv()[1:]).correlation in (0, gateway.asked)
    assert answered == 80 * 15

"""What is wrong is refused with type, field and two sentences; the broker goes on, does not grow, and logs no body and
no name."""
import hashlib
import os
import random
import struct
import time

import pytest

import lienthong_pb2 as pb
from content import uuid7
from gateway import COUNTER, POLICE, TAX, WARD, wait_for
from wire import Refusal, Silence
from words import KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

SEED = int(os.environ.get("SEED", "20230425"))
DAY_MS = 24 * 3600 * 1000
NAME, BODY = "Nguyễn Văn Ví Dụ Không Có Thật", "BODY-MARKER-7f3a"     # looked for in the logs at the end


def now_ms():
    return time.time_ns() // 1_000_000


def fields(running, **changed):
    """A good header's fields, some changed."""
    return {"recipient": TAX, "dossier_code": running.dossier(), "procedure_code": "1.000894", "kind": KIND.FORWARD,
            **changed}


def payload():
    return f'{{"applicant": "{NAME}", "text": "{BODY}"}}'.encode()


def raw_header(running, link, number, wire_bytes):
    """A good header with one more field appended as raw bytes: a last one wins in protobuf."""
    header = link.header(**fields(running))
    return header.SerializeToString() + wire_bytes(number)


def refusal(link, header):
    with pytest.raises(Refusal) as caught:
        link.answer_to(link.put_submit(header, payload()))
    assert caught.value.sentence_vi and caught.value.sentence_en
    assert caught.value.uri.startswith("urn:lienthong:problem:")
    for sentence in (caught.value.sentence_vi, caught.value.sentence_en):
        assert NAME not in sentence and BODY not in sentence
    return caught.value.type, caught.value.field


def after_ids(count):
    return [uuid7() for _ in range(count)]


WRONG = {
    "unknown agency": (dict(recipient="H29.99.99"), PROBLEM.UNKNOWN_AGENCY, "header.recipient"),
    "foreign sender": (dict(sender=WARD), PROBLEM.FOREIGN_SENDER, "header.sender"),
    "no sender": (dict(sender=""), PROBLEM.FOREIGN_SENDER, "header.sender"),
    "unknown kind": (dict(kind=99), PROBLEM.UNKNOWN_KIND, "header.kind"),
    "no kind": (dict(kind=0), PROBLEM.UNKNOWN_KIND, "header.kind"),
    "empty dossier code": (dict(dossier_code=""), PROBLEM.INVALID_FIELD, "header.dossier_code"),
    "dossier code with a space": (dict(dossier_code="H29.07 230425"), PROBLEM.INVALID_FIELD, "header.dossier_code"),
    "dossier code too long": (dict(dossier_code="H" * 65), PROBLEM.INVALID_FIELD, "header.dossier_code"),
    "short message id": (dict(message_id=b"short"), PROBLEM.INVALID_MESSAGE_ID, "header.message_id"),
    "message id of version 4": (dict(message_id=bytes.fromhex("000102030405460788090a0b0c0d0e0f")),
                                PROBLEM.INVALID_MESSAGE_ID, "header.message_id"),
    "id older than the window": (dict(message_id=uuid7(now_ms() - 91 * DAY_MS)), PROBLEM.TOO_OLD, "header.message_id"),
    "id of tomorrow": (dict(message_id=uuid7(now_ms() + DAY_MS)), PROBLEM.IN_FUTURE, "header.message_id"),
    "source time in the future": (dict(source_time_ms=now_ms() + 6 * 60 * 1000), PROBLEM.IN_FUTURE,
                                  "header.source_time_ms"),
    "after[] with a short id": (dict(after=[b"short"]), PROBLEM.INVALID_FIELD, "header.after[0]"),
    "attachment announced but missing": (dict(attachments=[pb.Attachment(sha256=hashlib.sha256(b"x").digest(), size=1,
                                                                         name="x.pdf")]),
                                         PROBLEM.ATTACHMENT_MISSING, "header.attachments[0]"),
    "too many in after[]": (dict(after=after_ids(9)), PROBLEM.TOO_LARGE, "header.after"),
    "no recipient and no route": (dict(recipient="", step="none"), PROBLEM.UNKNOWN_AGENCY, "header.recipient"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_field(running, what):
    changed, problem, field = WRONG[what]
    link = running.link(COUNTER)
    got_type, got_field = refusal(link, link.header(**fields(running, **changed)))
    assert PROBLEM(got_type) == problem
    assert field is None or got_field.startswith(field), got_field
    link.close()


def test_after_names_one_twice(running):
    link, twice = running.link(COUNTER), uuid7()
    assert refusal(link, link.header(**fields(running, after=[twice, twice])))[0] == PROBLEM.INVALID_FIELD


def test_old_source_times_and_ids_inside_the_window_are_fine(running):
    link = running.link(COUNTER)
    header = link.header(**fields(running, source_time_ms=now_ms() - 400 * DAY_MS,
                                  message_id=uuid7(now_ms() - 89 * DAY_MS)))
    assert link.answer_to(link.put_submit(header)).state == STATE.READY
    header = link.header(**fields(running, source_time_ms=now_ms() + 4 * 60 * 1000))
    assert link.answer_to(link.put_submit(header)).state == STATE.READY


def length_delimited(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


def test_text_that_is_no_utf8(running):
    link = running.link(COUNTER)
    for number in (2, 3, 4, 5, 6, 12):                     # sender, recipient, dossier, procedure, step, content type
        header = link.header(**fields(running)).SerializeToString() + length_delimited(number, b"\xff\xfe")
        assert refusal(link, header)[0] in (PROBLEM.MALFORMED, PROBLEM.INVALID_FIELD), number
        header = link.header(**fields(running)).SerializeToString() + length_delimited(number, b"a\x00b")
        assert refusal(link, header)[0] in (PROBLEM.MALFORMED, PROBLEM.INVALID_FIELD), number


def test_sizes(running):
    link = running.link(COUNTER)
    header = link.header(**fields(running))
    with pytest.raises(Refusal) as caught:
        link.answer_to(link.put_submit(header, b"x" * (256 * 1024 + 1)))
    assert caught.value.type == PROBLEM.TOO_LARGE
    big = link.header(**fields(running)).SerializeToString() + length_delimited(31, b"x" * 100) * 200
    assert refusal(link, big)[0] == PROBLEM.TOO_LARGE
    full = link.answer_to(link.put_submit(header, b"x" * (256 * 1024)))
    assert full.state == STATE.READY, "exactly the limit is fine"


def test_an_oversize_frame_ends_the_connection_and_nothing_else(running):
    link, other = running.link(COUNTER), running.link(WARD)
    link.send_raw(b"\x01" + b"x" * (3 << 20))
    link.correlation += 1

    def back_again():
        try:
            return link.hello(SENDER, seconds=0.5)
        except (Silence, Refusal):
            return None
    wait_for(back_again, 10, "a new connection after the oversize frame")
    assert other.cursor("still-here") == b""


# ---------------------------------------------------------------- nonsense, in quantity

def answers(link, count, seconds=20):
    """That many frames came back; their problem types."""
    types = []
    end = time.monotonic() + seconds
    while len(types) < count and time.monotonic() < end:
        envelope = link.receive(0.5)
        if envelope and envelope.WhichOneof("body") == "refused":
            assert envelope.refused.sentence_vi and envelope.refused.sentence_en
            types.append(PROBLEM(envelope.refused.type))
    return types


def test_truncated_frames(running):
    """Every prefix of a good SUBMIT: refused, or no more than what it still says."""
    link = running.link(COUNTER)
    header = link.header(**fields(running, after=after_ids(2), facts={"status": 2, "aliases": ["A-1"]}))
    frame = b"\x01" + pb.Envelope(correlation=7, submit=pb.Submit(header=header.SerializeToString(),
                                                                  payload=payload())).SerializeToString()
    for size in range(len(frame)):
        link.send_raw(frame[:size])
    types = answers(link, len(frame) - 1)
    assert len(types) >= len(frame) - 10
    assert PROBLEM.MALFORMED in types


def test_random_frames(running):
    """Some thousands: random bytes, and good frames with a few bytes changed. Accepted or refused, never fatal."""
    dice, link = random.Random(SEED), running.link(COUNTER)
    before = running.memory_bytes()
    good = b"\x01" + pb.Envelope(correlation=9, submit=pb.Submit(
        header=link.header(**fields(running)).SerializeToString(), payload=payload())).SerializeToString()
    for round_number in range(40):
        for _ in range(100):
            if dice.random() < 0.5:
                frame = b"\x01" + dice.randbytes(dice.randrange(0, 400))
            else:
                changed = bytearray(good)
                for _ in range(dice.randrange(1, 6)):
                    changed[dice.randrange(len(changed))] = dice.randrange(256)
                frame = bytes(changed)
            link.send_raw(frame)
        link.send("cursor", pb.Cursor(name="fence"), 1000 + round_number)       # lets no queue grow at our side
        link.send("hello", pb.Hello(protocol=1, roles=SENDER), 5000 + round_number)
        assert link.answer_to(5000 + round_number).agency == COUNTER
        link.waiting.clear()
    assert running.broker.poll() is None
    assert running.memory_bytes() - before < 24 << 20, "the broker has grown"


def test_absurd_counts(running):
    """Lengths and counts that promise more than there is, and lists far past their bounds."""
    link = running.link(COUNTER)
    base = link.header(**fields(running)).SerializeToString()
    many_after = b"".join(length_delimited(10, length_delimited(1, uuid7())) for _ in range(600))
    many_aliases = bytes([16 << 3 & 0x7F | 2 | 0x80, 16 << 3 >> 7])      # field 16 has a two-byte tag
    aliases = length_delimited(11, b"A") * 2000
    cases = [
        base + many_after,
        base + many_aliases + struct.pack("BB", len(aliases) & 0x7F | 0x80, len(aliases) >> 7 & 0x7F) + aliases,
        base + b"\x52\xff\xff\xff\xff\x07",                             # after[]: 2 GiB to come
        base + b"\x52\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        base + b"\x0b" * 2000,                                          # groups within groups
    ]
    before = running.memory_bytes()
    for header in cases:
        assert refusal(link, header)[0] in (PROBLEM.MALFORMED, PROBLEM.TOO_LARGE, PROBLEM.INVALID_FIELD)
    link.send("hello", pb.Hello(protocol=1, roles=1, kinds=[1] * 100_000))     # not even its correlation is read
    problem = link.next("refused")
    assert problem.type in (PROBLEM.MALFORMED, PROBLEM.TOO_LARGE) and problem.sentence_vi and problem.sentence_en
    assert running.memory_bytes() - before < 8 << 20


def test_messages_that_only_the_gateway_says(running):
    link = running.link(COUNTER)
    for name, message in (("welcome", pb.Welcome()), ("accepted", pb.Accepted(handoff_id=1)),
                          ("deliver", pb.Deliver(handoff_id=1)), ("admin", pb.Admin(verb="status"))):
        with pytest.raises(Refusal) as caught:
            link.ask(name, message)
        assert caught.value.type in (PROBLEM.MALFORMED, PROBLEM.NOT_ALLOWED), name


def test_outcomes_for_what_is_not_theirs(running):
    """An outcome for another agency's handoff, and for one that does not exist: refused, and nothing changes."""
    counter, police = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=1)
    accepted = counter.submit(**fields(running))
    for handoff_id in (accepted.handoff_id, 1):
        with pytest.raises(Refusal) as caught:
            police.ask("outcome", pb.Outcome(handoff_id=handoff_id, attempt=1, verdict=VERDICT.DELIVERED))
        assert caught.value.type == PROBLEM.UNKNOWN_HANDOFF
    assert running.state(accepted.handoff_id) == STATE.READY
    with pytest.raises(Refusal) as caught:
        counter.ask("outcome", pb.Outcome(handoff_id=accepted.handoff_id, attempt=1, verdict=VERDICT.DELIVERED))
    assert caught.value.type in (PROBLEM.NOT_ALLOWED, PROBLEM.UNKNOWN_HANDOFF)
    police.close()


def test_the_log_holds_no_body_and_no_name(running):
    """After all of the above, and an ordinary delivery with an outcome whose words hold both."""
    counter, police = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=1)
    accepted = counter.submit(payload(), **fields(running, recipient=POLICE))
    police.outcome(police.deliver(), VERDICT.BAD_DATA, field="/applicant", detail=f"{NAME} {BODY}")
    running.wait_state(accepted.handoff_id, STATE.FAILED)
    log = running.read("broker.log")
    assert log and NAME not in log and BODY not in log
    for word in NAME.split():
        assert word not in log
    police.close()

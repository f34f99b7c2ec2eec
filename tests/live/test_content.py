"""The content hash: a second implementation gives the values of proto/README.md and of the gateway."""
import hashlib
import os
import re

import lienthong_pb2 as pb
import words
from content import content_hash, uuid7
from gateway import ROOT

EMPTY = "ae15f6f1791f7c0f57000adcc304ee374cf7a38fd62db7c821dc4d27f9d8b126"
RATED = "fe25b42b71f0a6aa2bb068559c14ecd8b67c6b2ac9194ef090888551a407710e"
FULL = "853b63324f5dd1c8e981885011e4dc479dd4ba0cadb1aea004ebb571f21145ac"
CHOSEN = "6965d76d2372a623509c6814cc335968e7887947b752ef820e4a23f7417af8fc"        # the same with two chosen steps


def sample():
    ids = [bytes.fromhex("019cae4bd8007abc8def0123456789" + end) for end in ("ab", "aa", "a9")]
    return pb.Header(
        message_id=ids[0], sender="H29.7.1", recipient="000.00.07.H29", dossier_code="000.00.07.H29-260302-000001",
        procedure_code="2.000986", step="residence", kind=1, source_time_ms=1772443700000, sequence=3, parent=41,
        after=[pb.After(message_id=ids[1], until=1), pb.After(message_id=ids[2], until=2)],
        content_type="application/json",
        attachments=[pb.Attachment(sha256=hashlib.sha256(b"scan").digest(), size=4, name="giấy chứng sinh.pdf",
                                   media_type="application/pdf", component="GCS")],
        facts=pb.Facts(status=4, partner_status="dang-xu-ly", channel=2, area_code="26734", procedure_version="2",
                       received_ms=1772443800000, due_ms=1772789400000, due_source="procedure", officer_from="cb01",
                       officer_to="ca07", aliases=["G22-1", "G22-2"], reason_code="R1", answer_by_ms=1772530200000,
                       money=[pb.Money(component="LP", owed=8000, paid=-1)],
                       components=[pb.Component(code="GCS", copies=1, digitised=True),
                                   pb.Component(code="CT07", copies=2, reused=True, withdrawn=True)]))


def test_values_of_the_page():
    assert content_hash(pb.Header()).hex() == EMPTY
    assert content_hash(pb.Header(facts=pb.Facts())).hex() == EMPTY
    assert content_hash(pb.Header(facts=pb.Facts(rating=pb.Rating(attitude=5, cost=4, trips=2)))).hex() == RATED
    assert content_hash(sample(), '{"họ tên":"Nguyễn Văn Ví Dụ"}'.encode()).hex() == FULL



def test_chosen_steps_are_covered_and_change_nothing_without_them():
    header = sample()
    header.facts.chosen_steps.extend(["allowance", "social-aid"])
    assert content_hash(header, '{"họ tên":"Nguyễn Văn Ví Dụ"}'.encode()).hex() == CHOSEN


def test_what_is_not_covered():
    header = sample()
    header.source_time_ms += 1
    header.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    header.signature = b"123"
    assert content_hash(header, '{"họ tên":"Nguyễn Văn Ví Dụ"}'.encode()).hex() == FULL


def test_message_ids_rise_with_time():
    assert uuid7(1) < uuid7(2) and uuid7()[6] >> 4 == 7 and uuid7()[8] >> 6 == 2


def numbers_of(path, prefix):
    """The constants of a C enum that counts up from its first value, by name."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, flags=re.S):
        names = [name.strip() for name in body.split(",") if name.strip()]
        if all(name.startswith(prefix) for name in names) and not names[-1].startswith(prefix + "BIT"):
            first = re.fullmatch(r"\w+ = (\d+)", names[0])
            start = int(first[1]) if first else 0
            yield {name.split(" ")[0][len(prefix):]: start + place for place, name in enumerate(names)}


def test_words_keep_their_numbers():
    """Words are appended, never renumbered: they stand on disk and on the wire."""
    for path, prefix, ours in (
            ("gateway/base/words.h", "KIND_", words.KIND), ("gateway/base/words.h", "STATE_", words.STATE),
            ("gateway/base/words.h", "VERDICT_", words.VERDICT), ("gateway/base/words.h", "SCOPE_", words.SCOPE),
            ("gateway/base/words.h", "FAIL_", words.FAIL), ("gateway/base/words.h", "CLASS_", words.AGENCY_CLASS),
            ("gateway/base/words.h", "ANSWER_", words.ANSWER), ("gateway/base/words.h", "UNTIL_", words.UNTIL),
            ("gateway/base/words.h", "CAUSE_", words.CAUSE), ("gateway/base/words.h", "FLOW_", words.FLOW),
            ("gateway/base/problem.h", "PROBLEM_", words.PROBLEM)):
        [theirs] = list(numbers_of(path, prefix))
        for word in ours:
            assert theirs.get(word.name) == word.value, f"{prefix}{word.name}"

"""A paper is asked for and brought without a trip: over sockets, by a client in another language and by the command
line. What follows from it in the core is told in tests/trace/supplement_*.trace."""
import json
import time

import pytest

from gateway import COUNTER, POLICE
from wire import Refusal, header_of
from words import ASKING, CAUSE, KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
CONTENT_TYPE = "application/vnd.lienthong.supplement+json"
ITEMS = [{"component": "GKS", "field": "ngay_sinh", "wrong": "ghi 30/02/2023, không có ngày này",
          "wanted": "bản chụp rõ trang có ngày sinh"}]
PROCEDURES = """
- code: 1.000111
  name: Thủ tục ví dụ
  valid_from: 2020-01-01
  committed: w3
  steps:
    - { name: residence, agency: SECTOR, limit: w2 }
"""


@pytest.fixture
def office(gateway):
    """A gateway with a procedure, a dossier of it at the police, and both sides connected."""
    gateway.write("directory/procedures.yaml", PROCEDURES)
    gateway.write("directory/routes.yaml", "[]\n")
    gateway.start_broker()
    gateway.counter = gateway.link(COUNTER, SENDER | RECEIVER, credit=4)
    gateway.police = gateway.link(POLICE, SENDER | RECEIVER, credit=4)
    gateway.code = gateway.dossier()
    now_ms = time.time_ns() // 1_000_000
    forward = gateway.counter.submit(recipient=POLICE, dossier_code=gateway.code, procedure_code="1.000111",
                                     step="residence", kind=KIND.FORWARD, source_time_ms=now_ms - 4 * DAY_MS,
                                     facts={"status": 2, "received_ms": now_ms - 4 * DAY_MS})
    gateway.police.outcome(gateway.police.deliver(), VERDICT.DELIVERED)
    gateway.forward, gateway.now_ms = forward.handoff_id, now_ms
    return gateway


def known(gateway):
    return gateway.counter.track(gateway.code).dossier


def test_a_request_is_answered_and_the_clock_has_stood(office):
    before = known(office)
    payload = json.dumps({"items": ITEMS, "note": "Mang bản chính để đối chiếu"}, ensure_ascii=False).encode()
    request = office.police.submit(payload, dossier_code=office.code, kind=KIND.SUPPLEMENT_REQUEST,
                                   parent=office.forward, content_type=CONTENT_TYPE,
                                   source_time_ms=office.now_ms - 3 * DAY_MS,
                                   facts={"components": [{"code": "GKS"}],
                                          "answer_by_ms": office.now_ms + 7 * DAY_MS})
    asked = office.counter.deliver()
    assert (asked.handoff_id, asked.routing.recipient, header_of(asked).recipient) == (request.handoff_id, COUNTER, "")
    assert (header_of(asked).content_type, asked.payload) == (CONTENT_TYPE, payload), "its words travel unchanged"
    office.counter.outcome(asked, VERDICT.DELIVERED)
    view = known(office)
    assert (view.status, view.standing_since_ms) == (5, office.now_ms - 3 * DAY_MS)
    [row] = view.asked
    assert (row.handoff_id, row.state, row.agency, row.recipient) == (request.handoff_id, ASKING.OPEN, POLICE, COUNTER)
    assert list(row.components) == list(row.missing) == ["GKS"]
    [line] = office.cli("supplements", "--agency", COUNTER, "--json")["asked"]
    assert (line["dossier_code"], line["components"], line["proposes_stop"]) == (office.code, ["GKS"], False)

    answer = office.counter.submit(dossier_code=office.code, kind=KIND.SUPPLEMENT, parent=request.handoff_id,
                                   source_time_ms=office.now_ms - HOUR_MS)
    brought = office.police.deliver()
    assert (brought.handoff_id, brought.routing.recipient) == (answer.handoff_id, POLICE)
    office.police.outcome(brought, VERDICT.DELIVERED)
    view = known(office)
    assert (view.standing_since_ms, view.paused_ms) == (0, 3 * DAY_MS - HOUR_MS)
    assert view.due_ms > before.due_ms, "the citizen's days are not the office's"
    assert (view.asked[0].state, view.asked[0].ended_by) == (ASKING.ANSWERED, answer.handoff_id)
    assert office.cli("supplements", "--json")["asked"] == []
    assert CAUSE.ANSWER_CAME in [event.cause for event in office.handoff(request.handoff_id).events]

    office.police.submit(recipient=COUNTER, dossier_code=office.code, kind=KIND.RESULT, parent=office.forward)
    assert known(office).status == 9


def test_what_is_refused_says_what_to_do(office):
    common = {"dossier_code": office.code, "kind": KIND.SUPPLEMENT_REQUEST, "parent": office.forward}
    with pytest.raises(Refusal) as refusal:
        office.police.submit(**common)
    assert (refusal.value.type, refusal.value.field) == (PROBLEM.INVALID_FIELD, "header.facts.components")
    request = office.police.submit(**common, facts={"components": [{"code": "GKS"}]})
    office.counter.submit(dossier_code=office.code, kind=KIND.SUPPLEMENT, parent=request.handoff_id)
    with pytest.raises(Refusal) as refusal:
        office.counter.submit(dossier_code=office.code, kind=KIND.SUPPLEMENT, parent=request.handoff_id)
    assert refusal.value.type == PROBLEM.WRONG_STATE and "không ở trạng thái bổ sung" in refusal.value.sentence_vi
    with pytest.raises(Refusal) as refusal:
        office.police.submit(**common, facts={"components": [{"code": "CCCD"}]})
    assert refusal.value.field == "header.facts.reason_code"
    again = office.police.submit(**common, facts={"components": [{"code": "CCCD"}], "reason_code": "thay-doi"})
    assert [row.nth for row in known(office).asked] == [1, 2]
    words = office.cli("track", office.code, "--lang", "vi")
    assert "bổ sung CCCD [thay-doi], lần 2" in words and "đã trả lời" in words
    assert "Chờ người dân bổ sung giấy tờ" in office.cli("explain", str(again.handoff_id), "--lang", "vi")


def test_by_the_command_line(office):
    """People write what is wrong; the payload and the components follow from it."""
    office.write("wrong.json", json.dumps({"dossier_code": office.code, "kind": "SUPPLEMENT_REQUEST",
                                           "parent": office.forward, "items": [{"component": "GKS"}]}))
    said = office.cli("submit", office.path("wrong.json"), "--as", POLICE, "--lang", "vi", code=1)
    assert "items[0].wrong" in said
    office.write("right.json", json.dumps({"dossier_code": office.code, "kind": "SUPPLEMENT_REQUEST",
                                           "parent": office.forward, "items": ITEMS, "note": "Mang bản chính",
                                           "facts": {"answer_by": "2040-01-02 17:00"}}))
    office.cli("submit", office.path("right.json"), "--as", POLICE, "--json")
    asked = office.counter.deliver()
    header = header_of(asked)
    assert header.content_type == CONTENT_TYPE and [c.code for c in header.facts.components] == ["GKS"]
    assert json.loads(asked.payload) == {"items": ITEMS, "note": "Mang bản chính"}
    office.counter.outcome(asked, VERDICT.DELIVERED)
    assert "GKS" in office.cli("supplements", "--lang", "vi")


def test_a_correction_before_and_after_it_got_there(office):
    other = office.dossier()
    common = {"recipient": POLICE, "dossier_code": other, "procedure_code": "1.000111", "step": "residence",
              "kind": KIND.FORWARD}
    office.police.credit(0)                     # its desk is full: what comes waits
    office.police.ping()
    wrong = office.counter.submit(b'{"born": "2023-02-30"}', **common)
    right = office.counter.submit(b'{"born": "2023-02-28"}', parent=wrong.handoff_id, **common)
    office.police.credit(4)
    delivered = office.police.deliver()
    assert (delivered.handoff_id, delivered.payload) == (right.handoff_id, b'{"born": "2023-02-28"}')
    office.police.outcome(delivered, VERDICT.DELIVERED)
    assert office.state(wrong.handoff_id) == STATE.CLOSED

    correction = office.counter.submit(b'{"born": "2023-02-27"}', dossier_code=other, kind=KIND.CORRECTION_REQUEST,
                                       parent=right.handoff_id)
    assert office.police.deliver().handoff_id == correction.handoff_id
    with pytest.raises(Refusal) as refusal:
        office.police.submit(dossier_code=other, kind=KIND.REFUSAL, parent=correction.handoff_id)
    assert refusal.value.field == "header.facts.reason_code"
    office.police.submit(dossier_code=other, kind=KIND.REFUSAL, parent=correction.handoff_id,
                         facts={"reason_code": "da-ky"})
    assert not office.handoff(right.handoff_id).answer, "declining ends no step"

"""What an agency's bad manners lead to, by class: the state, and the number of POSTs in the agency's own book.

The police take an idempotency key, insurance can be asked, tax is neither and must never get a second POST by itself.
"""
import hashlib

import pytest

from conftest import finish
from gateway import COUNTER, INSURANCE, POLICE, TAX, THREE, Gateway, wait_for
from words import FAIL, KIND, STATE, VERDICT

DONE = (STATE.DELIVERED, STATE.UNSURE, STATE.FAILED, STATE.CLOSED)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Broker, adapter and three agencies for all tests of this file."""
    made = Gateway(tmp_path_factory.mktemp("adapter"))
    made.start_broker().start_agencies()
    made.start_adapter()
    wait_for(lambda: all(made.agency(code).sessions for code in THREE), 10, "the adapter's three sessions")
    yield made
    finish(made)


def hand_off(site, code, count=1, **fields):
    fields.setdefault("kind", KIND.FORWARD)
    link = site.link(COUNTER)
    ids = [link.submit(b'{"summary": "test"}', recipient=code, procedure_code="1.000894",
                       **{"dossier_code": site.dossier(), **fields}).handoff_id for _ in range(count)]
    link.close()
    return ids


def outcome(site, code, rules, seconds=15, warm=False):
    """One handoff under these rules, until it stands still: its state, POSTs, acts."""
    agency = site.agencies[code]
    if warm:                                        # so that the connection is kept alive
        [first] = hand_off(site, code)
        site.wait_state(first, STATE.DELIVERED)
    agency.rules(rules)
    [handoff] = hand_off(site, code)
    view = site.wait_state(handoff, *DONE, seconds=seconds)
    agency.rules([])
    key = f"live-{handoff:016x}"
    summary = agency.summary()
    assert sum(summary.posts.values()) >= 1
    result = STATE(view.state).name, summary.posts[key], summary.acts[key]
    if view.state != STATE.DELIVERED:
        site.admin("close", handoff_id=handoff, reason="test", behind=1)
    return result


def expect(site, rules, police, insurance, tax, warm=False):
    for code, expected in ((POLICE, police), (INSURANCE, insurance), (TAX, tax)):
        got = outcome(site, code, rules, warm=warm)
        assert got == expected, f"{code}: {got}, expected {expected}\n{site.tail(site.adapter_log)}"


def test_all_well(site):
    expect(site, [], ("DELIVERED", 1, 1), ("DELIVERED", 1, 1), ("DELIVERED", 1, 1))


def test_slow_but_in_time(site):
    expect(site, [{"do": "slow", "seconds": 0.5}], ("DELIVERED", 1, 1), ("DELIVERED", 1, 1), ("DELIVERED", 1, 1))


def test_accepts_and_never_answers(site):
    """It acted. Police: again under the same key, the first answer comes. Insurance: asked. Tax: a person."""
    expect(site, [{"do": "silent", "times": 1}], ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


def test_answers_too_late(site):
    expect(site, [{"do": "slow", "seconds": 2.5, "times": 1}],
           ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


def test_reads_and_closes_without_acting(site):
    """Nobody can know that it did not act: insurance says when asked, tax waits for a person."""
    expect(site, [{"do": "close", "times": 1}], ("DELIVERED", 2, 1), ("DELIVERED", 2, 1), ("UNSURE", 1, 0))


def test_acts_and_resets(site):
    expect(site, [{"do": "act-close", "reset": True, "times": 1}],
           ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


def test_acts_and_closes_a_kept_alive_connection(site):
    """curl would repeat the POST by itself there; one request is sent at most once."""
    rules = [{"do": "act-close", "when": {"reused": True}, "times": 1}]
    expect(site, rules, ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1), warm=True)
    for code in THREE:
        lines = [line for line in site.agencies[code].lines() if line.get("rule") == "act-close" and line["reused"]]
        assert lines, f"{code}: the connection was kept alive"


def test_an_answer_cut_in_the_middle(site):
    expect(site, [{"do": "cut", "times": 1}], ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


def test_an_error_of_theirs_that_may_have_acted(site):
    expect(site, [{"do": "http", "status": 500, "acts": True, "times": 1}],
           ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


@pytest.mark.parametrize("status,retry_after", [(503, 1), (429, 1), (503, "date+1"), (503, None)])
def test_busy_with_retry_after(site, status, retry_after):
    """They say that they did not act: again for everybody."""
    expect(site, [{"do": "http", "status": status, "retry_after": retry_after, "times": 1}],
           ("DELIVERED", 2, 1), ("DELIVERED", 2, 1), ("DELIVERED", 2, 1))


def test_a_maintenance_page_with_200(site):
    expect(site, [{"do": "html", "times": 1}], ("DELIVERED", 2, 1), ("DELIVERED", 2, 1), ("DELIVERED", 2, 1))


def test_always_200_with_the_meaning_in_words(site):
    refused = [{"do": "prose", "body": {"status": "refused", "reason": "không thuộc thẩm quyền"}, "times": 1}]
    expect(site, refused, ("DELIVERED", 1, 0), ("DELIVERED", 1, 0), ("DELIVERED", 1, 0))
    there = [{"do": "prose", "body": {"status": "duplicate"}, "times": 1}]
    expect(site, there, ("DELIVERED", 1, 0), ("DELIVERED", 1, 0), ("DELIVERED", 1, 0))


def test_words_that_no_rule_knows(site):
    """Nothing is taken for a success because it says 200. Police: again, bounded; tax: a person."""
    unknown = [{"do": "prose", "body": {"message": "OK roi"}, "acts": True, "times": 1}]
    expect(site, unknown, ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


def test_an_answer_without_end(site):
    """More than the bound on answers is not read; where the status does not say enough, nobody knows what it said."""
    expect(site, [{"do": "big", "status": 201, "times": 1}],
           ("DELIVERED", 1, 1), ("DELIVERED", 1, 1), ("DELIVERED", 1, 1))
    expect(site, [{"do": "big", "status": 200, "times": 1}],
           ("DELIVERED", 2, 1), ("DELIVERED", 1, 1), ("UNSURE", 1, 1))


def test_redirects_are_never_followed(site):
    """One dossier may be the agency's whim; the same answer for a second, different one pauses the agency."""
    elsewhere = f"http://127.0.0.1:{site.agencies[TAX].port}/handoffs"
    before = len(site.agencies[TAX].lines())
    site.agencies[POLICE].rules([{"do": "http", "status": 302, "location": elsewhere}])
    ids = hand_off(site, POLICE) + hand_off(site, POLICE)
    wait_for(lambda: site.agency(POLICE).paused, 10, lambda: site.tail(site.adapter_log))
    assert len(site.agencies[TAX].lines()) == before
    site.agencies[POLICE].rules([])
    site.admin("release", code=POLICE, reason="mended")
    for handoff in ids:
        site.wait_state(handoff, STATE.DELIVERED)


def test_requests_at_once_are_bounded(site):
    """Forty wait, the agency takes its time: never more than eight are with it (in_flight of the directory is 16)."""
    site.agencies[POLICE].rules([{"do": "slow", "seconds": 0.1}])
    ids = hand_off(site, POLICE, 40)
    for handoff in ids:
        site.wait_state(handoff, STATE.DELIVERED, seconds=20)
    site.agencies[POLICE].rules([])
    keys = {f"live-{handoff:016x}" for handoff in ids}
    at_once = [line["at_once"] for line in site.agencies[POLICE].lines() if line.get("key") in keys
               and line["event"] == "request"]
    assert 2 <= max(at_once) <= 8


def test_a_door_that_slams(site):
    """A connection taken and closed before a byte is read: the request may have left."""
    for code, expected in ((POLICE, STATE.DELIVERED), (INSURANCE, STATE.DELIVERED), (TAX, STATE.UNSURE)):
        site.agencies[code].control(door="slam")
        [handoff] = hand_off(site, code)
        wait_for(lambda: site.handoff(handoff).attempt >= 1 and site.state(handoff) != STATE.OFFERED, 10, "an attempt")
        site.agencies[code].control(door="open")
        site.wait_state(handoff, expected)
        assert site.agencies[code].summary().acts[f"live-{handoff:016x}"] == (expected == STATE.DELIVERED)
        if expected != STATE.DELIVERED:
            site.admin("close", handoff_id=handoff, reason="test", behind=1)


def test_down_for_a_while(site):
    """Never sent: everybody's backlog drains when they are back, in order, one POST each."""
    for code in THREE:
        site.agencies[code].down()
    lanes = {code: [hand_off(site, code, 3, dossier_code=site.dossier()) for _ in range(4)] for code in THREE}
    for code in THREE:
        wait_for(lambda: site.agency(code).breaker != "closed" or site.agency(code).counts[STATE.WAITING], 10,
                 "the outage is seen")
        assert site.agency(code).counts[STATE.FAILED] == site.agency(code).counts[STATE.UNSURE] == 0
        site.agencies[code].up()
    for code, dossiers in lanes.items():
        for handoff in (handoff for dossier in dossiers for handoff in dossier):
            site.wait_state(handoff, STATE.DELIVERED, seconds=15)
        summary = site.agencies[code].summary()
        for dossier in dossiers:
            keys = [f"live-{handoff:016x}" for handoff in dossier]
            assert [summary.posts[key] for key in keys] == [1, 1, 1]
            assert summary.order[summary.dossiers[keys[0]]] == keys, "in the order accepted"
        assert not summary.doubled


def test_bad_data_goes_back_with_its_field(site):
    site.agencies[TAX].rules([{"do": "bad-data", "field": "/payload/taxpayer"}])
    link = site.link(COUNTER)
    accepted = link.submit(recipient=TAX, dossier_code=site.dossier(), kind=KIND.FORWARD)
    view = site.wait_state(accepted.handoff_id, STATE.FAILED)
    site.agencies[TAX].rules([])
    assert (view.fail_class, view.verdict) == (FAIL.BAD_DATA, VERDICT.BAD_DATA)
    link.follow()
    notice = wait_for(lambda: next_about(link, accepted.handoff_id), 10, "the sender is told")
    assert (notice.state, notice.fail_class, notice.field) == (STATE.FAILED, FAIL.BAD_DATA, "/payload/taxpayer")
    assert site.agencies[TAX].summary().posts[f"live-{accepted.handoff_id:016x}"] == 1
    site.admin("close", handoff_id=accepted.handoff_id, reason="test", behind=1)


def next_about(link, handoff_id):
    """Reads notices, acknowledging each, until one about this handoff."""
    while notice := link.next("notice", 1):
        link.acknowledge(notice.event_seq)
        if notice.handoff_id == handoff_id:
            return notice
    return None


def test_what_every_request_carries(site):
    link = site.link(COUNTER)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    accepted = link.submit('{"summary": "ví dụ"}'.encode(), recipient=POLICE, dossier_code=site.dossier(),
                           step="residence", procedure_code="2.000986", kind=KIND.FORWARD, traceparent=trace,
                           facts={"status": 2, "channel": 2, "due_ms": 1682676000000})
    view = site.wait_state(accepted.handoff_id, STATE.DELIVERED)
    [line] = [line for line in site.agencies[POLICE].lines() if line["key"] == f"live-{accepted.handoff_id:016x}"]
    body = line["body"]
    assert line["traceparent"].split("-")[1] == trace.split("-")[1], "the sender's trace goes on"
    assert (body["idempotency_key"], body["sender"], body["recipient"]) == (line["key"], COUNTER, POLICE)
    assert (body["kind"], body["step"], body["channel"]) == ("FORWARD", "residence", "online")
    assert body["payload"] == {"summary": "ví dụ"}
    assert view.agency_ref == f"{POLICE}/{hashlib.sha256(line['key'].encode()).hexdigest()[:8]}"


def test_logs_hold_no_body(site):
    link = site.link(COUNTER)
    name = "Trần Thị Ví Dụ Minh Hoạ"
    accepted = link.submit(f'{{"name": "{name}"}}'.encode(), recipient=TAX, dossier_code=site.dossier(),
                           kind=KIND.FORWARD)
    site.wait_state(accepted.handoff_id, STATE.DELIVERED)
    for log in ("broker.log", "adapter.log"):
        assert "Minh Hoạ" not in site.read(log)

"""How long the gateway tries, and what it does with what cannot go on: limits, breaker, antecedents that never come,
withdrawals, due dates."""
import time

import pytest

from conftest import finish
from content import uuid7
from gateway import COUNTER, INSURANCE, POLICE, TAX, WARD, Gateway, wait_for
from words import ANSWER, CAUSE, FAIL, KIND, RECEIVER, SCOPE, SENDER, STATE, UNTIL, VERDICT


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """As `running`, with little patience: two attempts, one lapse, antecedents awaited for two seconds."""
    made = Gateway(tmp_path_factory.mktemp("hasty"))
    made.replace("directory/gateway.yaml", "attempts: 20", "attempts: 2")
    made.replace("directory/gateway.yaml", "lapses: 5", "lapses: 1")
    made.replace("directory/gateway.yaml", "lease: 3s", "lease: 1s")
    made.replace("directory/gateway.yaml", "antecedent_wait: 30d", "antecedent_wait: 2s")
    made.start_broker()
    yield made
    finish(made)


def submit(gateway, to, **fields):
    link = gateway.link(COUNTER)
    accepted = link.submit(recipient=to, **{"dossier_code": gateway.dossier(), "kind": KIND.FORWARD, **fields})
    link.close()
    return accepted


def answer(link, verdict, **fields):
    delivered = link.deliver()
    assert delivered, "a DELIVER"
    link.outcome(delivered, verdict, **fields)
    return delivered


# ---------------------------------------------------------------- limits

def test_attempts_are_used_up(hasty):
    accepted, link = submit(hasty, POLICE), hasty.link(POLICE, RECEIVER, credit=1)
    for attempt in (1, 2):
        assert answer(link, VERDICT.LATER, fingerprint=f"http-50{attempt}").attempt == attempt
    view = hasty.wait_state(accepted.handoff_id, STATE.FAILED)
    assert view.fail_class == FAIL.EXHAUSTED and CAUSE.LIMIT_REACHED in [event.cause for event in view.events]
    hasty.admin("replay", handoff_id=accepted.handoff_id, reason="the agency is well again")
    assert answer(link, VERDICT.DELIVERED).attempt == 3, "numbers are never used again"
    link.close()


def test_an_adapter_that_goes_silent_again_and_again(hasty):
    accepted, link = submit(hasty, WARD), hasty.link(WARD, RECEIVER, credit=1)

    def given_up():
        link.ping()
        return hasty.state(accepted.handoff_id) == STATE.FAILED
    wait_for(given_up, 10, lambda: hasty.handoff(accepted.handoff_id))
    assert hasty.handoff(accepted.handoff_id).fail_class == FAIL.ADAPTER
    link.close()


def test_an_antecedent_that_never_comes(hasty):
    accepted = submit(hasty, TAX, after=[uuid7()])
    assert accepted.state == STATE.HELD
    view = hasty.wait_state(accepted.handoff_id, STATE.FAILED, seconds=8)
    assert view.fail_class == FAIL.PREDECESSOR and CAUSE.PREDECESSOR_ABSENT in [event.cause for event in view.events]


def test_an_answer_that_no_rule_knows_is_tried_a_few_times(hasty):
    accepted, link = submit(hasty, POLICE), hasty.link(POLICE, RECEIVER, credit=1)
    for _ in range(2):
        answer(link, VERDICT.UNKNOWN, fingerprint="rest-200-other", detail="không hiểu")
    assert hasty.wait_state(accepted.handoff_id, STATE.FAILED).fail_class == FAIL.UNKNOWN_ANSWER
    link.close()


# ---------------------------------------------------------------- the breaker

def test_the_breaker_opens_and_probes_one_at_a_time(running):
    """The same trouble for five dossiers: one probe at a time, no attempt is lost, then everything drains."""
    link = running.link(POLICE, RECEIVER, credit=16)
    ids = [submit(running, POLICE).handoff_id for _ in range(20)]
    delivered = 0
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        offered = link.deliver(0.1)
        if offered:
            delivered += 1
            link.outcome(offered, VERDICT.LATER, fingerprint="connect-refused", never_sent=True)
    agency = running.agency(POLICE)
    assert agency.breaker in ("open", "half-open") and agency.counts[STATE.FAILED] == 0
    assert delivered <= 20 + 8, "after the first round only probes, every half second"
    for _ in ids:
        answer(link, VERDICT.DELIVERED)
    assert running.agency(POLICE).breaker == "closed"
    assert {running.state(handoff) for handoff in ids} == {STATE.DELIVERED}
    link.close()


# ---------------------------------------------------------------- which first

def test_the_earliest_due_date_goes_first(running):
    """At one recipient, whatever the order of acceptance; what has no due date comes by age."""
    hour, now = 3600_000, time.time_ns() // 1_000_000
    due = {name: submit(running, TAX, facts={"due_ms": now + hours * hour} if hours else {}).handoff_id
           for name, hours in (("late", 72), ("none", 0), ("soon", 2), ("middle", 24))}
    link = running.link(TAX, RECEIVER, credit=1)
    order = [answer(link, VERDICT.DELIVERED).handoff_id for _ in due]
    assert [order.index(due[name]) for name in ("soon", "middle", "late")] == sorted(
        order.index(due[name]) for name in ("soon", "middle", "late"))
    link.close()


def test_a_head_inherits_the_due_date_of_those_behind_it(running):
    now, dossier = time.time_ns() // 1_000_000, running.dossier()
    head = submit(running, TAX, dossier_code=dossier, facts={"due_ms": now + 90 * 3600_000})
    other = submit(running, TAX, facts={"due_ms": now + 10 * 3600_000})
    submit(running, TAX, dossier_code=dossier, facts={"due_ms": now + 3600_000})
    link = running.link(TAX, RECEIVER, credit=1)
    order = [answer(link, VERDICT.DELIVERED).handoff_id for _ in range(3)]
    assert order[0] == head.handoff_id and order[2] == other.handoff_id
    link.close()


# ---------------------------------------------------------------- withdrawn, overtaken, misconfigured

def test_a_withdrawal_before_anything_left_closes_both(running):
    dossier = running.dossier()
    forward = submit(running, INSURANCE, dossier_code=dossier)
    withdrawal = submit(running, INSURANCE, dossier_code=dossier, kind=KIND.WITHDRAWAL)
    for handoff in (forward, withdrawal):
        running.wait_state(handoff.handoff_id, STATE.CLOSED)
    link = running.link(INSURANCE, RECEIVER, credit=4)
    assert link.deliver(0.3) is None
    link.close()


def test_a_withdrawal_of_what_is_there_goes_there_too(running):
    dossier, link = running.dossier(), running.link(INSURANCE, RECEIVER, credit=1)
    submit(running, INSURANCE, dossier_code=dossier)
    answer(link, VERDICT.DELIVERED)
    link.credit(0)
    link.ping()
    urge = submit(running, INSURANCE, dossier_code=dossier, kind=KIND.URGE)
    withdrawal = submit(running, INSURANCE, dossier_code=dossier, kind=KIND.WITHDRAWAL)
    running.wait_state(urge.handoff_id, STATE.CLOSED)
    link.credit(1)
    assert answer(link, VERDICT.DELIVERED).handoff_id == withdrawal.handoff_id
    link.close()


def test_overtaken_ends_a_progress_and_refuses_a_supplement(running):
    ward, link = running.link(WARD, SENDER), running.link(COUNTER, RECEIVER, credit=1)
    ids = [ward.submit(recipient=COUNTER, dossier_code=running.dossier(), kind=kind).handoff_id
           for kind in (KIND.PROGRESS, KIND.SUPPLEMENT)]
    for _ in ids:
        answer(link, VERDICT.OVERTAKEN)
    assert running.state(ids[0]) == STATE.CLOSED, "closed by rule, not delivered"
    view = running.handoff(ids[1])
    assert (view.state, view.answer) == (STATE.DELIVERED, ANSWER.REFUSED), "a business no, and the sender is told"
    link.close()


def test_a_wrong_mapping_holds_only_what_uses_the_value(running):
    first, link = submit(running, POLICE), running.link(POLICE, RECEIVER, credit=1)
    answer(link, VERDICT.MISCONFIGURED, scope=SCOPE.MAPPING, value="unit-77", detail="106", fingerprint="hotich-106")
    view = running.wait_state(first.handoff_id, STATE.FAILED)
    assert view.fail_class == FAIL.MAPPING and not running.agency(POLICE).paused
    second = submit(running, POLICE)
    assert answer(link, VERDICT.DELIVERED).handoff_id == second.handoff_id
    running.admin("replay", handoff_id=first.handoff_id, reason="mã đơn vị đã sửa")
    assert answer(link, VERDICT.DELIVERED).handoff_id == first.handoff_id
    link.close()


def test_a_wrong_path_pauses_the_agency_after_a_second_dossier(running):
    ids, link = [submit(running, WARD).handoff_id for _ in range(2)], running.link(WARD, RECEIVER, credit=1)
    trouble = dict(scope=SCOPE.AGENCY, detail="404", fingerprint="http-404")
    answer(link, VERDICT.MISCONFIGURED, **trouble)
    assert not running.agency(WARD).paused, "one dossier may be the agency's whim"
    answer(link, VERDICT.MISCONFIGURED, **trouble)
    assert running.agency(WARD).paused
    running.admin("release", code=WARD, reason="path mended")
    assert sorted(answer(link, VERDICT.DELIVERED).handoff_id for _ in ids) == sorted(ids)
    link.close()


def test_predecessor_missing_and_orphan(running):
    link = running.link(POLICE, RECEIVER, credit=1)
    missing = submit(running, POLICE, kind=KIND.SUPPLEMENT)
    answer(link, VERDICT.PREDECESSOR_MISSING, fingerprint="predecessor")
    assert running.state(missing.handoff_id) in (STATE.WAITING, STATE.READY, STATE.OFFERED)
    answer(link, VERDICT.DELIVERED)
    orphan = submit(running, POLICE, kind=KIND.URGE)
    answer(link, VERDICT.ORPHAN, fingerprint="orphan")
    assert running.wait_state(orphan.handoff_id, STATE.FAILED).fail_class == FAIL.ORPHAN
    link.close()


def test_closing_an_antecedent_fails_its_dependants_with_the_reason(running):
    first = submit(running, TAX)
    second = submit(running, INSURANCE, after=[(first.message_id, UNTIL.DELIVERED)])
    running.admin("close", handoff_id=first.handoff_id, reason="nộp lại bản giấy")
    view = running.wait_state(second.handoff_id, STATE.FAILED)
    assert view.fail_class == FAIL.PREDECESSOR and CAUSE.PREDECESSOR_ENDED in [event.cause for event in view.events]

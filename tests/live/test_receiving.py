"""The receiving side, natively: credit, order in a lane, checkpoints, stamps, lapsed leases, lost sessions."""
import time

from gateway import COUNTER, INSURANCE, POLICE, TAX, WARD, wait_for
from wire import boottime_ms
from words import CAUSE, FAIL, KIND, RECEIVER, SCOPE, STATE, VERDICT


def submit(running, to, count=1, **fields):
    counter = running.link(COUNTER)
    fields.setdefault("kind", KIND.FORWARD)
    return [counter.submit(recipient=to, **{"dossier_code": running.dossier(), **fields}).handoff_id
            for _ in range(count)]


def deliver_all(link, count, verdict=VERDICT.DELIVERED, **fields):
    ids = []
    for _ in range(count):
        delivered = link.deliver()
        assert delivered, f"{len(ids)} of {count} came"
        link.outcome(delivered, verdict, **fields)
        ids.append(delivered.handoff_id)
    return ids


def causes(running, handoff_id):
    return [CAUSE(event.cause) for event in running.handoff(handoff_id).events]


# ---------------------------------------------------------------- credit and order

def test_credit_bounds_what_is_open(running):
    link = running.link(POLICE, RECEIVER, credit=2)
    ids = submit(running, POLICE, 5)
    opened = [link.deliver(), link.deliver()]
    assert link.deliver(0.3) is None, "two are open: that is the credit"
    link.credit(0)
    link.ping()                                             # its answer: the new credit has been read
    link.outcome(opened[0], VERDICT.DELIVERED)
    assert link.deliver(0.3) is None, "0 pauses"
    link.credit(3)
    opened += [link.deliver(), link.deliver()]
    assert link.deliver(0.3) is None
    for delivered in opened[1:]:
        link.outcome(delivered, VERDICT.DELIVERED)
    assert sorted(deliver_all(link, 1) + [delivered.handoff_id for delivered in opened]) == sorted(ids)
    link.close()


def test_one_dossier_in_order_others_beside_it(running):
    link, dossier = running.link(POLICE, RECEIVER, credit=16), running.dossier()
    lane = submit(running, POLICE, 4, dossier_code=dossier)
    [other] = submit(running, POLICE)
    first, beside = sorted((link.deliver(), link.deliver()), key=lambda delivered: delivered.handoff_id)
    assert (first.handoff_id, beside.handoff_id) == (lane[0], other)
    assert link.deliver(0.3) is None, "the rest of the dossier waits for its first"
    link.outcome(beside, VERDICT.DELIVERED)
    link.outcome(first, VERDICT.LATER, retry_after_ms=200, never_sent=True)
    assert deliver_all(link, 4) == lane, "also after a LATER of its head"
    link.close()


def test_a_receiver_gets_the_kinds_it_announced(running):
    link = running.link(POLICE, RECEIVER, credit=4, kinds=[KIND.URGE])
    [forward] = submit(running, POLICE)
    [urge] = submit(running, POLICE, kind=KIND.URGE)
    assert deliver_all(link, 1) == [urge] and link.deliver(0.3) is None
    link.close()
    other = running.link(POLICE, RECEIVER, credit=4)
    assert deliver_all(other, 1) == [forward]
    other.close()


def test_a_failed_head_blocks_its_dossier_only(running):
    link, dossier = running.link(TAX, RECEIVER, credit=4), running.dossier()
    first, second = submit(running, TAX, 2, dossier_code=dossier)
    deliver_all(link, 1, VERDICT.BAD_DATA, field="/payload/tax_code", detail="mã số thuế không hợp lệ")
    view = running.wait_state(first, STATE.FAILED)
    assert view.fail_class == FAIL.BAD_DATA
    [other] = submit(running, TAX)
    assert deliver_all(link, 1) == [other] and link.deliver(0.3) is None
    running.admin("close", handoff_id=first, reason="test", behind=1)
    assert deliver_all(link, 1) == [second]
    link.close()


# ---------------------------------------------------------------- stamps and checkpoints

def test_the_stamp_of_the_last_ping_comes_back(running):
    link = running.link(POLICE, RECEIVER, credit=1)
    assert link.ping(1234).stamp_ms == 1234
    submit(running, POLICE, 2)
    first = link.deliver()
    assert first.stamp_ms == 1234
    stamp = boottime_ms()
    link.ping(stamp)
    link.outcome(first, VERDICT.DELIVERED)
    second = link.deliver()
    assert second.stamp_ms == stamp
    link.outcome(second, VERDICT.DELIVERED)
    link.close()


def test_a_checkpoint_comes_back_with_the_next_attempt(running):
    link = running.link(POLICE, RECEIVER, credit=1)
    submit(running, POLICE)
    first = link.deliver()
    assert first.routing.checkpoint == b""
    assert link.checkpoint(first, b"two of three calls done")
    link.outcome(first, VERDICT.LATER, retry_after_ms=100)
    second = link.deliver()
    assert second.attempt == first.attempt + 1
    assert second.routing.checkpoint == b"two of three calls done"
    assert not link.checkpoint(first, b"from the first attempt"), "no longer the open one"
    link.outcome(second, VERDICT.DELIVERED)
    link.close()


def test_retry_after_is_obeyed(running):
    link = running.link(POLICE, RECEIVER, credit=1)
    [handoff] = submit(running, POLICE)
    began = time.monotonic()
    link.outcome(link.deliver(), VERDICT.LATER, retry_after_ms=1500, fingerprint="http-503", http_status=503)
    assert running.state(handoff) == STATE.WAITING
    again = link.deliver(5)
    assert again.handoff_id == handoff and time.monotonic() - began >= 1.5
    link.outcome(again, VERDICT.DELIVERED)
    link.close()


# ---------------------------------------------------------------- when nobody knows

def lapse(running, code):
    """One DELIVER, and a receiver that lives and does not answer it within the lease of three seconds."""
    link = running.link(code, RECEIVER, credit=1)
    [handoff] = submit(running, code)
    link.ping()
    first = link.deliver()
    assert first.handoff_id == handoff and not first.routing.ask_first

    def lapsed():
        link.ping()
        return CAUSE.LEASE_LAPSED in causes(running, handoff)
    wait_for(lapsed, 8, "the lease lapses")
    return link, handoff, first


def test_a_lapse_at_an_idempotent_agency_is_sent_again(running):
    link, handoff, first = lapse(running, POLICE)
    second = link.deliver()
    assert (second.handoff_id, second.attempt, second.routing.ask_first) == (handoff, 2, False)
    assert second.routing.idempotency_key == first.routing.idempotency_key
    ack = link.outcome(first, VERDICT.LATER)                # of the attempt that no longer counts
    assert ack.state == STATE.OFFERED
    assert link.outcome(second, VERDICT.DELIVERED).state == STATE.DELIVERED
    link.close()


def test_a_lapse_at_a_probe_agency_asks_first(running):
    link, handoff, _ = lapse(running, INSURANCE)
    second = link.deliver()
    assert (second.handoff_id, second.attempt, second.routing.ask_first) == (handoff, 2, True)
    assert link.outcome(second, VERDICT.ALREADY_THERE).state == STATE.DELIVERED
    link.close()


def test_a_lapse_at_any_other_waits_for_a_person(running):
    link, handoff, first = lapse(running, TAX)
    assert running.state(handoff) == STATE.UNSURE
    assert link.deliver(0.5) is None, "never a second one by itself"
    ack = link.outcome(first, VERDICT.DELIVERED)            # it did arrive: final, whenever it comes
    assert ack.state == STATE.DELIVERED == running.state(handoff)
    link.close()


def test_a_lost_session_by_class(running):
    """As a lapse, at once: the connection is gone."""
    for code, state in ((POLICE, STATE.READY), (INSURANCE, STATE.READY), (TAX, STATE.UNSURE)):
        link = running.link(code, RECEIVER, credit=1)
        [handoff] = submit(running, code)
        first = link.deliver()
        link.close()
        running.wait_state(handoff, state, seconds=12)
        if state == STATE.READY:
            link = running.link(code, RECEIVER, credit=1)
            second = link.deliver()
            assert (second.handoff_id, second.routing.ask_first) == (handoff, code == INSURANCE)
            assert second.attempt > first.attempt
            link.outcome(second, VERDICT.DELIVERED)
            link.close()
        else:
            running.admin("close", handoff_id=handoff, reason="test")


# ---------------------------------------------------------------- what else an outcome can say

def test_a_business_no_ends_the_delivery(running):
    counter, link = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=1)
    accepted = counter.submit(recipient=POLICE, dossier_code=running.dossier(), kind=KIND.FORWARD)
    ack = link.outcome(link.deliver(), VERDICT.REFUSED, detail="không thuộc thẩm quyền")
    assert ack.state == STATE.DELIVERED and len(ack.link) == 32
    counter.follow()
    notice = wait_for(lambda: next((n for n in iter(lambda: counter.next("notice", 1), None)
                                    if n.handoff_id == accepted.handoff_id), None), 5, "the sender is told")
    assert notice.verdict == VERDICT.REFUSED and notice.answer == 1
    link.close()


def test_a_wrong_login_pauses_the_agency_at_once(running):
    link = running.link(WARD, RECEIVER, credit=1)
    [first] = submit(running, WARD)
    link.outcome(link.deliver(), VERDICT.MISCONFIGURED, scope=SCOPE.LOGIN, detail="401", fingerprint="http-401")
    assert running.agency(WARD).paused
    [second] = submit(running, WARD)
    assert link.deliver(0.3) is None
    running.admin("release", code=WARD, reason="login mended")
    assert not running.agency(WARD).paused
    assert sorted(deliver_all(link, 2)) == [first, second]
    link.close()


def test_outcomes_of_unknown_answers_are_bounded(running):
    """UNKNOWN at a class that may not be resent: a person, at once."""
    link = running.link(TAX, RECEIVER, credit=1)
    [handoff] = submit(running, TAX)
    link.outcome(link.deliver(), VERDICT.UNKNOWN, detail="an answer that no rule knows", fingerprint="http-200-other")
    assert running.state(handoff) == STATE.UNSURE
    running.admin("close", handoff_id=handoff, reason="test")
    link.close()

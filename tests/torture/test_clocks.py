"""Wrong wall clocks at the start, clocks that step while the broker runs, a broker that stands still for an hour:
no handoff is lost or expires by it, and the alarm stands in `lienthong status`, in `explain` and in the log until
somebody confirms."""
import os
import signal
import time

import pytest

from gateway import INSURANCE, POLICE, TAX, wait_for
from words import STATE, VERDICT

HOUR = 3600 * 1000
DAY = 24 * HOUR


def until_year(year):
    """Milliseconds from now to the second day of that year."""
    return int((time.mktime((year, 1, 2, 0, 0, 0, 0, 0, 0)) - time.time()) * 1000)


def clock_facts(place):
    facts = place.facts()
    return facts["clock"], facts["statutory_brake"]


def wait_clock(place, alarm, brake):
    wait_for(lambda: clock_facts(place) == (alarm, brake), 5, lambda: f"{(alarm, brake)}, but {place.facts()}")


def alarm_is_told(place, handoff, alarm):
    """Where a person would look, in both languages."""
    assert place.log_has("event=clock", f"why={alarm}"), place.tail(place.broker_log)
    assert place.cli("status", "--json")["facts"]["clock"] == alarm
    assert alarm in place.cli("status")
    explained = place.cli("explain", str(handoff))
    assert "confirm-clock" in explained and "apart from gateway time" in explained
    assert "Đồng hồ" in place.cli("explain", str(handoff), "--lang", "vi")


def confirm(place):
    place.cli("confirm-clock", "--reason", "the time server was down")
    wait_clock(place, "agrees", "false")


def deliver_all(place, link, handoffs):
    """Every one of them reaches its receiver and is delivered."""
    left = set(handoffs)
    while left:
        deliver = link.deliver()
        assert deliver, f"{left} never came"
        link.outcome(deliver, VERDICT.DELIVERED)
        left.discard(deliver.handoff_id)
    assert all(place.state(handoff) == STATE.DELIVERED for handoff in handoffs)


@pytest.fixture
def lived(place):
    """A gateway that has worked at the right time and stopped: one delivered, one held by its antecedent, two ready."""
    place.start_broker()
    sender = place.sender()
    sink = place.receiver(POLICE)
    place.done_header = sender.header(recipient=POLICE, dossier_code=place.dossier(), procedure_code="1.000894", kind=1)
    place.done = sender.answer_to(sender.put_submit(place.done_header)).handoff_id
    deliver_all(place, sink, [place.done])
    sink.close()
    missing = sender.header(recipient=POLICE, dossier_code=place.dossier(), procedure_code="1.000894", kind=1)
    place.held = place.submit(sender, INSURANCE, after=[bytes(missing.message_id)]).handoff_id
    place.ready = [place.submit(sender, POLICE).handoff_id, place.submit(sender, TAX).handoff_id]
    sender.close()
    assert place.stop_broker() == 0
    return place


def nothing_changed(place):
    assert place.state(place.held) == STATE.HELD
    assert place.state(place.done) == STATE.DELIVERED
    assert [place.state(handoff) for handoff in place.ready] == [STATE.READY] * 2


def work_goes_on(place):
    """New ones are taken and delivered, old ones too, and a repetition of an old one is known."""
    sender = place.sender()
    again = sender.answer_to(sender.put_submit(place.done_header))
    assert again.duplicate and again.handoff_id == place.done
    new = place.submit(sender, POLICE).handoff_id
    deliver_all(place, place.receiver(POLICE), [place.ready[0], new])
    deliver_all(place, place.receiver(TAX), [place.ready[1]])


@pytest.mark.long
@pytest.mark.parametrize("year, alarm", [(1970, "apart"), (2070, "gap")])
def test_a_new_store_with_an_impossible_clock(place, year, alarm):
    place.set_clock(until_year(year))
    place.start_broker()
    wait_clock(place, alarm, "true")
    sender, sink = place.sender(), place.receiver(POLICE)
    handoff = place.submit(sender, POLICE).handoff_id
    alarm_is_told(place, handoff, alarm)
    deliver_all(place, sink, [handoff])
    place.set_clock(0)
    confirm(place)
    second = place.submit(sender, POLICE).handoff_id
    deliver_all(place, sink, [second])
    assert abs(place.handoff(second).accepted_ms - time.time() * 1000) < 60_000
    assert place.stop_broker() == 0
    place.check_store()


@pytest.mark.parametrize("year, alarm", [(1970, "apart"), (2070, "gap")])
def test_a_store_that_starts_with_a_wrong_clock(lived, year, alarm):
    lived.set_clock(until_year(year))
    lived.start_broker()
    wait_clock(lived, alarm, "true")
    nothing_changed(lived)
    alarm_is_told(lived, lived.ready[0], alarm)
    work_goes_on(lived)
    assert lived.state(lived.held) == STATE.HELD
    lived.set_clock(0)                                      # mended while it runs
    wait_clock(lived, "agrees", "true")
    confirm(lived)
    assert lived.log_has("event=clock", "why=confirmed")
    assert lived.stop_broker() == 0
    lived.check_store()


def test_2070_leaves_nothing_behind(lived):
    """Stopped with the wrong clock, started with the right one: as if it had never been."""
    lived.set_clock(until_year(2070))
    lived.start_broker()
    wait_clock(lived, "gap", "true")
    lived.submit(lived.sender(), TAX)
    assert lived.stop_broker() == 0
    lived.set_clock(0)
    lived.start_broker()
    wait_clock(lived, "agrees", "false")
    nothing_changed(lived)
    work_goes_on(lived)
    assert lived.stop_broker() == 0
    lived.check_store()


@pytest.mark.parametrize("step", [HOUR, -HOUR, pytest.param(until_year(2070), marks=pytest.mark.long)],
                         ids=["hour", "hour-back", "2070"])
def test_the_wall_clock_steps_while_it_runs(place, step):
    """Under load, with handoffs in every open state."""
    place.set_clock(0)
    place.start_broker()
    sender, police, tax = place.sender(), place.receiver(POLICE), place.receiver(TAX)
    missing = bytes(sender.header().message_id)
    held = place.submit(sender, INSURANCE, after=[missing]).handoff_id
    waiting = place.submit(sender, POLICE).handoff_id
    police.outcome(police.deliver(), VERDICT.LATER, retry_after_ms=2000)
    offered = place.submit(sender, TAX).handoff_id
    delivery = tax.deliver()
    more = [place.submit(sender, POLICE).handoff_id for _ in range(10)]
    place.set_clock(step)
    wait_clock(place, "apart", "true")
    alarm_is_told(place, waiting, "apart")
    more += [place.submit(sender, POLICE).handoff_id for _ in range(10)]
    assert place.state(held) == STATE.HELD and place.state(offered) == STATE.OFFERED
    tax.outcome(delivery, VERDICT.DELIVERED)
    assert place.state(offered) == STATE.DELIVERED
    police.ping()
    deliver_all(place, police, [waiting, *more])            # the back-off of 2 s is 2 s
    view = place.handoff(waiting)
    assert view.changed_ms - view.accepted_ms < 30_000, "gateway time went on as if nothing had been"
    place.set_clock(0)
    wait_clock(place, "agrees", "true")
    confirm(place)
    assert place.stop_broker() == 0
    place.check_store()


def test_a_broker_that_stood_still_for_an_hour(place):
    """SIGSTOP: all clocks go on meanwhile. An answer that waited in the socket counts; nothing is lost, no agency
    that is neither idempotent nor can be asked is offered a second time."""
    place.set_clock(0, 0)
    place.start_broker()
    sender = place.sender()
    links = {code: place.receiver(code) for code in (POLICE, INSURANCE, TAX)}
    answered = {code: place.submit(sender, code).handoff_id for code in links}
    deliveries = {code: link.deliver() for code, link in links.items()}
    open_ = {code: place.submit(sender, code).handoff_id for code in links}
    for link in links.values():
        assert link.deliver()
    held = place.submit(sender, POLICE, after=[bytes(sender.header().message_id)]).handoff_id

    place.broker.send_signal(signal.SIGSTOP)
    for code, link in links.items():
        link.put_outcome(deliveries[code], VERDICT.DELIVERED)
    place.set_clock(HOUR, HOUR)
    time.sleep(1)
    place.broker.send_signal(signal.SIGCONT)

    for handoff in answered.values():
        place.wait_state(handoff, STATE.DELIVERED)
    assert clock_facts(place) == ("agrees", "false"), "both clocks went on: nothing to alarm about"
    assert place.state(held) == STATE.HELD
    place.wait_state(open_[TAX], STATE.UNSURE)
    for link in links.values():
        link.close()
    for code in (POLICE, INSURANCE):
        deliver_all(place, place.receiver(code), [open_[code]])
    tax = place.receiver(TAX)
    assert tax.deliver(0.5) is None and place.state(open_[TAX]) == STATE.UNSURE
    assert place.cli("list", "--state", "FAILED", "--json")["handoffs"] == []
    assert place.stop_broker() == 0
    place.check_store()


def test_only_the_steady_clock_jumps(place):
    """A machine that counted its sleep wrongly: apart, and told."""
    place.set_clock(0, 0)
    place.start_broker()
    sender = place.sender()
    handoff = place.submit(sender, POLICE).handoff_id
    place.set_clock(0, HOUR)
    wait_clock(place, "apart", "true")
    alarm_is_told(place, handoff, "apart")
    deliver_all(place, place.receiver(POLICE), [handoff])
    assert place.stop_broker() == 0


def test_the_clock_library(tmp_path):
    """It does what the tests believe."""
    from place import run, tool
    (tmp_path / "clock").write_text(f"{HOUR} {2 * HOUR}\n")
    script = "import time; print(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic())"
    here = (time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic())
    there = run("/usr/bin/python3", "-c", script,
                environment={"LD_PRELOAD": tool("clock.so"), "TORTURE_CLOCK": os.fspath(tmp_path / "clock")})
    for before, after, hours in zip(here, map(float, there.split()), (1, 2, 2)):
        assert 0 <= after - before - hours * 3600 < 30

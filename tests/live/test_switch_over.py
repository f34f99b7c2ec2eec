"""From three tiers to two under a running gateway: the example network of 2023 becomes that of 2026 on SIGHUP. What was
begun before finishes after, late answers come under old codes, and nobody else gets anything of it."""
import os
import shutil
import signal
import time

import pytest

from gateway import wait_for
from wire import Refusal
from words import CAUSE, KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

COUNTER, WARD, POLICE = "H29.07.00", "H29.07.06", "G01.29.07"                   # of Quận 7, as of 2023
NEW_COUNTER, NEW_WARD, CITY_POLICE = "H29.101.00", "H29.101", "G01.29"          # phường Tân Thuận
OTHER_COUNTER = "H29.104.00"                                                    # phường Tân Hưng
BINH_THUAN = "79.07.06"                                                         # the area of the old ward


def switch_over(city, tmp_path):
    """The next directory in place of the one before; keys that exist stay as they are."""
    version = city.facts()["directory_version"]
    city.cli("init", str(tmp_path / "next"), "--network", "hcmc-2026", "--agencies", "G01.29,G24.29", site=False)
    for key in os.listdir(tmp_path / "next/keys"):
        if not os.path.exists(city.path(f"keys/{key}")):
            shutil.copy(tmp_path / "next/keys" / key, city.path("keys"))
    shutil.rmtree(city.path("directory"))
    shutil.copytree(tmp_path / "next/directory", city.path("directory"))
    city.broker.send_signal(signal.SIGHUP)
    wait_for(lambda: city.facts()["directory_version"] != version, 10, lambda: city.tail(city.broker_log))


def forward(link, city, dossier, **fields):
    return link.submit(kind=KIND.FORWARD, dossier_code=dossier, procedure_code="2.000986",
                       **{"facts": {"area_code": BINH_THUAN}, **fields})


def refused(call, *arguments, **options):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **options)
    return caught.value


def mapping(city, handoff_id):
    return [event.detail for event in city.handoff(handoff_id).events if event.cause == CAUSE.SUCCEEDED]


def test_begun_before_finished_after(city, tmp_path):
    counter = city.link(COUNTER)
    police = city.link(POLICE, SENDER | RECEIVER, credit=1)
    dossier = city.dossier()
    first = forward(counter, city, dossier, step="residence")
    delivered = police.deliver()
    assert police.outcome(delivered, VERDICT.DELIVERED).state == STATE.DELIVERED
    police.credit(0)
    police.ping()
    to_police = forward(counter, city, dossier, step="residence",
                        facts={"area_code": BINH_THUAN, "due_ms": 1900000000000})
    behind = forward(counter, city, dossier, step="residence")
    to_ward = forward(counter, city, city.dossier(), recipient=WARD)

    switch_over(city, tmp_path)

    # What waited goes to the successors, in order, with its due date (of the dossier where it has none of its own); the
    # history names both codes.
    city_police = city.link(CITY_POLICE, SENDER | RECEIVER, credit=1)
    for waited in (to_police, behind):
        delivery = city_police.deliver()
        assert (delivery.handoff_id, city.handoff(waited.handoff_id).due_ms) == (waited.handoff_id, 1900000000000)
        assert mapping(city, waited.handoff_id) == [f"{POLICE} -> {CITY_POLICE}"]
        assert city_police.outcome(delivery, VERDICT.DELIVERED).state == STATE.DELIVERED
    ward = city.link(NEW_WARD, SENDER | RECEIVER, credit=1)
    delivery = ward.deliver()
    assert delivery.handoff_id == to_ward.handoff_id
    assert mapping(city, to_ward.handoff_id) == [f"{WARD} -> {NEW_WARD}"]
    assert ward.outcome(delivery, VERDICT.DELIVERED).state == STATE.DELIVERED

    # A late answer, from the old code to the old code: it finds the dossier and the counter of the ward it went to.
    new_counter = city.link(NEW_COUNTER, SENDER | RECEIVER, credit=1)
    result = police.submit(kind=KIND.RESULT, dossier_code=dossier, procedure_code="2.000986", step="residence",
                           recipient=COUNTER, parent=first.handoff_id, facts={"area_code": BINH_THUAN})
    delivery = new_counter.deliver()
    assert delivery.handoff_id == result.handoff_id
    assert new_counter.outcome(delivery, VERDICT.DELIVERED).state == STATE.DELIVERED
    assert city.handoff(first.handoff_id).answer

    # The new counter goes on with what the old one sent; another ward's counter may not even know of it.
    assert {view.handoff_id for view in new_counter.track(dossier).handoffs} >= {first.handoff_id, result.handoff_id}
    urge = new_counter.submit(kind=KIND.URGE, dossier_code=dossier, procedure_code="2.000986", recipient=CITY_POLICE,
                              parent=to_police.handoff_id)
    assert city_police.deliver().handoff_id == urge.handoff_id
    other = city.link(OTHER_COUNTER)
    assert refused(other.track, dossier).type == PROBLEM.UNKNOWN_DOSSIER
    assert refused(other.submit, kind=KIND.URGE, dossier_code=dossier, recipient=CITY_POLICE,
                   parent=to_police.handoff_id).type == PROBLEM.UNKNOWN_HANDOFF


def test_a_day_that_comes_by_itself(gateway):
    """No signal: the directory named the moment before, and the gateway sees to it when it comes."""
    ends = time.time() + 5
    gateway.replace("directory/agencies.yaml", "name: Ủy ban nhân dân phường Tân Phong\n",
                    "name: Ủy ban nhân dân phường Tân Phong\n  successor: H29.07.02\n  valid_to: "
                    + time.strftime("%Y-%m-%dT%H:%M:%S+07:00\n", time.gmtime(ends + 7 * 3600)))
    gateway.replace("directory/agencies.yaml", "H29.07.02.public, roles: [sender]",
                    "H29.07.02.public, roles: [sender, receiver]")
    gateway.start_broker()
    successor = gateway.link("H29.07.02", RECEIVER, credit=1)
    waits = gateway.link(COUNTER).submit(kind=KIND.FORWARD, dossier_code=gateway.dossier(), recipient="H29.07.01")
    assert (gateway.handoff(waits.handoff_id).recipient, waits.state) == ("H29.07.01", STATE.READY)
    delivery = successor.deliver(seconds=20)
    assert delivery.handoff_id == waits.handoff_id and time.time() >= int(ends)
    assert mapping(gateway, waits.handoff_id) == ["H29.07.01 -> H29.07.02"]
    assert successor.outcome(delivery, VERDICT.DELIVERED).state == STATE.DELIVERED


def test_a_paper_household_book_is_not_asked_for(city):
    counter = city.link(COUNTER)
    listed = {"area_code": BINH_THUAN, "procedure_version": "2.000986/normal/2024-07-01",
              "components": [{"code": "to-khai"}, {"code": "so-ho-khau"}]}
    problem = refused(forward, counter, city, city.dossier(), recipient=POLICE, facts=listed)
    assert (problem.type, problem.field) == (PROBLEM.INVALID_FIELD, "header.facts.components[1]")
    for sentence in (problem.sentence_vi, problem.sentence_en):
        assert "Luật Cư trú 68/2020/QH14" in sentence and "2023-01-01" in sentence
    # Of a dossier received while it was still asked for, and of a paper that its sender calls withdrawn.
    assert forward(counter, city, city.dossier(), recipient=POLICE,
                   facts={**listed, "received_ms": 1650000000000}).state == STATE.READY
    problem = refused(forward, counter, city, city.dossier(), recipient=POLICE,
                      facts={"components": [{"code": "to-khai", "withdrawn": True}]})
    assert problem.field == "header.facts.components[0]"

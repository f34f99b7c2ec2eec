"""An interlinked birth from one submission: the gateway leads it through ward, police and insurance, between processes,
as the example network of 2023 describes it."""
import json
import re
import time

import pytest

from wire import Refusal
from words import FLOW, KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

COUNTER, WARD, POLICE, INSURANCE = "H29.07.00", "H29.07.06", "G01.29.07", "G24.29.07"
AREA = "79.07.06"                                       # of the ward, in Quận 7
BIRTH = "3.000722"                                      # with the identity card: four steps, two of them side by side
RESULTS = {"civil-status": ["birth-certificate", "personal-identity-number"], "residence": ["residence-registered"],
           "health-card": ["health-card"], "identity-card": ["identity-card"]}


def submit(link, dossier, **fields):
    """One submission: no recipient, no step."""
    return link.submit('{"child": "Nguyễn Thị Ví Dụ"}'.encode(), kind=KIND.FORWARD, dossier_code=dossier,
                       procedure_code=BIRTH, content_type="application/json",
                       facts={"area_code": AREA, "status": 2, "channel": 1}, **fields)


def steps(city, handoff_id):
    return {step.name: step for step in city.admin("show", handoff_id=handoff_id).dossier.flow.steps}


def states(city, handoff_id):
    return {name: FLOW(step.state).name for name, step in steps(city, handoff_id).items()}


def take(link):
    """The next step at this agency, delivered."""
    delivery = link.deliver()
    assert link.outcome(delivery, VERDICT.DELIVERED).state == STATE.DELIVERED
    return delivery


def finish(link, delivery, payload, **fields):
    step = delivery.routing.step
    return link.submit(payload, kind=KIND.RESULT, parent=delivery.handoff_id, recipient=COUNTER,
                       dossier_code=fields.pop("dossier"), procedure_code=BIRTH, content_type="application/json",
                       facts={"status": 9, "components": [{"code": code} for code in RESULTS[step]]}, **fields)


def test_one_submission_and_four_agencies(city):
    counter = city.link(COUNTER)
    ward, police, insurance = (city.link(code, SENDER | RECEIVER, credit=4) for code in (WARD, POLICE, INSURANCE))
    dossier = city.dossier()
    accepted = submit(counter, dossier)
    root = accepted.handoff_id
    assert accepted.state == STATE.READY
    assert submit(counter, dossier, message_id=accepted.message_id).duplicate

    # The ward reads which step it is in Routing; the header is what the counter wrote.
    birth = take(ward)
    assert birth.handoff_id == root and birth.routing.step == "civil-status"
    assert birth.routing.procedure_version.startswith(f"{BIRTH}/normal/")
    assert states(city, root) == {"civil-status": "AT_WORK", "residence": "WAITS", "health-card": "WAITS",
                                  "identity-card": "WAITS"}
    assert police.next("deliver", 0.5) is None

    # Without the number that the later steps need it is no result.
    with pytest.raises(Refusal) as refused:
        ward.submit(b"{}", kind=KIND.RESULT, parent=root, recipient=COUNTER, dossier_code=dossier, procedure_code=BIRTH,
                    facts={"status": 9, "components": [{"code": "birth-certificate"}]})
    assert refused.value.type == PROBLEM.INVALID_FIELD and refused.value.field == "header.facts.components"
    assert "personal-identity-number" in refused.value.sentence_en
    # The date on the citizen's paper, stated while the others wait: they go out with it.
    promised_ms = time.time_ns() // 1_000_000 + 5 * 24 * 3600 * 1000
    assert promised_ms != birth.routing.due_ms > 0
    counter.submit(b"{}", kind=KIND.CONSULT, recipient=WARD, parent=root, dossier_code=dossier,
                   facts={"due_ms": promised_ms})
    finish(ward, birth, b'{"number": "079326000001"}', dossier=dossier)

    residence = take(police)
    assert (residence.routing.step, residence.routing.due_ms) == ("residence", promised_ms)
    assert [(i.step, i.payload) for i in residence.routing.inputs] == [("civil-status", b'{"number": "079326000001"}')]
    finish(police, residence, b'{"residence": "CT07-1"}', dossier=dossier)

    # The two last ones side by side, the one at the police in its own time.
    card, identity = take(insurance), take(police)
    assert (card.routing.step, identity.routing.step) == ("health-card", "identity-card")
    assert {i.step for i in card.routing.inputs} == {"civil-status", "residence"}
    assert card.routing.idempotency_key != identity.routing.idempotency_key
    finish(insurance, card, b'{"card": "GD-9"}', dossier=dossier)
    assert states(city, root)["identity-card"] == "AT_WORK"
    picture = city.cli("track", "--as", COUNTER, dossier)
    for line in ("✓ Đăng ký khai sinh", "✓   Đăng ký thường trú", "✓     Cấp thẻ bảo hiểm y tế",
                 "▶     Cấp thẻ căn cước"):
        assert line in picture, picture
    assert "civil-status" not in picture and "residence" not in picture
    shown = city.cli("show", str(residence.handoff_id))
    assert re.search(r"^  step +Đăng ký thường trú \(residence\)$", shown, re.M), shown
    finish(police, identity, b'{"card": "CC-7"}', dossier=dossier)
    assert set(states(city, root).values()) == {"DONE"}

    known = city.cli("track", "--as", COUNTER, dossier, "--json")["dossier"]
    assert known["status"] == 9 and known["owner"] == COUNTER and known["flow"]["sender"] == COUNTER
    assert [step["name"] for step in known["flow"]["steps"]] == ["civil-status", "residence", "health-card",
                                                                 "identity-card"]
    assert known["flow"]["steps"][3]["title"] == "Cấp thẻ căn cước"
    assert {branch["step"]: branch["step_title"] for branch in known["branches"]}["residence"] == "Đăng ký thường trú"
    slip = city.cli("paper", "control-slip", dossier)
    assert "(Đăng ký thường trú)" in slip and "residence" not in slip


def test_withdrawn_in_the_middle_and_refused_as_a_whole(city):
    counter = city.link(COUNTER)
    ward, police = (city.link(code, SENDER | RECEIVER, credit=4) for code in (WARD, POLICE))
    dossier = city.dossier()
    root = submit(counter, dossier).handoff_id
    finish(ward, take(ward), b"{}", dossier=dossier)
    take(police)
    withdrawal = counter.submit(b"{}", kind=KIND.WITHDRAWAL, dossier_code=dossier, procedure_code=BIRTH)
    told = take(police)
    assert told.handoff_id == withdrawal.handoff_id
    assert states(city, root) == {"civil-status": "DONE", "residence": "AT_WORK", "health-card": "CLOSED",
                                  "identity-card": "CLOSED"}
    view = city.cli("track", "--as", COUNTER, dossier, "--json")["dossier"]
    assert view["status"] == 7 and view["flow"]["stopped"] == "WITHDRAWAL"

    # Nobody does its first step for an area that no ward serves: nothing of it is kept.
    other = city.dossier()
    with pytest.raises(Refusal) as refused:
        counter.submit(b"{}", kind=KIND.FORWARD, dossier_code=other, procedure_code=BIRTH,
                       facts={"area_code": "01.001"})
    assert refused.value.type == PROBLEM.UNKNOWN_AGENCY
    with pytest.raises(Refusal) as refused:
        counter.track(other)
    assert refused.value.type == PROBLEM.UNKNOWN_DOSSIER


def test_a_file_with_chosen_steps(city):
    """A death: what the family chose stands in the file that the counter's system writes."""
    def write(*chosen):
        city.write("death.json", json.dumps({
            "kind": "FORWARD", "dossier_code": "H29.07.00-261126-0001", "procedure_code": "2.002913",
            "facts": {"area_code": AREA, "status": 2, "chosen_steps": chosen},
            "payload": {"deceased": "Trần Văn Ví Dụ"}}))
        return city.path("death.json")

    refused = city.cli("submit", "--as", COUNTER, write("allowance", "flowers"), code=1)
    assert "header.facts.chosen_steps[1]" in refused and "flowers" in refused
    city.cli("submit", "--as", COUNTER, write("allowance", "residence-deletion"))
    flow = city.cli("track", "--as", COUNTER, "H29.07.00-261126-0001", "--json")["dossier"]["flow"]
    assert {step["name"]: step["state"] for step in flow["steps"]} == {
        "civil-status": "COMING", "residence-deletion": "WAITS", "allowance": "WAITS", "social-aid": "NOT_CHOSEN"}

"""The demo's story in small: births at a counter, one agency down, one dossier wrong and corrected, a replay; the books
at the end."""
import uuid

from gateway import COUNTER, INSURANCE, POLICE, WARD, wait_for
from words import ANSWER, CAUSE, FAIL, KIND, STATE

BIRTHS, WRONG, MENDED = 8, 3, 5             # of eight births the third is corrected by its sender, the fifth replayed


def birth(link, dossier, **facts):
    """2.000986: ward, then police, then insurance; the last two go where the routes say."""
    common = {"dossier_code": dossier, "procedure_code": "2.000986", "kind": KIND.FORWARD,
              "facts": {"status": 2, "channel": 1, **facts}}
    child = '{"child": "Nguyễn Thị Ví Dụ"}'.encode()
    ward = link.submit(child, recipient=WARD, step="civil-status", **common)
    police = link.submit(child, step="residence", after=[ward.message_id], **common)
    insurance = link.submit(child, step="health-card", after=[ward.message_id, police.message_id], **common)
    return ward, police, insurance


def test_births_with_an_outage_a_correction_and_a_replay(gateway):
    gateway.start_broker().start_agencies(WARD, POLICE, INSURANCE, results=True)
    ward, police, insurance = (gateway.agencies[code] for code in (WARD, POLICE, INSURANCE))
    insurance.down()
    gateway.start_adapter()
    link = gateway.link(COUNTER)
    link.follow()

    dossiers = [gateway.dossier() for _ in range(BIRTHS)]
    bad, mended = dossiers[WRONG - 1], dossiers[MENDED - 1]
    ward.rules([{"do": "bad-data", "field": "/payload/birth_date", "when": {"dossier": bad}},
                {"do": "bad-data", "field": "/payload/father", "when": {"dossier": mended}}])
    births = {dossier: birth(link, dossier) for dossier in dossiers}
    good = [births[dossier] for dossier in dossiers if dossier not in (bad, mended)]

    # Ward and police do their part and give results; everything for insurance stands and waits.
    for _, at_police, _ in good:
        gateway.wait_state(at_police.handoff_id, STATE.DELIVERED, seconds=20)
    waits = (STATE.READY, STATE.WAITING)
    for _, _, at_insurance in good:
        gateway.wait_state(at_insurance.handoff_id, *waits, seconds=20)
    counts = gateway.agency(INSURANCE).counts
    assert counts[STATE.DELIVERED] == counts[STATE.FAILED] == counts[STATE.UNSURE] == 0
    assert insurance.summary().posts == {}

    # It returns: the backlog drains.
    insurance.up()
    for _, _, at_insurance in good:
        gateway.wait_state(at_insurance.handoff_id, STATE.DELIVERED, seconds=20)

    # Two stand in the failed list, each in a group with its next step; their later steps wait.
    groups = gateway.cli("failed", "--json")["groups"]
    assert {(group["recipient"], group["class"]) for group in groups} == {(WARD, "BAD_DATA")}
    assert sum(group["count"] for group in groups) == 2 and all(group["next_step_vi"] for group in groups)
    members = gateway.cli("failed", "--members", "--json")["handoffs"]
    assert {member["handoff_id"] for member in members} == {births[d][0].handoff_id for d in (bad, mended)}
    for dossier in (bad, mended):
        assert gateway.state(births[dossier][1].handoff_id) == STATE.HELD
    notice = next(notice for notice in iter(lambda: link.next("notice", 5), None)
                  if notice.handoff_id == births[bad][0].handoff_id and notice.state == STATE.FAILED)
    assert (notice.fail_class, notice.field) == (FAIL.BAD_DATA, "/payload/birth_date")

    # The sender corrects: a new handoff that names the failed one takes its place, also for those that wait for it.
    ward.rules([{"do": "bad-data", "field": "/payload/father", "when": {"dossier": mended}}])
    corrected = link.submit('{"child": "Nguyễn Thị Ví Dụ", "birth_date": "2023-04-01"}'.encode(), recipient=WARD,
                            dossier_code=bad, procedure_code="2.000986", step="civil-status", kind=KIND.FORWARD,
                            parent=births[bad][0].handoff_id)
    view = gateway.wait_state(births[bad][0].handoff_id, STATE.CLOSED)
    assert view.child_id == corrected.handoff_id and CAUSE.CORRECTED in [event.cause for event in view.events]
    for handoff in (corrected, *births[bad][1:]):
        gateway.wait_state(handoff.handoff_id, STATE.DELIVERED, seconds=20)

    # The ward mends its own system: the operator looks, then replays.
    ward.rules([])
    again = str(births[mended][0].handoff_id)
    assert gateway.cli("replay", again, "--dry-run", "--json") == {"affected": 1, "dry_run": True}
    assert gateway.state(births[mended][0].handoff_id) == STATE.FAILED
    gateway.cli("replay", again, "--reason", "phường đã sửa hệ thống", "--json")
    for handoff in births[mended]:
        view = gateway.wait_state(handoff.handoff_id, STATE.DELIVERED, seconds=20)
    assert gateway.handoff(births[mended][0].handoff_id).replayed

    check_results(gateway, births)
    check_books(gateway, len(births) * 3 + 1)


def check_results(gateway, births):
    """Insurance's results come last: then every handoff has its answer; each step got what the earlier ones found."""
    for dossier in births:
        for handoff in births[dossier]:
            wait_for(lambda: gateway.handoff(handoff.handoff_id).state == STATE.CLOSED
                     or gateway.handoff(handoff.handoff_id).answer == ANSWER.RESULT, 15, "a RESULT for each")
    numbers = {line["dossier"]: line["item"]["data"]["personal_identity_number"]
               for line in gateway.agencies[WARD].lines() if line["event"] == "result"}
    for code in (POLICE, INSURANCE):
        summary = gateway.agencies[code].summary()
        assert len(summary.bodies) == len(births)
        for body in summary.bodies.values():
            assert body["personal_identity_number"] == numbers[body["dossier_code"]]
            if code == INSURANCE:
                assert body["inputs"]["residence"]["residence_confirmation"].startswith("CT07-")


def check_books(gateway, expected):
    """Accepted, delivered, lost, doubled: the store's side and the agencies' own books say the same."""
    forwards = [view for view in gateway.handoffs() if view.kind == KIND.FORWARD]
    results = [view for view in gateway.handoffs() if view.kind == KIND.RESULT]
    delivered = {str(uuid.UUID(bytes=view.message_id)) for view in forwards if view.state == STATE.DELIVERED}
    assert (len(forwards), len(delivered)) == (expected, expected - 1), "one was closed by its correction"
    assert len(results) == len(delivered), "every one of them has its result, once"

    taken, doubled = set(), {}
    for agency in gateway.agencies.values():
        summary = agency.summary()
        taken |= {body["message_id"] for body in summary.bodies.values()}
        doubled.update(summary.doubled)
    assert delivered - taken == set(), "lost"
    assert taken - delivered == set() and doubled == {}, "doubled"

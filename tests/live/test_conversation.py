"""The conversation of proto/README.md, spoken in Python: sessions, handing off, following, tracking, cursors."""
import json

import pytest
import zmq
import zmq.utils.monitor

import lienthong_pb2 as pb
from content import content_hash, uuid7
from gateway import COUNTER, INSURANCE, POLICE, TAX, WARD, WARD_SENDS_ONLY
from wire import Link, Refusal, header_of, read_key
from words import AGENCY_CLASS, ANSWER, FAIL, KIND, PROBLEM, RECEIVER, SENDER, STATE, UNTIL, VERDICT


def refused(call, *arguments, **options):
    """The refusal that this call must meet; both sentences say something."""
    with pytest.raises(Refusal) as caught:
        call(*arguments, **options)
    assert caught.value.sentence_vi and caught.value.sentence_en
    assert caught.value.sentence_vi != caught.value.sentence_en
    return caught.value


# ---------------------------------------------------------------- a session

def test_welcome_says_what_holds(running):
    welcome = running.link(COUNTER).welcome
    assert (welcome.agency, welcome.gateway, welcome.epoch >= 1) == (COUNTER, "live", True)
    assert (welcome.frame_bytes_max, welcome.body_bytes_max) == (1 << 20, 256 << 10)
    assert (welcome.submit_window, welcome.lease_ms) == (64, 3000)


def test_an_unknown_key_never_gets_in(running):
    # The refusal may come before we listen for it, and comes once a socket: then a new one is tried.
    for _ in range(10):
        _, secret = zmq.curve_keypair()
        link = Link(running.endpoint, running.path("keys/gateway.public"), secret)
        running.links.append(link)
        monitor, events = link.socket.get_monitor_socket(), []
        link.send("hello", pb.Hello(protocol=1, roles=SENDER))
        while zmq.EVENT_HANDSHAKE_FAILED_AUTH not in events and monitor.poll(2000):
            events.append(zmq.utils.monitor.recv_monitor_message(monitor)["event"])
        assert link.receive(0.01) is None
        if zmq.EVENT_HANDSHAKE_FAILED_AUTH in events:
            break
    assert zmq.EVENT_HANDSHAKE_FAILED_AUTH in events
    link.socket.disable_monitor()
    assert link.receive(0.2) is None


def test_a_key_speaks_for_its_own_agency_only(running):
    link = running.link(COUNTER, hello=False)
    assert refused(link.hello, SENDER, agency=POLICE).type in (PROBLEM.NOT_ALLOWED, PROBLEM.FOREIGN_SENDER)
    link.hello(SENDER, agency=COUNTER)
    problem = refused(link.submit, sender=POLICE, recipient=WARD, dossier_code=running.dossier(), kind=KIND.RESULT)
    assert (problem.type, problem.field) == (PROBLEM.FOREIGN_SENDER, "header.sender")


def test_a_role_that_the_directory_does_not_give(running):
    link = running.link(WARD_SENDS_ONLY, hello=False)
    assert refused(link.hello, SENDER | RECEIVER).type == PROBLEM.NOT_ALLOWED
    link.hello(SENDER)


def test_hello_comes_first(running):
    link = running.link(COUNTER, hello=False)
    for question in (lambda: link.ask("track", pb.Track(code="H29.07-230425-9999")),
                     lambda: link.submit(recipient=POLICE, dossier_code=running.dossier(), kind=KIND.FORWARD)):
        assert refused(question).type == PROBLEM.NO_HELLO
    assert link.hello(SENDER).agency == COUNTER


def test_wrong_protocol_version(running):
    link = running.link(COUNTER, hello=False)
    assert refused(link.hello, SENDER, protocol=2).type == PROBLEM.VERSION
    link.send_raw(b"\x02" + pb.Envelope(correlation=1, hello=pb.Hello(protocol=1, roles=1)).SerializeToString())
    problem = link.next("refused")
    assert problem.type == PROBLEM.VERSION and problem.sentence_vi and problem.sentence_en
    link.hello(SENDER)


def test_a_second_hello_begins_anew(running):
    """What was open with the first session is taken back, as after a lost connection."""
    sender, receiver = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=4)
    accepted = sender.submit(recipient=POLICE, dossier_code=running.dossier(), kind=KIND.FORWARD)
    first = receiver.deliver()
    assert (first.handoff_id, first.attempt) == (accepted.handoff_id, 1)
    receiver.hello(RECEIVER, credit=4)
    again = receiver.deliver()
    assert (again.handoff_id, again.attempt) == (accepted.handoff_id, 2)
    assert again.routing.idempotency_key == first.routing.idempotency_key
    assert receiver.outcome(again, VERDICT.DELIVERED).state == STATE.DELIVERED
    receiver.close()


# ---------------------------------------------------------------- handing off

def test_submit_then_duplicate_then_conflict(running):
    link = running.link(COUNTER)
    header = link.header(recipient=TAX, dossier_code=running.dossier(), kind=KIND.FORWARD, procedure_code="1.000894",
                         facts={"status": 2, "channel": 1, "aliases": ["G22-7"]})
    payload = json.dumps({"summary": "một ví dụ"}, ensure_ascii=False).encode()
    accepted = link.answer_to(link.put_submit(header, payload))
    assert accepted.content_hash == content_hash(header, payload)
    assert accepted.durability == "fsync" and len(accepted.link) == 32 and accepted.commit_seq > 0
    assert (accepted.state, accepted.duplicate, accepted.message_id) == (STATE.READY, False, header.message_id)

    header.source_time_ms -= 1                  # outside the hash: the same message said later
    header.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    again = link.answer_to(link.put_submit(header, payload))
    assert again.duplicate
    for field in ("handoff_id", "commit_seq", "content_hash", "link"):
        assert getattr(again, field) == getattr(accepted, field), field

    problem = refused(link.answer_to, link.put_submit(header, payload + b" "))
    assert (problem.type, problem.message_id) == (PROBLEM.CONFLICT, header.message_id)
    assert len(link.track(header.dossier_code).handoffs) == 1


def test_a_refusal_leaves_no_trace(running):
    link = running.link(COUNTER)
    header = link.header(recipient="H99.99", dossier_code=running.dossier(), kind=KIND.FORWARD)
    assert refused(link.answer_to, link.put_submit(header)).type == PROBLEM.UNKNOWN_AGENCY
    header.recipient = POLICE                   # mended: the same id
    accepted = link.answer_to(link.put_submit(header))
    assert not accepted.duplicate
    running.admin("close", handoff_id=accepted.handoff_id, reason="test")


def test_what_no_permit_allows(running):
    link = running.link(POLICE)
    problem = refused(link.submit, recipient=TAX, dossier_code=running.dossier(), kind=KIND.FORWARD)
    assert problem.type == PROBLEM.NOT_ALLOWED


def test_after_waits_for_the_result_and_passes_it_on(running):
    """Birth group in small, natively: ward, then police with what the ward found."""
    counter, ward = running.link(COUNTER), running.link(WARD, SENDER | RECEIVER, credit=4)
    police, dossier = running.link(POLICE, RECEIVER, credit=4), running.dossier()
    first = counter.submit(recipient=WARD, dossier_code=dossier, procedure_code="2.000986", step="civil-status",
                           kind=KIND.FORWARD)
    second = counter.submit(dossier_code=dossier, procedure_code="2.000986", step="residence", kind=KIND.FORWARD,
                            after=[first.message_id])
    assert (first.state, second.state) == (STATE.READY, STATE.HELD) and second.held_reason

    delivered = ward.deliver()
    assert delivered.handoff_id == first.handoff_id
    ward.outcome(delivered, VERDICT.DELIVERED, agency_ref="TP-1")
    assert running.state(second.handoff_id) == STATE.HELD, "delivered is not yet a result"
    ward.submit(b'{"personal_identity_number": "000123456789"}', dossier_code=dossier, kind=KIND.RESULT,
                recipient=COUNTER, parent=first.handoff_id)

    at_police = police.deliver()
    assert at_police.handoff_id == second.handoff_id
    assert (at_police.routing.recipient, header_of(at_police).recipient) == (POLICE, "")
    [given] = at_police.routing.inputs
    assert (given.step, given.content_type) == ("civil-status", "application/json")
    assert json.loads(given.payload) == {"personal_identity_number": "000123456789"}
    police.outcome(at_police, VERDICT.DELIVERED)
    assert running.handoff(first.handoff_id).answer == ANSWER.RESULT
    police.close(), ward.close()


def test_after_until_delivered_and_in_any_order(running):
    """The later one may come first: it is held until the named one has come and is delivered."""
    counter, police, dossier = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=4), running.dossier()
    earlier_id = uuid7()
    later = counter.submit(recipient=POLICE, dossier_code=dossier, kind=KIND.SUPPLEMENT,
                           after=[(earlier_id, UNTIL.DELIVERED)])
    assert later.state == STATE.HELD
    earlier = counter.submit(recipient=POLICE, dossier_code=dossier, kind=KIND.FORWARD, message_id=earlier_id)
    for expected in (earlier, later):
        delivered = police.deliver()
        assert delivered.handoff_id == expected.handoff_id
        police.outcome(delivered, VERDICT.DELIVERED)
    police.close()


def test_an_antecedent_that_is_refused_fails_its_dependants(running):
    counter, police, dossier = running.link(COUNTER), running.link(POLICE, RECEIVER, credit=4), running.dossier()
    first = counter.submit(recipient=POLICE, dossier_code=dossier, kind=KIND.FORWARD)
    second = counter.submit(recipient=INSURANCE, dossier_code=dossier, kind=KIND.FORWARD, after=[first.message_id])
    police.outcome(police.deliver(), VERDICT.REFUSED, detail="không đủ điều kiện")
    view = running.wait_state(second.handoff_id, STATE.FAILED)
    assert view.fail_class == FAIL.PREDECESSOR and view.reason
    assert running.handoff(first.handoff_id).answer == ANSWER.REFUSED
    police.close()


def test_a_circle_is_refused(running):
    link, ids, dossier = running.link(COUNTER), [uuid7(), uuid7(), uuid7()], running.dossier()
    for this, that in ((0, 1), (1, 2)):
        link.submit(recipient=TAX, dossier_code=dossier, kind=KIND.FORWARD, message_id=ids[this], after=[ids[that]])
    problem = refused(link.submit, recipient=TAX, dossier_code=dossier, kind=KIND.FORWARD, message_id=ids[2],
                      after=[ids[0]])
    assert problem.type == PROBLEM.CYCLE
    itself = uuid7()
    problem = refused(link.submit, recipient=TAX, dossier_code=dossier, kind=KIND.FORWARD, message_id=itself,
                      after=[itself])
    assert problem.type == PROBLEM.CYCLE


# ---------------------------------------------------------------- following, tracking

def test_follow_goes_on_where_it_stopped_after_a_restart_of_the_broker(gateway):
    gateway.start_broker()
    counter, police = gateway.link(COUNTER), gateway.link(POLICE, RECEIVER, credit=4)
    ids = []
    for _ in range(3):
        ids.append(counter.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD).handoff_id)
        police.outcome(police.deliver(), VERDICT.DELIVERED)
    counter.follow()
    notices = [counter.next("notice") for _ in range(3)]
    assert [notice.handoff_id for notice in notices] == ids
    assert all(notice.state == STATE.DELIVERED and notice.message_id for notice in notices)
    assert [notice.event_seq for notice in notices] == sorted({notice.event_seq for notice in notices})
    counter.acknowledge(notices[1].event_seq)
    counter.cursor("fence")                     # its answer: what was said before it has been read
    gateway.kill_broker()

    gateway.start_broker()
    counter = gateway.link(COUNTER)
    counter.follow()
    again = counter.next("notice")
    assert (again.handoff_id, again.event_seq) == (ids[2], notices[2].event_seq)
    counter.acknowledge(again.event_seq)
    assert counter.next("notice", 0.3) is None


def test_track_by_any_code_and_only_for_those_concerned(running):
    counter, dossier = running.link(COUNTER), running.dossier()
    accepted = counter.submit(recipient=TAX, dossier_code=dossier, kind=KIND.FORWARD, facts={"aliases": ["LT-000077"]})
    for code in (dossier, "LT-000077"):
        found = counter.track(code)
        assert found.dossier_code == dossier
        assert [view.handoff_id for view in found.handoffs] == [accepted.handoff_id]
    assert [view.handoff_id for view in running.link(TAX).track(dossier).handoffs] == [accepted.handoff_id]
    assert refused(running.link(POLICE).track, dossier).type == PROBLEM.UNKNOWN_DOSSIER
    assert refused(counter.track, "H29.07-230425-9999").type == PROBLEM.UNKNOWN_DOSSIER


# ---------------------------------------------------------------- cursors

def test_a_cursor_is_compared_and_set(running):
    link = running.link(COUNTER)
    assert link.cursor("outbox") == b""
    assert link.cursor("outbox", b"10") == b"10"
    problem = refused(link.cursor, "outbox", b"20", expected=b"9")
    assert problem.type == PROBLEM.CURSOR_MOVED
    assert link.cursor("outbox", b"20", expected=b"10") == b"20" == link.cursor("outbox")
    assert running.link(WARD).cursor("outbox") == b"", "every agency has cursors of its own"


def test_a_cursor_inside_submit_is_stored_with_it_or_not_at_all(running):
    link, dossier = running.link(COUNTER), running.dossier()
    header = link.header(recipient=TAX, dossier_code=dossier, kind=KIND.FORWARD)
    wrong = pb.Cursor(name="pull", value=b"1", expected=b"0", set=True)
    assert refused(link.answer_to, link.put_submit(header, cursor=wrong)).type == PROBLEM.CURSOR_MOVED
    assert refused(link.track, dossier).type == PROBLEM.UNKNOWN_DOSSIER, "nothing was accepted"
    right = pb.Cursor(name="pull", value=b"1", set=True)
    assert link.answer_to(link.put_submit(header, cursor=right)).handoff_id
    assert link.cursor("pull") == b"1"
    header = link.header(recipient="H99.99", dossier_code=dossier, kind=KIND.FORWARD)
    ahead = pb.Cursor(name="pull", value=b"2", expected=b"1", set=True)
    assert refused(link.answer_to, link.put_submit(header, cursor=ahead)).type == PROBLEM.UNKNOWN_AGENCY
    assert link.cursor("pull") == b"1", "a refused message does not move it"


def test_classes_are_what_the_directory_says(running):
    classes = {code: running.agency(code).agency_class for code in (POLICE, INSURANCE, TAX)}
    assert classes == {POLICE: AGENCY_CLASS.IDEMPOTENT, INSURANCE: AGENCY_CLASS.PROBE, TAX: AGENCY_CLASS.NEITHER}
    assert len(read_key(running.path("keys/gateway.public"))) == 40


def test_what_comes_while_something_is_said_is_heard(running):
    """libzmq takes frames in while it sends, and its file then says nothing of them: the gateway has to look."""
    links = [running.link(COUNTER) for _ in range(6)]
    for _ in range(50):
        asked = [(link, link.put_submit(link.header(recipient=POLICE, dossier_code=running.dossier(),
                                                    kind=KIND.FORWARD))) for link in links]
        for link, correlation in asked:
            assert link.answer_to(correlation).handoff_id

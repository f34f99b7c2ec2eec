"""A store that was lost, and its backup brought back: what was promised is there once clients are back, nothing is done
twice where it must not be, and a person is told what was held back. The agencies' books are the judges.
"""
import collections
import json
import os
import subprocess
import time

import pytest

from content import uuid7
from gateway import BUILD, COUNTER, INSURANCE, POLICE, TAX, THREE, wait_for
from wire import Refusal
from words import CAUSE, KIND, PROBLEM, RECEIVER, STATE, VERDICT

OPEN = (STATE.READY, STATE.OFFERED, STATE.WAITING)
SCHEMA = 4                              # gateway/store/store.h


class Keeper:
    """A sender as proto/README.md wants it: keeps what was accepted, and hands it off again in a new epoch, naming the
    id that it had. No more at once than the window."""

    def __init__(self, gateway, knows_the_field=True):
        self.gateway, self.knows_the_field = gateway, knows_the_field
        self.headers, self.ids, self.asked, self.todo = {}, {}, {}, collections.deque()
        self.link = self.epoch = None

    def connect(self):
        if self.link:
            self.link.close()
        self.link = self.gateway.link(COUNTER)
        again = [] if self.epoch in (None, self.link.welcome.epoch) else list(self.ids)
        unanswered = [message_id for message_id in self.headers if message_id not in self.ids]
        self.epoch, self.asked, self.todo = self.link.welcome.epoch, {}, collections.deque(again + unanswered)

    def send(self, recipient, dossier, **fields):
        header = self.link.header(recipient=recipient, dossier_code=dossier, procedure_code="1.000894",
                                  **{"kind": KIND.FORWARD, **fields})
        self.headers[header.message_id] = header
        self.todo.append(header.message_id)
        self.pump()
        return header.message_id

    def pump(self, seconds=0.0):
        """Says what there is room for, hears what is there; what is refused for now is asked again. Gives whether
        everything is answered."""
        end = time.monotonic() + seconds
        while self.todo or self.asked:
            while self.todo and len(self.asked) < 32:
                message_id = self.todo.popleft()
                known = self.ids.get(message_id, 0) if self.knows_the_field else 0
                self.asked[self.link.put_submit(self.headers[message_id], accepted_as=known)] = message_id
            envelope = self.link.receive(max(0.0, end - time.monotonic()))
            if not envelope:
                break
            message_id = self.asked.pop(envelope.correlation, None)
            if envelope.WhichOneof("body") == "refused":
                if envelope.refused.type == PROBLEM.NO_HELLO:
                    self.connect()
                elif not envelope.refused.retry_after_ms:
                    raise Refusal(envelope.refused)
                else:
                    self.todo.append(message_id)
            elif message_id:
                self.ids[message_id] = envelope.accepted.handoff_id
        return not self.todo and not self.asked

    def finish(self, seconds=30):
        wait_for(lambda: self.pump(0.1), seconds, lambda: f"every SUBMIT is answered: {len(self.asked)} are not")


def load(gateway, keeper, count):
    """Every fourth lane is shared by police and insurance; tax gets dossiers of its own, as an unsure one blocks."""
    for number in range(count):
        if number % 4 == 0:
            lane = gateway.dossier()
        keeper.send(POLICE, lane)
        keeper.send(INSURANCE, lane)
        keeper.send(TAX, gateway.dossier())
        keeper.pump()


def settle(gateway):
    def still():
        return all(gateway.agency(code).counts[state] == 0 for code in THREE for state in OPEN)
    wait_for(still, 40, lambda: str({code: list(gateway.agency(code).counts) for code in THREE})
             + gateway.tail(gateway.broker_log) + gateway.tail(gateway.adapter_log))


def lose(gateway):
    """The machine dies and its disk with it."""
    gateway.kill_broker()
    os.rename(gateway.path("store"), gateway.path(f"lost-{time.monotonic_ns()}"))


def acted_messages(gateway, code):
    """message id -> the keys under which the agency acted on it, with how often."""
    acted = collections.defaultdict(dict)
    summary = gateway.agencies[code].summary()
    for key in summary.acted:
        acted[summary.bodies[key]["message_id"]][key] = summary.acts[key]
    return acted


def text_of(message_id):
    text = message_id.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def resolve_by_hand(gateway):
    """What a person does with each unsure one: looks into the agency's book, then replays or closes."""
    for view in gateway.handoffs(state=STATE.UNSURE):
        there = text_of(view.message_id) in acted_messages(gateway, view.recipient)
        gateway.admin("close" if there else "replay", handoff_id=view.handoff_id, reason="asked on the telephone")


def test_a_store_restored_from_a_backup_taken_under_load(gateway):
    gateway.start_broker().start_agencies()
    for agency in gateway.agencies.values():
        agency.rules([{"do": "slow", "seconds": 0.02}])
    gateway.start_adapter()
    keeper = Keeper(gateway)
    keeper.connect()
    load(gateway, keeper, 40)
    backup = subprocess.Popen([os.path.join(BUILD, "lienthong"), "backup", gateway.path("backup"), "--json", "--site",
                               gateway.folder], stdout=subprocess.PIPE, text=True)
    while backup.poll() is None:
        load(gateway, keeper, 1)
        keeper.pump(0.02)
    covered_seq = json.loads(backup.communicate()[0])["covered_seq"]
    assert backup.returncode == 0
    gateway.cli("check-store", gateway.path("backup"))
    load(gateway, keeper, 40)                       # after the backup: known only to the store that will be lost
    keeper.finish()
    wait_for(lambda: len(acted_messages(gateway, TAX)) > 60, 30, "much of it is delivered")
    for number in range(5):                         # in flight when it happens: perhaps accepted, not answered
        keeper.send((POLICE, INSURANCE, TAX)[number % 3], gateway.dossier())
    lose(gateway)
    promised = dict(keeper.ids)

    told = gateway.cli("restore", gateway.path("backup"), "--json")
    assert told["covered_seq"] == covered_seq and told["epoch"] == 2 and told["gateway_held"]
    by_code = {row["agency"]: row for row in told["agencies"]}
    assert all(by_code[code]["class"] == word for code, word in
               ((POLICE, "IDEMPOTENT"), (INSURANCE, "PROBE"), (TAX, "NEITHER")) if code in by_code)
    for row in told["agencies"]:
        assert (row["unsure"] > 0) == (row["class"] == "NEITHER") and row["held"] == row["failed"] == 0
        assert (row["ready"] > 0) == (row["class"] == "IDEMPOTENT")
        assert (row["ask_first"] > 0) == (row["class"] == "PROBE")
    gateway.cli("check-store")

    posts = {code: sum(gateway.agencies[code].summary().posts.values()) for code in THREE}
    gateway.start_broker()
    assert "event=held" in gateway.read("broker.log")
    assert gateway.facts()["held"].startswith("lienthong release gateway")
    assert gateway.facts()["epoch"] == "2"
    link = gateway.link(COUNTER)
    with pytest.raises(Refusal) as refusal:
        link.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
    assert refusal.value.type == PROBLEM.STOPPING and refusal.value.retry_after_ms and "held" in str(refusal.value)
    waiting = gateway.handoffs(agency=POLICE, state=STATE.READY)[0]
    assert "release gateway" in gateway.cli("explain", str(waiting.handoff_id))
    wait_for(lambda: all(gateway.agency(code).sessions for code in THREE), 20, "the adapters are back")
    gateway.facts()
    assert posts == {code: sum(gateway.agencies[code].summary().posts.values()) for code in THREE}, "nothing went out"

    assert "1 handoffs" in gateway.cli("release", "gateway", "--reason", "checked with all three")
    assert gateway.facts()["held"] == "no"
    keeper.connect()
    keeper.finish()
    settle(gateway)

    views = {bytes(view.message_id): view for view in gateway.handoffs()}
    assert set(keeper.headers) == set(views), "what was acknowledged is there, and nothing else"
    for message_id, handoff_id in promised.items():
        view = views[message_id]
        assert view.handoff_id == handoff_id, "under the id it was promised"
        assert view.state in ((STATE.DELIVERED, STATE.UNSURE) if view.recipient == TAX else (STATE.DELIVERED,)), view
    for code in THREE:
        for keys in acted_messages(gateway, code).values():
            assert list(keys.values()) == [1], "acted on once, under one key"
    assert max(gateway.agencies[TAX].summary().posts.values()) == 1
    unsure = [view for view in views.values() if view.state == STATE.UNSURE]
    assert any(text_of(view.message_id) in acted_messages(gateway, TAX) for view in unsure), "the test saw the case"
    for view in unsure:
        assert view.recipient == TAX or view.message_id not in promised
        assert CAUSE.RESTORED in [event.cause for event in gateway.handoff(view.handoff_id).events]
        assert "perhaps" in view.reason
    resolve_by_hand(gateway)
    settle(gateway)
    for code in THREE:
        acted = acted_messages(gateway, code)
        assert {text_of(m) for m, header in keeper.headers.items() if header.recipient == code} == set(acted)
        assert all(list(keys.values()) == [1] for keys in acted.values())
    print(f"{len(views)} handoffs, {len(unsure)} unsure, {told['agencies']}")


def test_what_the_person_reads(gateway):
    gateway.start_broker()
    link = gateway.link(COUNTER)
    for code in THREE:
        link.submit(recipient=code, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
    first = link.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD, message_id=uuid7())
    link.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD, after=[first.message_id])
    gateway.cli("backup", gateway.path("backup"))
    refused = gateway.cli("restore", gateway.path("backup"), code=5)
    assert "not empty" in refused or "another process" in refused
    lose(gateway)
    told = gateway.cli("restore", gateway.path("backup"))
    for line in ("epoch 2", f"{POLICE} ", "IDEMPOTENT", "PROBE", "NEITHER", "never sent again by itself",
                 "sent again under the same key", "still waits", "lienthong release gateway", "start lienthongd"):
        assert line in told, line
    gateway.start_broker()
    with pytest.raises(Refusal) as refusal:
        gateway.admin("release", code="gateway")
    assert refusal.value.type == PROBLEM.REASON_MISSING
    gateway.admin("release", code="gateway", reason="checked")
    with pytest.raises(Refusal) as refusal:
        gateway.admin("release", code="gateway", reason="checked")
    assert refusal.value.type == PROBLEM.WRONG_STATE


def release(gateway):
    gateway.start_broker()
    gateway.admin("release", code="gateway", reason="checked")


def test_the_library_hands_off_again_by_itself(gateway):
    """`lienthong submit --keep`: kept messages go out again, under their ids, before the next one."""
    gateway.start_broker()

    def submit(*dossiers):
        text = "".join(json.dumps({"recipient": POLICE, "dossier_code": dossier, "procedure_code": "1.000894",
                                   "kind": "FORWARD", "payload": {"copies": 1}}) + "\n" for dossier in dossiers)
        files = []
        for number, line in enumerate(text.splitlines()):
            files.append(gateway.path(f"{dossiers[number]}.json"))
            gateway.write(f"{dossiers[number]}.json", line)
        gateway.cli("submit", "--as", COUNTER, "--keep", gateway.path("kept"), *files)
        return {view.dossier_code: view.handoff_id for view in gateway.handoffs()}

    submit("D-1", "D-2")
    gateway.cli("backup", gateway.path("backup"))
    before = submit("D-3", "D-4", "D-5")
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    assert set(view.dossier_code for view in gateway.handoffs()) == {"D-1", "D-2"}
    after = submit("D-6")
    assert {**after, **before} == after and set(after) == {f"D-{number}" for number in range(1, 7)}
    assert after["D-6"] >> 48 == 2 and after["D-5"] >> 48 == 1
    names = os.listdir(gateway.path("kept"))
    assert not [name for name in names if ".waiting-" in name]
    assert len([name for name in names if ".accepted-2-" in name]) == 4, "D-1 and D-2 are in the backup"


def test_who_does_not_name_the_id_waits_for_a_person(gateway):
    """Perhaps it was accepted, perhaps delivered, under a key that nobody can tell: not even an agency that dedupes by
    key gets it by itself. What is made after the restore is like any other."""
    gateway.start_broker().start_agencies()
    gateway.start_adapter()
    keeper = Keeper(gateway, knows_the_field=False)
    keeper.connect()
    gateway.cli("backup", gateway.path("backup"))
    for code in THREE:
        keeper.send(code, gateway.dossier())
    keeper.finish()
    wait_for(lambda: all(acted_messages(gateway, code) for code in THREE), 20, "all three acted")
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    keeper.connect()
    keeper.finish()
    views = gateway.handoffs()
    assert [view.state for view in views] == [STATE.UNSURE] * 3
    assert all("the id it had then is not known" in view.reason for view in views)
    news = {code: keeper.send(code, gateway.dossier()) for code in THREE}
    keeper.finish()
    for message_id in news.values():
        gateway.wait_state(keeper.ids[message_id], STATE.DELIVERED)
    for code in THREE:
        assert sorted(acted_messages(gateway, code)) == sorted(text_of(m) for m, header in keeper.headers.items()
                                                               if header.recipient == code)
        assert max(gateway.agencies[code].summary().posts.values()) == 1
    resolve_by_hand(gateway)
    assert not gateway.handoffs(state=STATE.UNSURE)


def test_an_answer_to_what_was_lost_waits_for_its_sender(gateway):
    """A RESULT names a handoff that the restored store does not have yet: refused for now, not for good."""
    gateway.start_broker()
    keeper = Keeper(gateway)
    keeper.connect()
    gateway.cli("backup", gateway.path("backup"))
    dossier = gateway.dossier()
    asked = keeper.send(POLICE, dossier)
    keeper.finish()
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    police = gateway.link(POLICE)
    answer = dict(recipient=COUNTER, dossier_code=dossier, kind=KIND.RESULT, parent=keeper.ids[asked],
                  message_id=uuid7())
    with pytest.raises(Refusal) as refusal:
        police.submit(**answer)
    assert refusal.value.type == PROBLEM.UNKNOWN_HANDOFF and refusal.value.retry_after_ms
    with pytest.raises(Refusal) as refusal:
        police.submit(**{**answer, "parent": (2 << 48) + 77})
    assert refusal.value.type == PROBLEM.UNKNOWN_HANDOFF and not refusal.value.retry_after_ms
    keeper.connect()
    keeper.finish()
    police.submit(**answer)
    assert gateway.handoff(keeper.ids[asked]).answer == 2       # RESULT


def test_numbers_are_not_given_twice(gateway):
    """Ids, events, turns, epochs: also when the same backup is brought back a second time."""
    gateway.start_broker()
    gateway.cli("backup", gateway.path("backup"))
    seen, epochs = {"handoff_id": set(), "event_seq": set(), "commit_seq": set()}, []
    for _ in range(3):
        link = gateway.link(COUNTER)
        link.follow()
        epochs.append(link.welcome.epoch)
        for code in (POLICE, TAX):
            accepted = link.submit(recipient=code, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
            gateway.admin("close", handoff_id=accepted.handoff_id, reason="not needed")
            notice = link.next("notice")
            for name, value in (("handoff_id", accepted.handoff_id), ("commit_seq", accepted.commit_seq),
                                ("event_seq", notice.event_seq)):
                assert value not in seen[name]
                seen[name].add(value)
        lose(gateway)
        gateway.cli("restore", gateway.path("backup"))
        release(gateway)
        # Whoever acknowledges an event that was lost, or goes on from there, misses nothing.
        old = max(seen["event_seq"])
        follower = gateway.link(COUNTER)
        follower.acknowledge(old)
        follower.follow(old + 1)
        fresh = follower.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
        gateway.admin("close", handoff_id=fresh.handoff_id, reason="not needed")
        assert follower.next("notice").handoff_id == fresh.handoff_id
        follower.acknowledge(old + 1)
        follower.close()
    assert epochs == [1, 2, 3]
    assert gateway.facts()["epoch"] == "4"
    lose(gateway)
    assert gateway.cli("restore", gateway.path("backup"), "--after-epoch", "9", "--json")["epoch"] == 10
    release(gateway)                                # large numbers all the way: of turns, events, sessions
    receiver = gateway.link(TAX, roles=RECEIVER, credit=1)
    receiver.ping()
    accepted = gateway.link(COUNTER).submit(recipient=TAX, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
    assert accepted.handoff_id >> 48 == 10 and accepted.commit_seq >> 40 == 9
    deliver = receiver.deliver()
    assert deliver.routing.idempotency_key.endswith(f"{accepted.handoff_id:016x}")
    assert receiver.outcome(deliver, VERDICT.DELIVERED).state == STATE.DELIVERED
    assert len(gateway.facts()) < 48, "none is left out for want of room"


def test_results_that_were_pulled_come_back_too(gateway):
    """The adapter lives on: its library hands the results off again, naming what they answer by the old id, with the
    cursor that was stored with them."""
    gateway.start_broker().start_agencies(POLICE, INSURANCE, results=True)
    gateway.start_adapter()
    keeper = Keeper(gateway)
    keeper.connect()
    for code in (POLICE, INSURANCE):
        keeper.send(code, gateway.dossier())
    keeper.finish()

    def answered(count):
        def look():
            views = [view for view in gateway.handoffs() if view.kind == KIND.FORWARD]
            return len(views) == count and all(view.answer == 2 for view in views)
        return look
    wait_for(answered(2), 20, "results of before the backup")
    gateway.cli("backup", gateway.path("backup"))
    for code in (POLICE, INSURANCE) * 3:
        keeper.send(code, gateway.dossier())
    keeper.finish()
    wait_for(answered(8), 20, "results of after it")
    before = {bytes(view.message_id): view.handoff_id for view in gateway.handoffs()}
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    keeper.connect()
    keeper.finish()
    wait_for(answered(8), 60, lambda: gateway.tail(gateway.broker_log) + gateway.tail(gateway.adapter_log))
    assert {bytes(view.message_id): view.handoff_id for view in gateway.handoffs()} == before
    for code in (POLICE, INSURANCE):
        assert all(list(keys.values()) == [1] for keys in acted_messages(gateway, code).values())
    keeper.send(POLICE, gateway.dossier())
    keeper.finish()
    wait_for(answered(9), 20, "the pull goes on")


def test_a_restore_that_was_cut_off(gateway):
    gateway.start_broker()
    gateway.link(COUNTER).submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
    gateway.cli("backup", gateway.path("backup"))
    lose(gateway)
    os.makedirs(gateway.path("store/keys"))
    gateway.write("store/restoring.mdb", "half of it")
    gateway.write("store/keys/day-20260101.key", "half of it")
    with pytest.raises(AssertionError, match="a restore was cut off here"):
        gateway.start_broker()
    gateway.broker = None
    gateway.cli("restore", gateway.path("backup"))
    assert not os.path.exists(gateway.path("store/keys/day-20260101.key"))
    release(gateway)
    assert len(gateway.handoffs()) == 1


def test_another_schema_is_refused_with_what_to_do(gateway):
    now, newer = SCHEMA, SCHEMA + 1
    gateway.start_broker()
    gateway.cli("backup", gateway.path("backup"))
    assert gateway.stop_broker() == 0

    def patch(name, old, new):
        with open(gateway.path(name), "rb") as file:
            data = file.read()
        pattern = b"schema" + old.to_bytes(4, "little")
        assert pattern in data
        with open(gateway.path(name), "wb") as file:
            file.write(data.replace(pattern, b"schema" + new.to_bytes(4, "little")))

    for name in ("store/data.mdb", "backup/data.mdb"):
        patch(name, now, newer)
    why = f"the store has schema {newer}, this program needs {now}; install the newer version"
    with pytest.raises(AssertionError, match=why):
        gateway.start_broker()
    gateway.broker = None
    assert f"schema {newer}" in gateway.cli("check-store", gateway.path("backup"), code=5)
    os.rename(gateway.path("store"), gateway.path("moved"))
    assert "install the newer version" in gateway.cli("restore", gateway.path("backup"), code=5)
    assert not os.path.exists(gateway.path("store/data.mdb"))
    patch("moved/data.mdb", newer, 1)                           # an older one is brought up, by whoever writes it
    assert "lienthongd open it once" in gateway.cli("check-store", gateway.path("moved"), code=5)
    if os.path.exists(gateway.path("store")):
        os.rmdir(gateway.path("store"))
    os.rename(gateway.path("moved"), gateway.path("store"))
    gateway.start_broker()

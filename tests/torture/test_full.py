"""Full is a designed state: intake is refused with the reason, deliveries, outcomes, replay and purge go on, and
all is as before once there is room, without a restart. And a disk that fails: the process stops, what is on disk
is true."""
import errno
import os
import shutil
import subprocess

import pytest

from gateway import NETWORK, POLICE, TAX, wait_for
from place import Place, tool
from small import small_disk
from wire import Refusal, Silence
from words import KIND, PROBLEM, STATE, VERDICT

BODY = 8000
MIB = 1 << 20


def network(folder, purge):
    """The live tests' network with another time until bodies are purged."""
    made = os.path.join(folder, "network")
    shutil.copytree(NETWORK, made)
    path = os.path.join(made, "gateway.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "purge_after: 30d" in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("purge_after: 30d", f"purge_after: {purge}"))
    return made


class Full:
    """A gateway with its sender and a receiver, and what they have done."""

    def __init__(self, place):
        self.place = place.start_broker()
        self.sender, self.receiver = place.sender(), None
        self.accepted, self.delivered = {}, set()

    def receive(self):
        """A receiver that is offered everything from now on."""
        self.receiver = self.receiver or self.place.receiver(POLICE)
        return self.receiver

    def do_not_receive(self):
        """Nobody is offered what nobody would answer within its lease."""
        if self.receiver:
            self.receiver.close()
        self.receiver = None

    def reconnect(self):
        self.sender = self.place.sender()
        self.do_not_receive()

    def submit(self, size=BODY):
        header = self.sender.header(recipient=POLICE, dossier_code=self.place.dossier(), procedure_code="1.000894",
                                    kind=KIND.FORWARD)
        payload = os.urandom(size)
        answer = self.sender.answer_to(self.sender.put_submit(header, payload))
        self.accepted[answer.handoff_id] = (header, payload)
        return answer.handoff_id

    def submit_until_full(self, most=4000):
        """Gives the refusal."""
        self.do_not_receive()
        for _ in range(most):
            try:
                self.submit()
            except Refusal as refusal:
                return refusal
        raise AssertionError(f"{most} handoffs and still not full: {self.place.facts()}")

    def is_refused(self, *words):
        """With the reason, in both languages, and when to ask again; and a person sees it."""
        with pytest.raises(Refusal) as caught:
            self.submit()
        refusal = caught.value
        assert refusal.type == PROBLEM.FULL and refusal.retry_after_ms > 0 and refusal.sentence_vi
        for word in words:
            assert word in refusal.sentence_en, refusal.sentence_en
        assert self.place.facts()["intake"] != "open"
        assert self.place.log_has("event=intake-closed")

    def deliver_one(self, verdict=VERDICT.DELIVERED):
        self.receive().ping()
        deliver = self.receiver.deliver()
        assert deliver, self.place.tail(self.place.broker_log)
        self.receiver.outcome(deliver, verdict)
        self.delivered.add(deliver.handoff_id)
        return deliver.handoff_id

    def deliver_all(self, but=0):
        while len(set(self.accepted) - self.delivered) > but:
            self.deliver_one()

    def work_goes_on(self):
        """Everything but intake: deliveries, outcomes, replay, hold, tracking, and the answer to a repetition."""
        place = self.place
        failed = self.deliver_one(VERDICT.BAD_DATA)
        assert place.state(failed) == STATE.FAILED
        place.cli("replay", str(failed), "--reason", "corrected by hand")
        self.delivered.discard(failed)
        for _ in range(40):
            if self.deliver_one() == failed:
                break
        assert place.state(failed) == STATE.DELIVERED
        last = max(self.accepted)
        if place.state(last) == STATE.READY:
            place.cli("hold", str(last), "--reason", "an exercise")
            place.cli("release", str(last), "--reason", "an exercise")
        assert self.sender.track(self.accepted[failed][0].dossier_code).handoffs
        again = self.sender.answer_to(self.sender.put_submit(*self.accepted[failed]))
        assert again.duplicate and again.handoff_id == failed

    def opens_again(self, seconds=20):
        self.do_not_receive()

        def opened():
            try:
                return self.submit()
            except Refusal as refusal:
                assert refusal.type == PROBLEM.FULL
                return None
        wait_for(opened, seconds, lambda: f"{self.place.facts()}\n{self.place.tail(self.place.broker_log)}")
        assert self.place.log_has("event=intake-open")

    def ends_well(self):
        assert self.place.broker.poll() is None
        assert self.place.stop_broker() == 0
        assert "No fault" in self.place.check_store()


@pytest.fixture
def make(tmp_path):
    """Makes one gateway; ends it and its disk whatever happened."""
    made = []

    def _make(purge, disk=None, **options):
        place = Place(tmp_path / "site", network(str(tmp_path), purge), store=disk.folder if disk else None, **options)
        made.append((place, disk))
        return place
    yield _make
    for place, disk in made:
        place.close()
        if disk:
            disk.close()


def test_the_store_at_its_limit(make):
    full = Full(make("2s", bytes_max="1MiB"))
    refusal = full.submit_until_full()
    assert refusal.type == PROBLEM.FULL and "90 %" in refusal.sentence_en
    full.is_refused("90 %")
    full.work_goes_on()
    full.deliver_all()
    full.opens_again()                                      # the purge made room
    assert full.place.log_has("event=intake-closed", "90 %")
    full.deliver_all()
    full.ends_well()


LONG = pytest.mark.long


@pytest.mark.parametrize("kind", ["ext4", pytest.param("tmpfs", marks=LONG)])
def test_a_disk_that_somebody_else_fills(make, tmp_path, kind):
    disk = small_disk(tmp_path, 24, kind)
    full = Full(make("30d", disk, ballast_bytes="2MiB"))
    for _ in range(200):
        full.submit()
    disk.fill(leave_bytes=MIB)
    full.is_refused("disk")
    full.work_goes_on()
    disk.fill()                                             # to the last byte
    full.is_refused()
    # They are on disk in the journal; it is the settling, a tenth of a second later, that needs the room, once what is
    # free inside the store is used up.
    for _ in range(180):
        if os.path.exists(f"{full.place.store}/ballast"):
            full.deliver_one()
    wait_for(lambda: not os.path.exists(f"{full.place.store}/ballast"), 10, "the reserve is given up")
    assert full.place.log_has("event=ballast")
    full.is_refused("reserve")
    full.work_goes_on()
    full.deliver_all()
    disk.empty()
    full.opens_again()
    assert os.path.exists(f"{full.place.store}/ballast"), "the reserve is back"
    full.deliver_all()
    full.ends_well()


@LONG
def test_a_disk_that_the_store_fills(make, tmp_path):
    """LMDB gives nothing back to the disk: what is purged makes room inside the file, and that must count."""
    disk = small_disk(tmp_path, 16, "ext4")
    full = Full(make("3s", disk, ballast_bytes="1MiB"))
    refusal = full.submit_until_full()
    assert refusal.type == PROBLEM.FULL and "disk" in refusal.sentence_en
    most_bytes = int(full.place.facts()["store_bytes"])
    full.work_goes_on()
    full.deliver_all()
    full.opens_again()
    # It opens with the first of what is purged: on a slow disk 200 more would come before the last.
    wait_for(lambda: int(full.place.facts()["store_bytes"]) < most_bytes / 2, 20, full.place.facts)
    for _ in range(200):                                    # and it stays open for what fits inside
        full.submit()
    full.deliver_all()
    full.ends_well()


def test_a_reader_that_overstays(make, tmp_path):
    """Nothing that is purged can be used again while it reads. Intake stops, the reader's process is named, and all is
    well again once it has gone."""
    disk = small_disk(tmp_path, 16, "ext4")
    place = make("1s", disk, ballast_bytes="1MiB")
    place.set_clock(0, 0)
    full = Full(place)
    full.submit()
    pin = subprocess.Popen([tool("pin"), place.store], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert pin.stdout.readline() == b"pinned\n"
        place.set_clock(61_000, 61_000)                     # the look once a minute, twice
        full.deliver_all()
        wait_for(lambda: full.submit() and place.set_clock(122_000, 122_000) is None and
                 place.log_has("event=reader", f"pid={pin.pid}"), 10, lambda: place.tail(place.broker_log))
        assert f"pid {pin.pid}," in place.facts()["oldest_reader"]
        full.reconnect()
        refused = False
        for _ in range(300):
            try:
                for _ in range(10):
                    full.submit()
            except Refusal as refusal:
                assert refusal.type == PROBLEM.FULL
                refused = True
                break
            full.deliver_all(but=5)
        assert refused, f"pinned pages never filled the disk: {place.facts()}"
        full.is_refused("disk", f"process {pin.pid} ")
        full.work_goes_on()
        full.deliver_all()
    finally:
        pin.communicate(b"")
    full.opens_again()
    for _ in range(100):
        full.submit()
    full.deliver_all()
    assert "oldest_reader" not in place.facts()
    full.ends_well()


@pytest.mark.parametrize("error", [errno.ENOSPC, pytest.param(errno.EDQUOT, marks=LONG)])
def test_a_disk_that_takes_nothing_for_a_while(make, error):
    """A quota that statvfs does not show: every write is refused, then none."""
    place = make("30d")
    place.can_break()
    full = Full(place)
    for _ in range(20):
        full.submit()
    full.deliver_one()
    deliver = full.receive().deliver()
    place.break_disk("pwrite", error)
    with pytest.raises(Refusal) as caught:
        full.submit()
    assert caught.value.type == PROBLEM.FULL and caught.value.retry_after_ms > 0
    question = full.receiver.put_outcome(deliver, VERDICT.DELIVERED)
    with pytest.raises(Silence):
        full.receiver.answer_to(question, 2)                # nothing is said that is not on disk
    assert place.broker.poll() is None and place.log_has("event=full")
    place.mend_disk()
    full.receiver.answer_to(question)
    full.delivered.add(deliver.handoff_id)
    full.opens_again()
    full.deliver_all()
    full.ends_well()


@pytest.mark.parametrize("call, skip", [("fdatasync", 0), ("pwrite", 0), pytest.param("pwrite", 1, marks=LONG),
                                        pytest.param("pwrite", 2, marks=LONG), pytest.param("fsync", 0, marks=LONG)])
def test_a_disk_that_fails(make, call, skip):
    """EIO: the process ends with a status that is not 0, has said nothing untrue, and the next start is clean."""
    place = make("30d")
    place.can_break()
    full = Full(place)
    for _ in range(20):
        full.submit()
    if call != "fsync":
        full.deliver_one()
    else:       # of a day's key: only a new day has one, and a delivery that nobody has taken would have words to seal
        place.stop_broker()
        place.set_clock(3 * 24 * 3600 * 1000)
        place.environment["LD_PRELOAD"] = f"{tool('recorder.so')} {tool('clock.so')}"
        place.start_broker()
        full.reconnect()
    place.break_disk(call, errno.EIO, skip)
    with pytest.raises((Silence, Refusal)) as caught:
        for _ in range(5):
            full.sender.answer_to(full.sender.put_submit(full.sender.header(
                recipient=TAX, dossier_code=place.dossier(), procedure_code="1.000894", kind=KIND.FORWARD)), 2)
    assert caught.type is Silence
    assert place.broker.wait(10) == 1, "it must not go on"
    assert place.log_has("level=error", "event=broken"), place.tail(place.broker_log)
    place.mend_disk()
    assert "No fault" in place.check_store()
    place.start_broker()
    full.reconnect()
    for handoff, (header, payload) in full.accepted.items():
        again = full.sender.answer_to(full.sender.put_submit(header, payload))
        assert again.duplicate and again.handoff_id == handoff
    assert all(place.state(handoff) == STATE.DELIVERED for handoff in full.delivered)
    full.submit()
    full.deliver_all()
    full.ends_well()

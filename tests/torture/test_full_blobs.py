"""Attachments on full and failing disks: an upload that does not fit is refused `full`, everything else goes on, and
all is well again once there is room, without a restart. And a disk that fails: the process stops, what is on disk is
true."""
import errno
import os

import pytest

import lienthong_pb2 as pb
from blobs import sha256_of
from gateway import COUNTER, POLICE, WARD, wait_for
from small import small_disk
from test_full import LONG, MIB, Full, make      # noqa: F401  (a fixture)
from transfers import PIECE, begin_upload, content_of, is_over, pieces_of, refusal_of
from wire import Refusal, Silence
from words import KIND, PROBLEM


class Attached(Full):
    """A gateway whose sender has an attachment, named in a handoff, on a disk with room for it."""

    def __init__(self, place):
        super().__init__(place)
        self.blobs = place.blob_link(COUNTER)
        self.content = content_of(3 * PIECE + 5)
        self.blobs.put(self.content)

    def reconnect(self):
        super().reconnect()
        self.blobs = self.place.blob_link(COUNTER)

    def stored(self):
        root = os.path.join(self.place.store, "blobs")
        return sorted(name for folder, _, names in os.walk(root) for name in names if not folder.endswith("new"))

    def being_written(self):
        return os.listdir(os.path.join(self.place.store, "blobs/new"))

    def settles(self):
        """Until the store has nothing to write or sync any more: the next sync is that of an attachment."""
        written = [os.path.join(self.place.store, name) for name in ("data.mdb", "journal")]
        wait_for(lambda: os.stat(written[0]).st_mtime_ns > os.stat(written[1]).st_mtime_ns, 5, "it settles")

    def is_refused_full(self, correlation):
        refused = refusal_of(self.blobs, correlation)
        assert refused.type == PROBLEM.FULL and refused.retry_after_ms > 0 and refused.sentence_vi
        is_over(self.blobs, correlation)
        assert not self.being_written()

    def reads(self):
        assert self.blobs.get(sha256_of(self.content)) == self.content
        assert self.blobs.put(self.content).duplicate, "for what is there no room is needed"

    def uploads(self, content):
        assert not self.blobs.put(content, seconds=30).duplicate
        assert self.blobs.get(sha256_of(content)) == content

    def uploads_when_there_is_room(self, content, seconds=20):
        def tried():
            try:
                return self.blobs.put(content)
            except Refusal as refused:
                assert refused.type == PROBLEM.FULL
                return None
        wait_for(tried, seconds, self.place.facts)

    def hands_off(self, *contents):
        """With attachments or without, and it is delivered."""
        header = self.sender.header(recipient=POLICE, dossier_code=self.place.dossier(), procedure_code="1.000894",
                                    kind=KIND.FORWARD, attachments=[pb.Attachment(
                                        sha256=sha256_of(each), size=len(each), name="scan.pdf") for each in contents])
        payload = b"{}"
        answer = self.sender.answer_to(self.sender.put_submit(header, payload))
        self.accepted[answer.handoff_id] = (header, payload)
        self.deliver_all()
        self.do_not_receive()
        return answer.handoff_id


def test_an_upload_that_does_not_fit(make, tmp_path):      # noqa: F811
    """It is refused before a byte is sent; what others have begun counts as taken; handoffs go on."""
    disk = small_disk(tmp_path, 48, "ext4")
    full = Attached(make("30d", disk, ballast_bytes="1MiB"))
    full.hands_off(full.content)
    free = disk.free_bytes()
    for size in (free, free - MIB, 1 << 30):
        full.is_refused_full(full.blobs.begin_put(os.urandom(32), size))
    first = content_of(free * 6 // 10)
    correlation, _ = begin_upload(full.blobs, first)
    for link in (full.blobs, full.place.blob_link(WARD)):
        assert refusal_of(link, link.begin_put(os.urandom(32), free * 6 // 10)).type == PROBLEM.FULL
    small = content_of(2 * PIECE)
    assert not full.blobs.put(small).duplicate
    full.hands_off()
    full.hands_off(small)
    full.reads()
    full.blobs.send_chunk(correlation, 9999, b"")
    refusal_of(full.blobs, correlation)
    full.uploads(first)
    full.hands_off(first)
    assert full.place.facts()["intake"] == "open" and not full.place.log_has("event=intake-closed")
    full.ends_well()


@pytest.mark.parametrize("kind", ["ext4", pytest.param("tmpfs", marks=LONG)])
def test_a_disk_that_becomes_full_in_an_upload(make, tmp_path, kind):       # noqa: F811
    """Somebody else takes the room that was there when it began. It is refused, and what it had written is room again:
    handoffs go on. Full to the last byte, what is there is still read, named and delivered."""
    disk = small_disk(tmp_path, 48, kind)
    full = Attached(make("30d", disk, ballast_bytes="2MiB"))
    content = content_of(disk.free_bytes() * 7 // 10)
    pieces = pieces_of(content)
    correlation, credit = begin_upload(full.blobs, content)
    sent, until, filled = 0, credit.until, False
    with pytest.raises(Refusal) as caught:
        while True:
            while sent < until:
                full.blobs.send_chunk(correlation, sent, pieces[sent])
                sent += 1
            if not filled and sent > len(pieces) // 3:
                disk.fill(leave_bytes=6 * MIB)
                filled = True
            until = full.blobs.next(correlation).until
    assert caught.value.type == PROBLEM.FULL and caught.value.retry_after_ms > 0
    assert len(pieces) // 3 < sent < len(pieces)
    wait_for(lambda: not full.being_written(), 5, full.being_written)
    wait_for(lambda: disk.free_bytes() > 6 * MIB, 5, disk.free_bytes)
    wait_for(lambda: full.place.facts()["intake"] == "open", 20, full.place.facts)
    full.hands_off()
    full.hands_off(full.content)
    full.reads()
    full.is_refused_full(full.blobs.begin_put(sha256_of(content), len(content)))
    for _ in range(3):
        full.submit()
    disk.fill()                                             # to the last byte
    full.is_refused()
    full.is_refused_full(full.blobs.begin_put(os.urandom(32), 1))
    full.reads()
    full.work_goes_on()
    full.deliver_all()
    disk.empty()
    full.uploads_when_there_is_room(content)
    assert full.blobs.get(sha256_of(content)) == content
    full.opens_again()
    full.hands_off(content)
    assert len(full.stored()) == 2
    full.ends_well()


@pytest.mark.parametrize("error", [errno.ENOSPC, pytest.param(errno.EDQUOT, marks=LONG)])
def test_a_quota_that_an_upload_meets(make, error):         # noqa: F811
    """Not seen by statvfs: the write itself is refused. The process lives, the upload is refused and leaves nothing."""
    place = make("30d")
    place.can_break()
    full = Attached(place)
    content = content_of(3 * PIECE)
    correlation, _ = begin_upload(full.blobs, content)
    full.blobs.send_chunk(correlation, 0, content[:PIECE])
    wait_for(lambda: os.path.getsize(f"{place.store}/blobs/new/{full.being_written()[0]}"), 5, full.being_written)
    place.break_disk("pwrite", error)
    full.blobs.send_chunk(correlation, 1, content[PIECE:2 * PIECE])
    refused = refusal_of(full.blobs, correlation)
    assert refused.type == PROBLEM.FULL and refused.retry_after_ms > 0 and refused.sentence_vi
    wait_for(lambda: not full.being_written(), 5, full.being_written)
    assert full.blobs.get(sha256_of(full.content)) == full.content and place.broker.poll() is None
    place.mend_disk()
    full.uploads_when_there_is_room(content)
    wait_for(lambda: place.facts()["intake"] == "open", 20, place.facts)
    full.hands_off(content, full.content)
    full.ends_well()


# What fails: a chunk's write, the sync after each 8 MiB, the file's last sync, its folder's after the renaming.
@pytest.mark.parametrize("call, skip", [("pwrite", 0), ("fdatasync", 0), ("fsync", 0), ("fsync", 1)],
                         ids=["a-chunk", "a-sync-between", "the-last-sync", "the-folder"])
def test_a_disk_that_fails_in_an_upload(make, call, skip):  # noqa: F811
    """EIO: the process ends with status 1, STORED was not said, and the next start is clean."""
    place = make("30d")
    place.can_break()
    full = Attached(place)
    for _ in range(5):
        full.submit()
    full.hands_off(full.content)
    before = full.stored()
    full.settles()
    content = content_of(10 * MIB)
    correlation, credit = begin_upload(full.blobs, content)
    place.break_disk(call, errno.EIO, skip)
    sent, until = 0, credit.until
    with pytest.raises(Silence):
        while True:
            while sent < until:
                full.blobs.send_chunk(correlation, sent, content[sent * PIECE:(sent + 1) * PIECE])
                sent += 1
            said = full.blobs.next(correlation, 3)
            assert isinstance(said, pb.BlobCredit), "what is not on disk is not said to be"
            until = said.until
    assert place.broker.wait(10) == 1, "it must not go on"
    assert place.log_has("level=error", "event=broken", "attachment"), place.tail(place.broker_log)
    place.mend_disk()
    assert "No fault" in place.check_store()
    place.start_broker()
    full.reconnect()
    assert not full.being_written() and full.stored() == before
    with pytest.raises(Refusal) as caught:
        full.blobs.get(sha256_of(content))
    assert caught.value.type == PROBLEM.ATTACHMENT_MISSING
    full.reads()
    for handoff, (header, payload) in full.accepted.items():
        again = full.sender.answer_to(full.sender.put_submit(header, payload))
        assert again.duplicate and again.handoff_id == handoff
    full.uploads(content)
    full.hands_off(content)
    full.ends_well()

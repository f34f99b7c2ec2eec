"""Attachments over a lost store: what a backup covers can be read and is named still, what was uploaded after it is
uploaded again first, and the backup holds what its records name and nothing else."""
import itertools
import json
import os
import stat
import subprocess

import lienthong_pb2 as pb
import pytest

from blobs import sha256_of
from gateway import BUILD, COUNTER, POLICE, WARD, wait_for
from test_restore import lose, release
from transfers import (PIECE, Uploader, begin_upload, change, content_of, files, flip, half_written, name, pieces_of,
                       refusal_of)
from wire import Refusal
from words import KIND, PROBLEM, RECEIVER, STATE, VERDICT


class Sender:
    """Hands off what the uploaders have stored, each content once, and knows under which id it was accepted."""

    def __init__(self, gateway, uploaders):
        self.gateway, self.uploaders, self.seen = gateway, uploaders, [0] * len(uploaders)
        self.link, self.accepted = gateway.link(COUNTER), {}

    def pump(self):
        for number, uploader in enumerate(self.uploaders):
            for content, _ in uploader.stored[self.seen[number]:]:
                self.seen[number] += 1
                self.send(content)

    def send(self, *contents):
        header = self.link.header(recipient=POLICE, dossier_code=self.gateway.dossier(), procedure_code="1.000894",
                                  kind=KIND.FORWARD, attachments=[
                                      pb.Attachment(sha256=sha256_of(each), size=len(each), name="scan.pdf")
                                      for each in contents])
        answer = self.link.answer_to(self.link.put_submit(header))
        self.accepted[header.message_id] = (header, answer.handoff_id, contents)
        return answer

    def again(self, message_id):
        header, handoff_id, _ = self.accepted[message_id]
        return self.link.answer_to(self.link.put_submit(header, accepted_as=handoff_id))

    def reconnect(self):
        self.link = self.gateway.link(COUNTER)


def missing(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    assert caught.value.type == PROBLEM.ATTACHMENT_MISSING, caught.value
    return caught.value


def backup_files(gateway, folder="backup"):
    """By content hash; there is no other file in its folder of blobs."""
    root, found = gateway.path(f"{folder}/blobs"), []
    for place, _, names in os.walk(root):
        assert stat.S_IMODE(os.stat(place).st_mode) == 0o700
        for each in names:
            assert os.path.basename(place) == each[:2] and len(each) == 64 + 1 + 16, os.path.join(place, each)
            assert stat.S_IMODE(os.stat(os.path.join(place, each)).st_mode) == 0o600
            found.append(bytes.fromhex(each[:64]))
    assert len(set(found)) == len(found)
    return set(found)


def test_uploads_under_a_backup_then_a_lost_store(gateway):
    """Two upload without a pause, one hands off what they have; one more upload hangs half way all the time."""
    gateway.start_broker()
    hanging = gateway.blob_link(WARD)
    half, credit = begin_upload(hanging, content_of(40 * PIECE))
    for number in range(credit.until):
        hanging.send_chunk(half, number, b"x" * PIECE)
    uploaders = [Uploader(gateway, COUNTER, itertools.cycle(sizes)) for sizes in ([100, 3 * PIECE, PIECE], [9 * PIECE])]
    for uploader in uploaders:
        uploader.start()
    sender = Sender(gateway, uploaders)

    def until(count):
        def enough():
            sender.pump()
            return all(len(uploader.stored) >= count for uploader in uploaders)
        wait_for(enough, 30, lambda: [(len(uploader.stored), uploader.trouble) for uploader in uploaders])
    try:
        until(5)
        backup = subprocess.Popen([os.path.join(BUILD, "lienthong"), "backup", gateway.path("backup"), "--json",
                                   "--site", gateway.folder], stdout=subprocess.PIPE, text=True)
        while backup.poll() is None:
            sender.pump()
        covered_seq = json.loads(backup.communicate()[0])["covered_seq"]
        assert backup.returncode == 0
        until(max(len(uploader.stored) for uploader in uploaders) + 5)
    finally:
        for uploader in uploaders:
            uploader.end.set()
            uploader.join(30)
    assert all(uploader.trouble is None for uploader in uploaders)
    sender.pump()
    stored = [(content, said) for uploader in uploaders for content, said in uploader.stored]
    covered = {sha256_of(content) for content, said in stored if said.commit_seq <= covered_seq}
    assert len(covered) >= 10 and len(stored) - len(covered) >= 10
    assert len(half_written(gateway)) >= 1
    assert backup_files(gateway) == covered
    gateway.cli("check-store", gateway.path("backup"))
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    assert backup_files(gateway, "store") == covered
    gateway.cli("check-store")

    gateway.start_broker()
    counter = gateway.blob_link(COUNTER)
    refused = refusal_of(counter, counter.begin_put(os.urandom(32), 10))
    assert refused.type == PROBLEM.STOPPING and refused.retry_after_ms, "held: it takes nothing in"
    gateway.admin("release", code="gateway", reason="checked")
    for content, _ in stored:
        if sha256_of(content) in covered:
            assert counter.get(sha256_of(content)) == content and counter.put(content).duplicate
        else:
            missing(counter.get, sha256_of(content))
    sender.reconnect()
    known, lost = 0, []
    for message_id, (_, handoff_id, contents) in sender.accepted.items():
        if sha256_of(contents[0]) in covered:
            try:
                answer = sender.again(message_id)
            except Refusal:
                raise AssertionError("its attachment is there") from None
            assert answer.handoff_id == handoff_id
            known += 1
        else:
            assert missing(sender.again, message_id).field == "header.attachments[0]"
            lost.append(message_id)
    assert known >= 10 and len(lost) >= 10
    for message_id in lost:
        _, handoff_id, contents = sender.accepted[message_id]
        assert not counter.put(contents[0]).duplicate
        assert sender.again(message_id).handoff_id == handoff_id, "under the id that it had"
    assert {path[3:67] for path in files(gateway)} == {sha256_of(content).hex() for content, _ in stored}
    contents = {handoff_id: contents[0] for _, handoff_id, contents in sender.accepted.values()}
    receiver, police = gateway.link(POLICE, RECEIVER, kinds=list(KIND), credit=4), gateway.blob_link(POLICE)
    for _ in range(len(contents)):
        receiver.ping()
        delivered = receiver.deliver()
        assert police.get(sha256_of(contents[delivered.handoff_id])) == contents.pop(delivered.handoff_id)
        receiver.outcome(delivered, VERDICT.DELIVERED)
    assert not contents


def test_who_may_read_comes_back_with_the_backup(gateway):
    """Delivered before it: may read. Delivered after it: only when it has been delivered again."""
    gateway.start_broker()
    sender = Sender(gateway, [])
    counter = gateway.blob_link(COUNTER)
    before, after = content_of(2 * PIECE), content_of(100)
    for content in (before, after):
        counter.put(content)

    def deliver():
        receiver = gateway.link(POLICE, RECEIVER, kinds=list(KIND), credit=1)
        receiver.ping()
        delivered = receiver.deliver()
        receiver.outcome(delivered, VERDICT.DELIVERED)
        receiver.close()
        return delivered.handoff_id
    first = sender.send(before).handoff_id
    assert deliver() == first
    gateway.cli("backup", gateway.path("backup"))
    second = sender.send(after).handoff_id
    assert deliver() == second
    police = gateway.blob_link(POLICE)
    assert police.get(sha256_of(after)) == after
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    police = gateway.blob_link(POLICE)
    assert police.get(sha256_of(before)) == before
    missing(police.get, sha256_of(after))
    sender.reconnect()
    assert sender.again(list(sender.accepted)[1]).handoff_id == second
    missing(police.get, sha256_of(after))
    assert deliver() == second
    assert police.get(sha256_of(after)) == after


def test_several_attachments_and_the_one_that_is_missing(gateway):
    """The refusal names it; the others need not be uploaded again."""
    gateway.start_broker()
    sender, counter = Sender(gateway, []), gateway.blob_link(COUNTER)
    contents = [content_of(size) for size in (10, PIECE, 20)]
    for content in contents[:2]:
        counter.put(content)
    gateway.cli("backup", gateway.path("backup"))
    counter.put(contents[2])
    answer = sender.send(*contents)
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    sender.reconnect()
    [message_id] = sender.accepted
    assert missing(sender.again, message_id).field == "header.attachments[2]"
    counter = gateway.blob_link(COUNTER)
    assert [counter.put(content).duplicate for content in contents] == [True, True, False]
    again = sender.again(message_id)
    assert (again.handoff_id, again.duplicate, again.state) == (answer.handoff_id, False, STATE.READY)


def test_a_restored_store_is_whole_after_a_kill_too(gateway):
    """Killed while attachments are uploaded anew."""
    gateway.start_broker()
    counter = gateway.blob_link(COUNTER)
    counter.put(kept := content_of(3 * PIECE))
    gateway.cli("backup", gateway.path("backup"))
    counter.put(lost := content_of(3 * PIECE))
    lose(gateway)
    gateway.cli("restore", gateway.path("backup"))
    release(gateway)
    counter = gateway.blob_link(COUNTER)
    correlation, _ = begin_upload(counter, lost)
    for number, piece in enumerate(pieces_of(lost)):
        counter.send_chunk(correlation, number, piece)
    assert counter.next(correlation).sha256 == sha256_of(lost)
    begin_upload(counter, content_of(3 * PIECE))
    gateway.kill_broker()
    gateway.start_broker()
    assert not half_written(gateway)
    counter = gateway.blob_link(COUNTER)
    for content in (kept, lost):
        assert counter.get(sha256_of(content)) == content
    assert name(gateway.link(COUNTER), gateway, kept, lost).state == STATE.READY


def test_a_backup_whose_attachment_is_damaged(gateway):
    """check-store says which one, and restore does not bring it back as if it were good; the backup before does."""
    gateway.start_broker()
    counter = gateway.blob_link(COUNTER)
    counter.put(content := content_of(3 * PIECE))
    counter.put(other := content_of(100))
    for folder in ("whole", "damaged", "short"):
        gateway.cli("backup", gateway.path(folder))

    def place(folder):
        digest = sha256_of(content).hex()
        root = gateway.path(f"{folder}/blobs/{digest[:2]}")
        [each] = [each for each in os.listdir(root) if each.startswith(digest)]
        return os.path.join(root, each)
    change(place("damaged"), flip(PIECE + 500))
    os.unlink(place("short"))
    lose(gateway)
    for folder in ("damaged", "short"):
        report = gateway.cli("check-store", gateway.path(folder), "--json", code=4)
        assert len(report["faults"]) == 1 and sha256_of(content).hex() in str(report["faults"])
        assert sha256_of(content).hex() in gateway.cli("restore", gateway.path(folder), code=4)
        assert not os.path.exists(gateway.path("store/data.mdb"))
    gateway.cli("restore", gateway.path("whole"))
    release(gateway)
    counter = gateway.blob_link(COUNTER)
    assert counter.get(sha256_of(content)) == content and counter.get(sha256_of(other)) == other


def test_what_is_damaged_is_left_behind_where_that_is_said(gateway):
    """A backup notices a flipped byte and is none; --without-damaged copies the rest, names what it leaves out, ends
    with 4; so does its restore. The handoff goes on, who fetches the content is refused until it is uploaded again."""
    gateway.start_broker()
    counter = gateway.blob_link(COUNTER)
    counter.put(content := content_of(3 * PIECE))
    counter.put(other := content_of(100))
    digest = sha256_of(content).hex()
    sender = Sender(gateway, [])
    handoff_id = sender.send(content).handoff_id
    [path] = [gateway.path(f"store/blobs/{each}") for each in files(gateway) if digest in each]
    change(path, flip(PIECE + 500))
    assert digest in gateway.cli("backup", gateway.path("backup"), code=5)
    assert not os.path.exists(gateway.path("backup"))
    told = gateway.cli("backup", gateway.path("backup"), "--without-damaged", "--json", code=4)
    assert told["left_out"] == [{"sha256": digest, "agencies": [COUNTER]}] and told["covered_seq"]
    assert backup_files(gateway) == {sha256_of(other)}
    assert f"blob {digest}" in str(gateway.cli("check-store", gateway.path("backup"), "--json", code=4)["faults"])
    lose(gateway)
    refused = gateway.cli("restore", gateway.path("backup"), code=4)
    assert digest in refused and "--without-damaged" in refused
    assert not os.path.exists(gateway.path("store/data.mdb"))
    told = gateway.cli("restore", gateway.path("backup"), "--without-damaged", "--json", code=4)
    assert told["left_out"] == [{"sha256": digest, "agencies": [COUNTER]}] and told["gateway_held"]
    release(gateway)
    receiver = gateway.link(POLICE, RECEIVER, kinds=list(KIND), credit=1)
    receiver.ping()
    delivered = receiver.deliver()
    assert delivered.handoff_id == handoff_id
    counter, police = gateway.blob_link(COUNTER), gateway.blob_link(POLICE)
    assert counter.get(sha256_of(other)) == other
    missing(police.get, sha256_of(content))
    counter.put(content)
    assert police.get(sha256_of(content)) == content
    receiver.outcome(delivered, VERDICT.DELIVERED)
    gateway.cli("backup", gateway.path("whole"))
    assert gateway.stop_broker() == 0
    gateway.cli("check-store")

"""Attachments on disk: kills, files that belong to nothing, damage, who may open what, nothing in the log, bounded
memory. Written from proto/README.md ("Attachments") and deploy/README.md."""
import itertools
import os
import random
import re
import stat
import threading

import lienthong_pb2 as pb
import pytest

from blobs import sha256_of
from gateway import COUNTER, POLICE, WARD, wait_for
from transfers import (MIB, PIECE, Uploader, begin_upload, change, content_of, files, flip, half_written, is_over,
                       pieces_of)
from wire import Refusal
from words import KIND, PROBLEM, RECEIVER

SEED = int(os.environ.get("SEED", "20260303"))


def test_a_kill_in_an_upload_leaves_nothing(gateway):
    gateway.start_broker()
    link = gateway.blob_link(COUNTER)
    content = content_of(30 * PIECE)
    correlation, credit = begin_upload(link, content)
    for number in range(credit.until):
        link.send_chunk(correlation, number, pieces_of(content)[number])
    assert link.next(correlation).until > credit.until
    assert len(half_written(gateway)) == 1
    gateway.kill_broker()
    assert len(half_written(gateway)) == 1 and not files(gateway)
    gateway.start_broker()
    assert not half_written(gateway) and not files(gateway)
    link = gateway.blob_link(COUNTER)
    with pytest.raises(Refusal) as caught:
        link.get(sha256_of(content))
    assert caught.value.type == PROBLEM.ATTACHMENT_MISSING
    assert not link.put(content).duplicate
    assert link.get(sha256_of(content)) == content


def test_a_stop_in_an_upload_leaves_nothing(gateway):
    """SIGTERM waits for no upload, and nothing of it stays."""
    gateway.start_broker()
    link = gateway.blob_link(COUNTER)
    correlation, _ = begin_upload(link, content_of(30 * PIECE))
    link.send_chunk(correlation, 0, b"x" * PIECE)
    wait_for(lambda: half_written(gateway), 5, "it is being written")
    assert gateway.stop_broker() == 0
    assert not half_written(gateway) and not files(gateway)


def test_kills_at_any_moment_of_uploads(gateway):
    """After each: what was said to be stored can be read, of what was not nothing is left or all of it, and what
    belongs to nothing has gone."""
    dice = random.Random(SEED)
    gateway.start_broker()
    begun, stored = [], []
    for _ in range(8):
        uploaders = [Uploader(gateway, code, itertools.cycle([dice.randrange(1, 200), PIECE, 9 * PIECE + 3]))
                     for code in (COUNTER, WARD)]
        for uploader in uploaders:
            uploader.start()
        aim = dice.randrange(1, 40)
        wait_for(lambda: sum(len(uploader.stored) for uploader in uploaders) >= aim, 20, lambda: uploaders[0].trouble)
        gateway.kill_broker()
        for uploader in uploaders:
            uploader.end.set()
            uploader.join(30)
            assert not uploader.is_alive() and uploader.trouble is None
            begun += [(COUNTER if uploader is uploaders[0] else WARD, content) for content in uploader.begun]
            stored += [content for content, _ in uploader.stored]
        gateway.start_broker()
        assert not half_written(gateway)
    readers = {code: gateway.blob_link(code) for code in (COUNTER, WARD)}
    there = set()
    for code, content in begun:
        try:
            assert readers[code].get(sha256_of(content)) == content
            there.add(sha256_of(content).hex())
        except Refusal as refused:
            assert refused.type == PROBLEM.ATTACHMENT_MISSING and content not in stored
    wait_for(lambda: {path[3:67] for path in files(gateway)} == there and len(files(gateway)) == len(there), 20,
             lambda: f"{len(files(gateway))} files of {len(there)}")


def test_a_stray_file_is_removed_after_the_start(gateway):
    """Under a name that nobody recorded, also one of a hash that is recorded; what is recorded stays."""
    gateway.start_broker()
    link = gateway.blob_link(COUNTER)
    contents = [content_of(size) for size in (1, PIECE, 3 * PIECE)]
    for content in contents:
        link.put(content)
    recorded = files(gateway)
    assert gateway.stop_broker() == 0
    hashes = [os.urandom(32).hex(), recorded[0][3:67], "00" * 32, "ff" * 32]
    strays = [f"{digest[:2]}/{digest}-{number:016x}" for number, digest in enumerate(hashes, 77)]
    for path in [*strays, "new/00000000000000aa"]:
        with open(gateway.path(f"store/blobs/{path}"), "wb") as file:
            file.write(b"left behind")
    gateway.start_broker()
    wait_for(lambda: files(gateway) == recorded, 10, lambda: files(gateway))
    assert not half_written(gateway)
    wait_for(lambda: "event=blobs-swept" in gateway.read("broker.log"), 10, lambda: gateway.tail(gateway.broker_log))
    assert re.search(r"event=blobs-swept\b.* count=4\b", gateway.read("broker.log"))
    link = gateway.blob_link(COUNTER)
    for content in contents:
        assert link.get(sha256_of(content)) == content
    assert gateway.stop_broker() == 0
    gateway.start_broker()
    assert gateway.read("broker.log").count("event=blobs-swept") == 1, "there was nothing more"


def exchange(data):
    """The first two pieces; each opens, but not there."""
    half = (len(data) - 1000) // 2 // 2
    sealed = PIECE + (len(data) - 2 * PIECE - 1000) // 3
    assert half and sealed > PIECE
    return data[sealed:2 * sealed] + data[:sealed] + data[2 * sealed:]


DAMAGE = {"a byte at its beginning": flip(100), "a byte in its last piece": flip(-3), "its last byte": flip(-1),
          "pieces exchanged": exchange, "cut by a byte": lambda data: data[:-1],
          "one byte more": lambda data: data + b"x", "empty": lambda data: bytearray(), "gone": lambda data: None}


@pytest.mark.parametrize("how", DAMAGE.values(), ids=[word.replace(" ", "-") for word in DAMAGE])
def test_a_damaged_file_is_refused_logged_and_reported(gateway, how):
    """Nothing but good chunks come before the refusal; others are read as before; check-store says which it is."""
    gateway.start_broker()
    link = gateway.blob_link(COUNTER)
    content, whole = content_of(2 * PIECE + 1000), content_of(2 * PIECE + 1000)
    link.put(whole)
    link.put(content)
    assert gateway.stop_broker() == 0
    [path] = [gateway.path(f"store/blobs/{path}") for path in files(gateway) if sha256_of(content).hex() in path]
    with open(path, "rb") as file:
        before = file.read()
    change(path, how)
    report = gateway.cli("check-store", "--json", code=4)
    assert len(report["faults"]) == 1 and sha256_of(content).hex()[:16] in str(report["faults"]), report
    gateway.start_broker()
    link = gateway.blob_link(COUNTER)
    correlation, read = link.begin_get(sha256_of(content)), b""
    with pytest.raises(Refusal) as caught:
        while True:
            said = link.next(correlation)
            read += said.bytes if isinstance(said, pb.Chunk) else b""
    assert caught.value.type == PROBLEM.ATTACHMENT_MISSING and "damaged" in caught.value.sentence_en
    assert content.startswith(read) and len(read) < len(content)
    is_over(link, correlation)
    assert re.search(r"level=error event=blob-damaged\b", gateway.read("broker.log"))
    assert link.get(sha256_of(whole)) == whole
    assert gateway.stop_broker() == 0
    with open(path, "wb") as file:                              # the disk is mended
        file.write(before)
    gateway.start_broker()
    assert gateway.blob_link(COUNTER).get(sha256_of(content)) == content


# ---------------------------------------------------------------- what stands where

def test_on_disk_it_is_sealed_and_private(gateway):
    """Files 0600, folders 0700, whatever the umask; nothing of the content in any file of the store or the backup,
    nothing of content or names in the log."""
    before = os.umask(0)
    try:
        gateway.start_broker()
    finally:
        os.umask(before)
    mark, file_name = b"CONTENT-MARKER-51c2", "Khai sinh Nguyễn Văn Không Có Thật.pdf"
    content = (mark + os.urandom(45)) * 5000
    counter, police = gateway.blob_link(COUNTER), gateway.blob_link(POLICE)
    counter.put(content)
    counter.put(small := mark * 3)
    going, _ = begin_upload(counter, other := content + b"!")
    counter.send_chunk(going, 0, other[:PIECE])
    counter.send_raw(b"\x01" + mark * 10)
    link = gateway.link(COUNTER)
    link.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD, attachments=[
        pb.Attachment(sha256=sha256_of(each), size=len(each), name=file_name, media_type="application/pdf")
        for each in (content, small)])
    with pytest.raises(Refusal):
        link.submit(recipient=POLICE, dossier_code=gateway.dossier(), kind=KIND.FORWARD, attachments=[
            pb.Attachment(sha256=os.urandom(32), size=5, name=file_name)])
    delivered = gateway.link(POLICE, RECEIVER, kinds=list(KIND), credit=1).deliver()
    assert pb.Header.FromString(delivered.header).attachments[0].name == file_name
    assert police.get(sha256_of(content)) == content
    wait_for(lambda: half_written(gateway), 5, "one is under way")
    gateway.cli("backup", gateway.path("backup"))
    seen = 0
    for top in ("store", "backup"):
        for folder, _, names in os.walk(gateway.path(top)):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder
            for path in (os.path.join(folder, name) for name in names):
                if "/blobs/" in path:
                    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path
                    seen += 1
                with open(path, "rb") as file:
                    assert mark not in file.read(), path
    assert seen == 5
    log = gateway.read("broker.log")
    for word in (mark.decode(), file_name, "Nguyễn", "Khai sinh"):
        assert word not in log


class Watch(threading.Thread):
    """The most that the broker held meanwhile."""

    def __init__(self, gateway):
        super().__init__()
        self.gateway, self.end = gateway, threading.Event()
        self.before = self.most = gateway.memory_bytes()

    def run(self):
        while not self.end.wait(0.05):
            self.most = max(self.most, self.gateway.memory_bytes())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.join()


def connections_to(port):
    """Established ones, as the kernel tells: what it calls 01, by local port; their other ends."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return {row[2] for row in rows if row[3] == "01" and int(row[1].split(":")[1], 16) == port}


def test_memory_stays_bounded_over_large_transfers(gateway, tmp_path):
    """300 MB up, down again, and to readers that take all the credit there is and read nothing; those are ended."""
    queue = 2 * MIB                                             # of a connection: gateway/broker/README.md, "Memory"
    path, size = tmp_path / "large", 300 * 1000 * 1000
    with open(path, "wb") as file:
        block = os.urandom(MIB)
        for number in range(size // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
        file.write(block[:size % MIB])
    gateway.start_broker()
    link = gateway.blob_link(COUNTER)
    link.put(content_of(10 * MIB))
    with Watch(gateway) as watch:
        stored = link.put(str(path), seconds=30)
    assert stored.size == size
    assert watch.most - watch.before < 2 * queue, f"{watch.before} {watch.most}"
    with Watch(gateway) as watch:
        assert len(link.get(stored.sha256, seconds=30)) == size
    assert watch.most - watch.before < 2 * queue, f"{watch.before} {watch.most}"
    with Watch(gateway) as watch:
        for _ in range(3):
            reader = gateway.blob_link(COUNTER)
            reader.link.socket.disconnect(gateway.blob_endpoint)
            reader.link.socket.rcvhwm, reader.link.socket.rcvbuf = 1, 4096
            reader.link.socket.connect(gateway.blob_endpoint)
            reader.begin_get(stored.sha256, 0, 2 ** 64 - 1)
        assert len(link.get(stored.sha256, seconds=30)) == size, "and one that does read is served beside them"
    assert queue < watch.most - watch.before < (3 + 2) * queue, f"{watch.before} {watch.most}"
    port = int(gateway.blob_endpoint.rsplit(":", 1)[1])
    before = connections_to(port)
    wait_for(lambda: len(before - connections_to(port)) >= 3, 60, "they are ended")
    assert link.get(stored.sha256, seconds=30)

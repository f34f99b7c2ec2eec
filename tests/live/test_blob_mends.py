"""Attachments in a world that is not as it should be: a peer that does not read, a file that was damaged, a process
that may open no more files. Each ends well without a restart."""
import collections
import glob
import os
import subprocess

import pytest

from blobs import PIECE, BlobLink, Refusal, sha256_of
from gateway import COUNTER, POLICE, WARD, wait_for
from transfers import change, flip
from words import KIND, PROBLEM, RECEIVER


def file_of(gateway, content):
    """Its file, the only one there is of this content."""
    name = sha256_of(content).hex()
    found, = glob.glob(gateway.path(f"store/blobs/{name[:2]}/{name}-*"))
    return found


def test_what_a_full_queue_keeps_back_is_said_later(gateway):
    """Beside a download that fills its connection: whatever else was asked on it is answered, once it is read."""
    gateway.start_broker()
    large, small = os.urandom(24 << 20), os.urandom(3 * PIECE)
    uploader = gateway.blob_link(COUNTER)
    uploader.put(large)
    uploader.put(small)
    reader = BlobLink(gateway.blob_endpoint, gateway.path("keys/gateway.public"),
                      gateway.path(f"keys/{COUNTER}.secret"), rcvhwm=4)
    gateway.links.append(reader)
    chunks = -(-len(large) // PIECE)
    flood = reader.begin_get(sha256_of(large), 0, chunks)
    other = gateway.blob_link(COUNTER)
    assert other.get(sha256_of(small)) == small             # others are served meanwhile
    asked = {"found": reader.begin_get(sha256_of(small), 0, 3), "credit": reader.begin_put(sha256_of(b"new"), 3),
             "refused": reader.begin_get(sha256_of(b"nothing"), 0, 3)}
    got = collections.defaultdict(list)

    def all_came():
        envelope = reader.receive(1)
        if envelope:
            got[envelope.correlation].append(envelope.WhichOneof("body"))
        return len(got[flood]) == 1 + chunks and len(got[asked["found"]]) == 4 and got[asked["credit"]] \
            and got[asked["refused"]]
    wait_for(all_came, 30, lambda: {name: got[number] for name, number in asked.items()})
    assert got[flood] == ["blob_found"] + ["chunk"] * chunks
    assert got[asked["found"]] == ["blob_found", "chunk", "chunk", "chunk"]
    assert got[asked["credit"]] == ["blob_credit"] and got[asked["refused"]] == ["refused"]


DAMAGE = {"cut": lambda data: data[:10], "flipped": flip(PIECE), "gone": lambda data: None}


@pytest.mark.parametrize("who", [COUNTER, WARD])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_mended_by_uploading_it_again(gateway, damage, who):
    """By who had it, or by another one; for all who were given it."""
    gateway.start_broker()
    content = os.urandom(PIECE + 5000)
    gateway.blob_link(COUNTER).put(content)
    sender, receiver = gateway.link(COUNTER), gateway.link(POLICE, RECEIVER, credit=1)
    sender.submit(recipient=POLICE, kind=KIND.FORWARD, dossier_code=gateway.dossier(), procedure_code="1.000894",
                  attachments=[{"sha256": sha256_of(content), "size": len(content), "name": "a scan"}])
    assert receiver.deliver()
    path = file_of(gateway, content)
    change(path, DAMAGE[damage])
    police = gateway.blob_link(POLICE)
    with pytest.raises(Refusal) as refused:
        police.get(sha256_of(content))
    assert refused.value.type == PROBLEM.ATTACHMENT_MISSING
    assert "blob-damaged" in gateway.read("broker.log")
    assert not gateway.blob_link(who).put(content).duplicate
    assert police.get(sha256_of(content)) == content
    wait_for(lambda: len(glob.glob(gateway.path("store/blobs/??/*"))) == 1, 10, "the damaged file goes")
    assert file_of(gateway, content) != path
    assert gateway.stop_broker() == 0
    gateway.cli("check-store")


@pytest.mark.parametrize("who_finds_it", ["a reader before a restart", "a backup"])
def test_damage_of_the_same_size_is_mended_too(gateway, who_finds_it):
    """Only who reads it all knows of it. From then on the file is out of the way, and its uploader is not told that it
    is there already."""
    gateway.start_broker()
    counter = gateway.blob_link(COUNTER)
    counter.put(content := os.urandom(PIECE + 5000))
    path = file_of(gateway, content)
    change(path, flip(PIECE))
    if who_finds_it == "a backup":
        assert sha256_of(content).hex() in gateway.cli("backup", gateway.path("backup"), code=5)
    else:
        with pytest.raises(Refusal):
            counter.get(sha256_of(content))
        assert gateway.stop_broker() == 0
        gateway.start_broker()
        counter = gateway.blob_link(COUNTER)
    assert os.listdir(gateway.path("store/blobs/damaged")) == [os.path.basename(path)]
    assert not counter.put(content).duplicate
    assert counter.get(sha256_of(content)) == content
    gateway.cli("backup", gateway.path("whole"))
    assert not os.path.exists(gateway.path("whole/blobs/damaged"))


def test_what_the_disk_cannot_read_is_mended_too(gateway):
    """Perhaps it can be read later, so nobody is told that it is lost; but whoever uploads it again is let. A file that
    leads elsewhere stands for a bad sector: opening it fails."""
    gateway.start_broker()
    content = os.urandom(PIECE + 5000)
    counter = gateway.blob_link(COUNTER)
    counter.put(content)
    path = file_of(gateway, content)
    os.rename(path, gateway.path("aside"))
    os.symlink(gateway.path("aside"), path)
    with pytest.raises(Refusal) as refused:
        counter.get(sha256_of(content))
    assert refused.value.type == PROBLEM.BUSY and refused.value.retry_after_ms
    assert f"event=blob-damaged sha256={sha256_of(content).hex()}" in gateway.read("broker.log")
    assert not counter.put(content).duplicate
    assert counter.get(sha256_of(content)) == content and counter.put(content).duplicate
    assert gateway.stop_broker() == 0
    gateway.cli("check-store")


def test_no_more_files_is_busy_and_passes(gateway):
    """Somebody's idle connections take the last descriptors: nobody is told that a disk or a file is broken."""
    gateway.start_broker()
    content = os.urandom(5000)
    link = gateway.blob_link(COUNTER)
    link.put(content)
    pid = gateway.broker.pid

    def open_files():
        return len(os.listdir(f"/proc/{pid}/fd"))
    most = open_files() + 20
    subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={most}:"], check=True)
    idle = [gateway.blob_link(WARD) for _ in range(40)]
    wait_for(lambda: open_files() >= most - 1, 10, open_files)
    for ask in (lambda: link.get(sha256_of(content)), lambda: link.put(os.urandom(5000))):
        with pytest.raises(Refusal) as refused:
            ask()
        assert refused.value.type == PROBLEM.BUSY and refused.value.retry_after_ms
    for each in idle:
        each.close()
    wait_for(lambda: open_files() < most - 10, 10, open_files)
    assert link.get(sha256_of(content)) == content
    assert not link.put(os.urandom(5000)).duplicate
    assert "blob-damaged" not in gateway.read("broker.log")
    assert gateway.broker.poll() is None

"""Attachments from end to end: the command line and the Python client, each against the gateway and each other."""
import json
import os
import subprocess

import pytest

from blobs import sha256_of
from conftest import finish
from gateway import BUILD, COUNTER, POLICE, TAX, Gateway, wait_for
from ports import free_port
from wire import Refusal
from words import PROBLEM, STATE

DONE, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3
PIECE = 64 << 10


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A broker whose command line knows the endpoint for blobs, too."""
    made = Gateway(tmp_path_factory.mktemp("attachments"))
    made.replace("lienthong.yaml", f"tcp://127.0.0.1:{made.port + 1}", made.blob_endpoint)
    made.start_broker()
    yield made
    finish(made)


@pytest.fixture(scope="module")
def blobs(running):
    """Links to the socket for blobs, by agency."""
    links = {}

    def link(code):
        if code not in links:
            links[code] = running.blob_link(code)
        return links[code]
    return link


def scan(path, size=1000):
    """A file that no other test has."""
    content = os.urandom(size)
    path.write_bytes(content)
    return content


def dossier_file(running, path, attachments, recipient=TAX):
    code = running.dossier()
    path.write_text(json.dumps({"recipient": recipient, "dossier_code": code, "kind": "FORWARD",
                                "procedure_code": "1.000894", "payload": {}, "attachments": attachments}),
                    encoding="utf-8")
    return code


@pytest.mark.parametrize("size", [1, 1000, PIECE, PIECE + 1, 5 * (1 << 20) + 7])
def test_what_one_uploads_the_other_fetches(running, blobs, tmp_path, size):
    """The library in C and the client in Python, both ways."""
    content = scan(tmp_path / "scan.pdf", size)
    [row] = running.cli("upload", "--as", COUNTER, str(tmp_path / "scan.pdf"), "--json")
    assert (row["sha256"], row["size"], row["duplicate"]) == (sha256_of(content).hex(), size, False)
    assert blobs(COUNTER).get(sha256_of(content)) == content
    last = (size - 1) // PIECE
    assert blobs(COUNTER).get(sha256_of(content), last) == content[last * PIECE:]
    content = scan(tmp_path / "other.pdf", size)
    assert blobs(COUNTER).put(str(tmp_path / "other.pdf")).duplicate is False
    back = tmp_path / "back"
    fetched = running.cli("download", "--as", COUNTER, sha256_of(content).hex(), "--to", str(back), "--json")
    assert (fetched["size"], back.read_bytes(), back.stat().st_mode & 0o777) == (size, content, 0o600)
    assert sorted(os.listdir(tmp_path)) == ["back", "other.pdf", "scan.pdf"]


def test_what_is_there_is_not_sent_again(running, blobs, tmp_path):
    content = scan(tmp_path / "scan.pdf")
    assert "was there before" not in running.cli("upload", "--as", COUNTER, str(tmp_path / "scan.pdf"))
    assert "was there before" in running.cli("upload", "--as", COUNTER, str(tmp_path / "scan.pdf"))
    assert blobs(COUNTER).put(content).duplicate


def test_a_dossier_with_attachments_goes_all_the_way(running, tmp_path):
    content, known = scan(tmp_path / "khai-sinh.pdf", 3 * PIECE), scan(tmp_path / "known.pdf")
    [row] = running.cli("upload", "--as", COUNTER, str(tmp_path / "known.pdf"), "--json")
    (tmp_path / "known.pdf").unlink()
    dossier_file(running, tmp_path / "dossier.json", [
        {"file": "khai-sinh.pdf", "component": "GKS", "media_type": "application/pdf"},
        {"sha256": row["sha256"], "size": row["size"], "name": "bản chụp.pdf"}])
    [answer] = running.cli("submit", "--as", COUNTER, str(tmp_path / "dossier.json"), "--json")
    assert answer["accepted"]
    [again] = running.cli("submit", "--as", COUNTER, str(tmp_path / "dossier.json"), "--json")
    assert (again["handoff_id"], again["duplicate"]) == (answer["handoff_id"], True)
    digest = sha256_of(content).hex()
    early = running.cli("download", "--as", TAX, digest, "--to", str(tmp_path / "early"), code=REFUSED)
    assert "attachment-missing" in early, "it has not been delivered yet"
    line = json.loads(running.cli("receive", "--as", TAX, "--count", "1"))
    assert line["handoff_id"] == answer["handoff_id"]
    assert line["attachments"] == [
        {"name": "khai-sinh.pdf", "component": "GKS", "sha256": digest, "size": len(content),
         "media_type": "application/pdf"},
        {"name": "bản chụp.pdf", "component": "", "sha256": sha256_of(known).hex(), "size": len(known),
         "media_type": "application/octet-stream"}]
    for attachment, wanted in zip(line["attachments"], (content, known)):
        to = tmp_path / attachment["sha256"]
        running.cli("download", "--as", TAX, attachment["sha256"], "--to", str(to))
        assert to.read_bytes() == wanted


def test_nobody_else_reads_or_names_it(running, blobs, tmp_path):
    content = scan(tmp_path / "scan.pdf")
    running.cli("upload", "--as", COUNTER, str(tmp_path / "scan.pdf"))
    for agency, digest in ((POLICE, sha256_of(content)), (COUNTER, sha256_of(b"never uploaded"))):
        said = running.cli("download", "--as", agency, digest.hex(), "--to", str(tmp_path / "to"), code=REFUSED)
        assert "attachment-missing" in said
        with pytest.raises(Refusal) as refused:
            blobs(agency).get(digest)
        assert refused.value.type == PROBLEM.ATTACHMENT_MISSING
    assert not (tmp_path / "to").exists()
    dossier_file(running, tmp_path / "dossier.json", [{"sha256": sha256_of(b"never uploaded").hex(), "size": 14}])
    [answer] = running.cli("submit", "--as", COUNTER, str(tmp_path / "dossier.json"), "--json", code=REFUSED)
    assert answer["type"].endswith("attachment-missing")


def test_other_content_than_was_said_is_refused(blobs):
    link = blobs(COUNTER)
    correlation = link.begin_put(sha256_of(b"one"), 3)
    assert link.next(correlation).until >= 1
    link.send_chunk(correlation, 0, b"two")
    with pytest.raises(Refusal) as refused:
        link.next(correlation)
    assert refused.value.type == PROBLEM.INVALID_FIELD


def test_what_cannot_be_attached_is_said_with_its_place(running, tmp_path):
    (tmp_path / "empty.pdf").touch()
    for file in ("empty.pdf", "none-there.pdf"):
        dossier_file(running, tmp_path / "dossier.json", [{"file": file}])
        [answer] = running.cli("submit", "--as", COUNTER, str(tmp_path / "dossier.json"), "--json", code=REFUSED)
        assert answer["field"] == "attachments[0].file" and answer["sentence_vi"]
        running.cli("upload", "--as", COUNTER, str(tmp_path / file), code=REFUSED)


def test_what_is_there_is_not_overwritten(running, blobs, tmp_path):
    stored = blobs(COUNTER).put(scan(tmp_path / "scan.pdf"))
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    running.cli("download", "--as", COUNTER, stored.sha256.hex(), "--to", str(tmp_path / "mine"), code=REFUSED)
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "mine"


def test_a_watched_folder_may_have_attachments(running, tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    content = scan(folder / "scan.pdf")
    good = dossier_file(running, folder / "001.json", [{"file": "scan.pdf"}])
    dossier_file(running, folder / "002.json", [{"file": "none-there.pdf"}])
    command = [os.path.join(BUILD, "lienthong"), "submit", "--as", COUNTER, "--watch", str(folder), "--interval",
               "200ms", "--site", running.folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (folder / "accepted/001.json").exists() and (folder / "refused/002.json").exists(), 15,
                 lambda: sorted(map(str, folder.rglob("*"))))
    finally:
        process.terminate()
        assert process.wait(10) == DONE
    assert (folder / "scan.pdf").read_bytes() == content, "attachments stay where they are"
    [handoff] = running.cli("track", good, "--json")["handoffs"]
    running.cli("close", str(handoff["handoff_id"]), "--reason", "test")


def test_stored_is_a_promise(running, blobs, tmp_path):
    """Over a kill of the broker: at once after STORED."""
    stored = blobs(COUNTER).put(content := scan(tmp_path / "scan.pdf", 5 * PIECE))
    running.kill_broker()
    running.start_broker()
    running.cli("download", "--as", COUNTER, stored.sha256.hex(), "--to", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == content
    code = dossier_file(running, tmp_path / "dossier.json",
                        [{"sha256": stored.sha256.hex(), "size": stored.size, "name": "scan.pdf"}])
    running.cli("submit", "--as", COUNTER, str(tmp_path / "dossier.json"))
    [handoff] = running.cli("track", code, "--json")["handoffs"]
    assert handoff["state"] == STATE.READY.name
    running.cli("close", str(handoff["handoff_id"]), "--reason", "test")


def test_nobody_there_and_wrong_command_lines(running, tmp_path):
    scan(tmp_path / "scan.pdf")
    where = ("--blob-endpoint", f"tcp://127.0.0.1:{free_port()}", "--timeout", "1s")
    running.cli("upload", "--as", COUNTER, str(tmp_path / "scan.pdf"), *where, code=UNREACHABLE)
    running.cli("download", "--as", COUNTER, "0" * 64, "--to", str(tmp_path / "to"), *where, code=UNREACHABLE)
    dossier_file(running, tmp_path / "dossier.json", [{"file": "scan.pdf"}])
    running.cli("submit", "--as", COUNTER, str(tmp_path / "dossier.json"), *where, code=UNREACHABLE)
    for arguments in (["download", "--as", COUNTER, "0" * 64], ["download", "--as", COUNTER, "9f86", "--to", "x"],
                      ["upload", str(tmp_path / "scan.pdf")], ["upload", "--as", COUNTER]):
        assert running.cli(*arguments, code=USAGE).count("\n") == 1, "one sentence says what is wrong"
    assert not (tmp_path / "to").exists()

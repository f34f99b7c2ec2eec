"""The rules of attachments, kept and broken: what a transfer may do and when it is over, who may name and read.
Written from proto/README.md ("Attachments")."""
import os
import random
import signal
import threading

import lienthong_pb2 as pb
import pytest

from blobs import BlobLink, sha256_of
from gateway import COUNTER, POLICE, WARD, WARD_SENDS_ONLY, wait_for
from transfers import (PIECE, begin_upload, content_of, files, half_written, is_over, name, pieces_of, refusal_of,
                       wait_clean)
from wire import Refusal, Silence
from words import KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

SEED = int(os.environ.get("SEED", "20260303"))
WINDOW, GIB = 16, 1 << 30
FRAME_MAX = 66 << 10
SPOKEN_HERE = ("blob_put", "blob_get", "chunk", "blob_credit")
BLOB_MESSAGES = (*SPOKEN_HERE, "blob_found", "blob_stored")


def reload(gateway):
    ready = gateway.notify.heard("READY=1")
    gateway.broker.send_signal(signal.SIGHUP)
    wait_for(lambda: gateway.notify.heard("READY=1") > ready, 10, lambda: gateway.tail(gateway.broker_log))


@pytest.fixture(scope="module")
def links(running):
    """By agency; one connection each."""
    made = {}

    def link(code):
        if code not in made:
            made[code] = running.blob_link(code)
        return made[code]
    return link


# ---------------------------------------------------------------- chunks

def first(number, size):
    """The chunks of an upload that begins so."""
    return lambda pieces, credit: [(number, pieces[0][:size] if size <= PIECE else pieces[0] + b"x" * (size - PIECE))]


WRONG_CHUNKS = {
    "begins with the second": first(1, PIECE),
    "the first one twice": lambda pieces, credit: [(0, pieces[0]), (0, pieces[0])],
    "leaves one out": lambda pieces, credit: [(0, pieces[0]), (2, pieces[2])],
    "one byte short": first(0, PIECE - 1),
    "one byte long": first(0, PIECE + 1),
    "nothing in it": first(0, 0),
    "the last one short": lambda pieces, credit: [*enumerate(pieces[:-1]), (len(pieces) - 1, pieces[-1][:-1])],
    "the last one long": lambda pieces, credit: [*enumerate(pieces[:-1]), (len(pieces) - 1, pieces[-1] + b"x")],
    "beyond the credit": lambda pieces, credit: [(credit.until, pieces[0])],
    "far beyond": lambda pieces, credit: [(2 ** 64 - 1, pieces[0])],
}


@pytest.mark.parametrize("wrong", WRONG_CHUNKS.values(), ids=[word.replace(" ", "-") for word in WRONG_CHUNKS])
def test_a_wrong_chunk_ends_its_transfer_and_no_other(running, links, wrong):
    """Another upload, on the same connection, goes on from where it was; the wrong one begins anew, as it was named."""
    link = links(COUNTER)
    good, bad = content_of(5 * PIECE + 1), content_of(4 * PIECE + 1000)
    going, _ = begin_upload(link, good)
    link.send_chunk(going, 0, pieces_of(good)[0])
    correlation, credit = begin_upload(link, bad)
    for number, piece in wrong(pieces_of(bad), credit):
        link.send_chunk(correlation, number, piece)
    assert refusal_of(link, correlation).type == PROBLEM.INVALID_FIELD
    link.send_chunk(correlation, 0, pieces_of(bad)[0])          # was under way, as it were
    is_over(link, correlation)
    for number, piece in enumerate(pieces_of(good)):
        if number:
            link.send_chunk(going, number, piece)
    assert link.next(going).sha256 == sha256_of(good)
    with pytest.raises(Refusal) as caught:
        link.get(sha256_of(bad))
    assert caught.value.type == PROBLEM.ATTACHMENT_MISSING
    wait_clean(running)
    link.send("blob_put", pb.BlobPut(sha256=sha256_of(bad), size=len(bad)), correlation)
    assert link.next(correlation).until
    for number, piece in enumerate(pieces_of(bad)):
        link.send_chunk(correlation, number, piece)
    assert link.next(correlation).sha256 == sha256_of(bad)
    assert link.get(sha256_of(bad)) == bad and link.get(sha256_of(good)) == good


def test_a_chunk_before_any_credit(running, links):
    link = links(COUNTER)
    content = content_of(100)
    correlation = link.begin_put(sha256_of(content), len(content))
    link.send_chunk(correlation, 0, content)
    try:
        said = link.next(correlation)               # the credit may have been given before the chunk was read
        assert said.until == 1 and link.next(correlation).sha256 == sha256_of(content)
    except Refusal as refused:
        assert refused.type == PROBLEM.INVALID_FIELD
        is_over(link, correlation)
    link.put(content)
    assert link.get(sha256_of(content)) == content
    wait_clean(running)


def test_a_chunk_of_no_transfer_is_nothing(links):
    link = links(COUNTER)
    link.send_chunk(777_777, 0, b"x" * PIECE)
    link.credit(777_778, 5)
    for correlation in (777_777, 777_778):
        is_over(link, correlation)


def test_credit_grows_and_never_beyond_the_end(links):
    """Chunks below `until` may be sent, all at once; there is never credit for what there is not."""
    link = links(COUNTER)
    content = content_of(100 * PIECE - 5)
    correlation, credit = begin_upload(link, content)
    sent, until, pieces = 0, credit.until, pieces_of(content)
    assert until < len(pieces)
    while True:
        while sent < until:
            link.send_chunk(correlation, sent, pieces[sent])
            sent += 1
        said = link.next(correlation)
        if isinstance(said, pb.BlobStored):
            break
        assert until < said.until <= len(pieces)
        until = said.until
    assert sent == until == len(pieces)
    assert (said.sha256, said.size, said.duplicate) == (sha256_of(content), len(content), False)
    assert said.commit_seq


def test_credit_of_an_uploader_is_refused(running, links):
    link = links(COUNTER)
    correlation, _ = begin_upload(link, content_of(2 * PIECE))
    link.credit(correlation, 5)
    assert refusal_of(link, correlation).type == PROBLEM.WRONG_STATE
    is_over(link, correlation)
    wait_clean(running)


@pytest.mark.parametrize("size", [3, 3 * PIECE])
def test_content_with_another_hash_is_refused_and_gone(running, links, size):
    link = links(COUNTER)
    content, other = content_of(size), content_of(size)
    before = files(running)
    correlation, _ = begin_upload(link, content)
    for number, piece in enumerate(pieces_of(other)):
        link.send_chunk(correlation, number, piece)
    refused = refusal_of(link, correlation)
    assert (refused.type, refused.field) == (PROBLEM.INVALID_FIELD, "sha256")
    wait_clean(running)
    assert files(running) == before
    for each in (content, other):
        with pytest.raises(Refusal) as caught:
            link.get(sha256_of(each))
        assert caught.value.type == PROBLEM.ATTACHMENT_MISSING
    assert not link.put(content).duplicate


@pytest.mark.parametrize("size, problem", [(0, PROBLEM.INVALID_FIELD), (GIB + 1, PROBLEM.TOO_LARGE),
                                           (2 ** 63, PROBLEM.TOO_LARGE), (2 ** 64 - 1, PROBLEM.TOO_LARGE)])
def test_nothing_and_more_than_a_gibibyte(links, size, problem):
    link = links(COUNTER)
    refused = refusal_of(link, link.begin_put(os.urandom(32), size))
    assert (refused.type, refused.field) == (problem, "size")


def test_a_gibibyte_may_begin(running, links):
    link = links(COUNTER)
    correlation = link.begin_put(os.urandom(32), GIB)
    try:
        assert link.next(correlation).until
    except Refusal as refused:
        assert refused.type == PROBLEM.FULL, "only for want of room"
    else:
        link.send_chunk(correlation, 99, b"")
        refusal_of(link, correlation)
    wait_clean(running)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_has_32_bytes(links, length):
    link = links(COUNTER)
    for correlation in (link.begin_put(os.urandom(length), 5), link.begin_get(os.urandom(length))):
        refused = refusal_of(link, correlation)
        assert (refused.type, refused.field) == (PROBLEM.INVALID_FIELD, "sha256")


def test_one_hash_has_one_size(links):
    """Whether this agency has it or another one: what is there is not made longer or shorter by who comes later."""
    content = content_of(1000)
    links(COUNTER).put(content)
    refused = refusal_of(links(COUNTER), links(COUNTER).begin_put(sha256_of(content), 999))
    assert (refused.type, refused.field) == (PROBLEM.INVALID_FIELD, "size")
    link = links(WARD)
    correlation = link.begin_put(sha256_of(content), 999)
    assert link.next(correlation).until, "nothing is said about what another has"
    link.send_chunk(correlation, 0, content[:999])
    assert refusal_of(link, correlation).type == PROBLEM.INVALID_FIELD
    assert links(COUNTER).get(sha256_of(content)) == content


# ---------------------------------------------------------------- correlations and nonsense

def test_the_same_correlation_twice_ends_the_transfer(running, links):
    link = links(COUNTER)
    content = content_of(3 * PIECE)
    links(COUNTER).put(there := content_of(40 * PIECE))
    for second in (("blob_put", pb.BlobPut(sha256=os.urandom(32), size=5)),
                   ("blob_get", pb.BlobGet(sha256=sha256_of(there), until=1))):
        correlation, _ = begin_upload(link, content)
        link.send_chunk(correlation, 0, pieces_of(content)[0])
        link.send(*second, correlation)
        assert refusal_of(link, correlation).type == PROBLEM.WRONG_STATE
        is_over(link, correlation)
        correlation = link.begin_get(sha256_of(there), 0, 2)
        link.send(*second, correlation)
        assert refusal_of(link, correlation).type == PROBLEM.WRONG_STATE
        is_over(link, correlation)
    wait_clean(running)


def test_another_connection_may_use_the_same_number(running):
    one, other = running.blob_link(COUNTER), running.blob_link(COUNTER)
    first_content, second_content = content_of(PIECE + 1), content_of(PIECE + 1)
    correlation, _ = begin_upload(one, first_content)
    same, _ = begin_upload(other, second_content)
    assert same == correlation
    for number in range(2):
        for link, content in ((one, first_content), (other, second_content)):
            link.send_chunk(correlation, number, pieces_of(content)[number])
    assert one.next(correlation).sha256 == sha256_of(first_content)
    assert other.next(correlation).sha256 == sha256_of(second_content)


def test_correlation_0_is_refused(links):
    link = links(COUNTER)
    for message in (("blob_put", pb.BlobPut(sha256=os.urandom(32), size=5)),
                    ("blob_get", pb.BlobGet(sha256=os.urandom(32), until=5)),
                    ("chunk", pb.Chunk(number=0, bytes=b"x")), ("blob_credit", pb.BlobCredit(until=1))):
        link.send(*message, 0)
        refused = refusal_of(link, 0)
        assert (refused.type, refused.field) == (PROBLEM.INVALID_FIELD, "correlation")


def bodies():
    """Every message there is, empty."""
    envelope = pb.Envelope.DESCRIPTOR
    return [(field.name, getattr(pb, field.message_type.name)()) for field in envelope.oneofs_by_name["body"].fields]


def test_foreign_messages_are_refused_on_the_socket_for_blobs(running, links):
    """Each is answered; one that bears the number of a transfer ends it, whatever it is."""
    link = links(COUNTER)
    foreign = [(word, message) for word, message in bodies() if word not in SPOKEN_HERE]
    assert {"hello", "submit", "ping", "blob_found", "blob_stored", "admin"} <= {word for word, _ in foreign}
    for word, message in foreign:
        assert refusal_of(link, link.begin(word, message)).type == PROBLEM.MALFORMED, word
    correlation, _ = begin_upload(link, content_of(3 * PIECE))
    link.send("ping", pb.Ping(stamp_ms=1), correlation)
    assert refusal_of(link, correlation).type == PROBLEM.MALFORMED
    is_over(link, correlation)
    wait_clean(running)
    link.send_raw(b"\x01" + pb.Envelope(correlation=5_000_000).SerializeToString())
    assert refusal_of(link, 5_000_000).type == PROBLEM.MALFORMED, "nothing in it"


def test_messages_about_blobs_are_refused_on_the_ordinary_socket(running):
    link = running.link(COUNTER)
    for word, message in bodies():
        if word in BLOB_MESSAGES:
            with pytest.raises(Refusal) as caught:
                link.ask(word, message)
            assert caught.value.type == PROBLEM.MALFORMED, word
    with pytest.raises(Refusal) as caught:
        link.ask("blob_put", pb.BlobPut(sha256=os.urandom(32), size=5))
    assert caught.value.type == PROBLEM.MALFORMED
    assert link.submit(recipient=POLICE, dossier_code=running.dossier(), kind=KIND.FORWARD).state == STATE.READY
    with pytest.raises(Refusal) as caught:
        running.link(WARD, hello=False).ask("chunk", pb.Chunk(number=0, bytes=b"x" * 100))
    assert caught.value.type in (PROBLEM.MALFORMED, PROBLEM.NO_HELLO)


def test_random_bytes_on_the_socket_for_blobs(running):
    """Random ones, cut and changed good ones, several parts, other versions. A transfer of another connection goes on
    all the while; afterwards a good one on this one works."""
    dice = random.Random(SEED)
    link, other = running.blob_link(COUNTER), running.blob_link(WARD)
    content = content_of(300 * PIECE)
    going, credit = begin_upload(other, content)
    sent, until = 0, credit.until
    good = b"\x01" + pb.Envelope(correlation=9, chunk=pb.Chunk(number=1, bytes=b"x" * 300)).SerializeToString()
    for number in range(300):
        kind = number % 6
        frame = dice.randbytes(dice.randrange(0, 2000 if number % 10 else FRAME_MAX))
        if kind == 1:
            frame = good[:dice.randrange(len(good))]
        elif kind == 2:
            frame = bytearray(good)
            frame[dice.randrange(len(good))] ^= 1 << dice.randrange(8)
        elif kind == 3:
            frame = bytes([dice.randrange(2, 256)]) + good[1:]
        if kind == 4:
            link.send_raw(good, b"and another part")
        else:
            link.send_raw(bytes(frame))
        if sent == until:
            until = other.next(going).until
        other.send_chunk(going, sent, content[sent * PIECE:(sent + 1) * PIECE])
        sent += 1
    said = other.next(going)
    while isinstance(said, pb.BlobCredit):
        said = other.next(going)
    assert said.sha256 == sha256_of(content)
    refused = 0
    while (envelope := link.receive(0.2)) is not None:
        assert envelope.WhichOneof("body") == "refused"
        refused += 1
    assert refused > 100
    assert not link.put(content_of(100)).duplicate
    wait_clean(running)


def test_a_frame_over_66_kib_loses_its_connection_only(running, links):
    link = running.blob_link(WARD_SENDS_ONLY)                   # what was cut off has its places for a minute
    content = content_of(3 * PIECE)
    going, _ = begin_upload(links(WARD), content)
    correlation, _ = begin_upload(link, content_of(3 * PIECE))
    link.send_raw(b"\x01" + os.urandom(FRAME_MAX))
    for number, piece in enumerate(pieces_of(content)):
        links(WARD).send_chunk(going, number, piece)
    assert links(WARD).next(going).size == len(content)
    link.send_chunk(correlation, 0, b"")                        # on a connection that the transfer does not know
    with pytest.raises(Silence):
        link.next(correlation, 0.3)
    assert not running.blob_link(WARD_SENDS_ONLY).put(content_of(100)).duplicate


# ---------------------------------------------------------------- how many

def test_too_many_transfers_of_one_key(gateway):
    """Four of one key, whatever they are and over whatever connection; another key has its own four."""
    gateway.start_broker()
    links = [gateway.blob_link(COUNTER) for _ in range(3)]
    large = content_of(64 * PIECE)
    links[0].put(large)
    ward = gateway.blob_link(WARD)
    going = [(links[0], begin_upload(links[0], content_of(3 * PIECE))[0]),
             (links[0], begin_upload(links[0], content_of(3 * PIECE))[0]),
             (links[1], links[1].begin_get(sha256_of(large), 0, 2)), (links[1], begin_upload(links[1], large[1:])[0])]
    assert links[1].next(going[2][1]).size == len(large)
    for link in links:
        for correlation in (link.begin_put(os.urandom(32), 10), link.begin_get(sha256_of(large))):
            refused = refusal_of(link, correlation)
            assert refused.type == PROBLEM.BUSY and refused.retry_after_ms > 0
    for _ in range(4):
        begin_upload(ward, content_of(2 * PIECE))
    assert refusal_of(ward, ward.begin_put(os.urandom(32), 10)).type == PROBLEM.BUSY
    for link, correlation in going:
        link.send_chunk(correlation, 9999, b"")                 # one ends, another may begin
        refusal_of(link, correlation)
        again = links[2].begin_get(sha256_of(large), 0, 1)
        assert links[2].next(again).size == len(large)


# ---------------------------------------------------------------- who may

def test_who_was_not_given_it_can_neither_read_nor_name_it(gateway):
    """Before DELIVER it is missing for its recipient, and for everybody else for ever; the answer is the same as for
    what is not there at all. Afterwards the recipient may read it, and name it."""
    gateway.start_broker()
    content = content_of(3 * PIECE + 10)
    gateway.blob_link(COUNTER).put(content)
    gateway.blob_link(COUNTER).put(second := content_of(10))
    police, ward = gateway.blob_link(POLICE), gateway.blob_link(WARD)
    name(gateway.link(COUNTER), gateway, content, second, recipient=POLICE)
    not_there = refusal_of(ward, ward.begin_get(os.urandom(32)))
    for link in (police, ward):
        refused = refusal_of(link, link.begin_get(sha256_of(content)))
        assert (refused.type, refused.field, refused.sentence_en) == (not_there.type, not_there.field,
                                                                      not_there.sentence_en)
        assert refused.type == PROBLEM.ATTACHMENT_MISSING
    with pytest.raises(Refusal) as caught:
        name(gateway.link(WARD), gateway, content, recipient=POLICE)
    assert (caught.value.type, caught.value.field) == (PROBLEM.ATTACHMENT_MISSING, "header.attachments[0]")
    receiver = gateway.link(POLICE, SENDER | RECEIVER, kinds=list(KIND), credit=1)
    delivered = receiver.deliver()
    for each in (content, second):
        assert police.get(sha256_of(each)) == each
    assert refusal_of(ward, ward.begin_get(sha256_of(content))).type == PROBLEM.ATTACHMENT_MISSING
    receiver.outcome(delivered, VERDICT.DELIVERED)
    assert police.get(sha256_of(content)) == content
    on = receiver.submit(recipient=COUNTER, dossier_code=pb.Header.FromString(delivered.header).dossier_code,
                         kind=KIND.RESULT, parent=delivered.handoff_id,
                         attachments=[pb.Attachment(sha256=sha256_of(content), size=len(content), name="back.pdf")])
    assert on.state == STATE.READY
    assert police.put(content).duplicate, "it has it already"


def test_content_that_another_has_is_uploaded_and_stored_once(gateway):
    """Knowing the hash is not having the content: the second one is asked for all of it, too."""
    gateway.start_broker()
    content = content_of(20 * PIECE)
    gateway.blob_link(COUNTER).put(content)
    before = files(gateway)
    assert len(before) == 1 and sha256_of(content).hex() in before[0]
    ward = gateway.blob_link(WARD)
    with pytest.raises(Refusal):
        name(gateway.link(WARD), gateway, content)
    correlation, credit = begin_upload(ward, content)
    assert credit.until == WINDOW
    ward.send_chunk(correlation, 17, b"")
    refusal_of(ward, correlation)
    with pytest.raises(Refusal):
        name(gateway.link(WARD), gateway, content)
    assert not ward.put(content).duplicate
    assert files(gateway) == before and not half_written(gateway)
    assert name(gateway.link(WARD), gateway, content).state == STATE.READY
    assert ward.get(sha256_of(content)) == content and ward.put(content).duplicate
    assert gateway.blob_link(COUNTER).get(sha256_of(content)) == content


def test_the_same_content_at_the_same_time_is_stored_once(gateway):
    """Two connections of one agency and two other agencies bring the last chunk of the same content at once."""
    gateway.start_broker()
    content = content_of(3 * PIECE)
    going = []
    for code in (COUNTER, COUNTER, WARD, WARD_SENDS_ONLY):
        link = gateway.blob_link(code)
        going.append((link, begin_upload(link, content)[0]))
    for number, piece in enumerate(pieces_of(content)):
        for link, correlation in going:
            link.send_chunk(correlation, number, piece)
    for link, correlation in going:
        assert link.next(correlation).sha256 == sha256_of(content)
    wait_for(lambda: len(files(gateway)) == 1, 5, lambda: files(gateway))
    for link, _ in going:
        assert link.get(sha256_of(content)) == content
    gateway.kill_broker()
    gateway.start_broker()
    assert gateway.blob_link(WARD).get(sha256_of(content)) == content


def test_who_spoils_his_upload_at_its_end_leaves_no_file(gateway):
    """Behind the last chunk comes one more: the transfer is over, but its file has its name already. Whether the
    content is on record or not, at the end there is one file of it or none, without a restart."""
    gateway.start_broker()
    content = content_of(2 * PIECE)
    link = gateway.blob_link(COUNTER)
    going = [begin_upload(link, content)[0] for _ in range(4)]
    for correlation in going:
        for number, piece in enumerate(pieces_of(content)):
            link.send_chunk(correlation, number, piece)
        link.send_chunk(correlation, 2, b"one more")
    for correlation in going:
        try:
            assert link.next(correlation).sha256 == sha256_of(content)
        except Refusal as refused:
            assert refused.type == PROBLEM.INVALID_FIELD
    wait_for(lambda: len(files(gateway)) <= 1, 10, lambda: f"{files(gateway)}")
    assert not half_written(gateway)


# ---------------------------------------------------------------- keys that go

def keys_of(code, roles="[sender, receiver]"):
    return f"keys: [{{ public_key_file: ../keys/{code}.public, roles: {roles} }}]"


def test_a_key_that_is_revoked_ends_its_transfers(gateway):
    """An upload and a download, both in the middle and both silent, within a few seconds; and no other begins."""
    gateway.start_broker()
    link, counter = gateway.blob_link(WARD), gateway.blob_link(COUNTER)
    link.put(there := content_of(64 * PIECE))
    upload, _ = begin_upload(link, content_of(64 * PIECE))
    link.send_chunk(upload, 0, b"x" * PIECE)
    download = link.begin_get(sha256_of(there), 0, 2)
    assert link.next(download).size == len(there)
    other, _ = begin_upload(counter, content := content_of(3 * PIECE))
    gateway.replace("directory/agencies.yaml", keys_of(WARD), "keys: []")
    reload(gateway)
    for correlation in (upload, download):
        with pytest.raises(Refusal) as caught:
            while True:
                link.next(correlation, 5)
        assert caught.value.type == PROBLEM.NOT_ALLOWED
    wait_for(lambda: len(half_written(gateway)) == 1, 5, lambda: half_written(gateway))
    for correlation in (link.begin_put(os.urandom(32), 10), link.begin_get(sha256_of(there))):
        assert refusal_of(link, correlation).type == PROBLEM.NOT_ALLOWED
    link.send_chunk(upload, 1, b"x" * PIECE)
    link.credit(download, 60)
    for correlation in (upload, download):
        with pytest.raises(Silence):
            link.next(correlation, 0.2)
    with pytest.raises(Silence):
        gateway.blob_link(WARD).get(sha256_of(there), seconds=1.5)
    for number, piece in enumerate(pieces_of(content)):
        counter.send_chunk(other, number, piece)
    assert counter.next(other).size == len(content)


def test_a_key_that_may_not_send_may_not_upload(gateway):
    """It may read what its agency has."""
    gateway.start_broker()
    link = gateway.blob_link(WARD)
    link.put(content := content_of(100))
    gateway.replace("directory/agencies.yaml", keys_of(WARD), keys_of(WARD, "[receiver]"))
    reload(gateway)
    assert refusal_of(link, link.begin_put(os.urandom(32), 10)).type == PROBLEM.NOT_ALLOWED
    assert link.get(sha256_of(content)) == content


# ---------------------------------------------------------------- downloads

def test_a_download_from_the_middle(links):
    link = links(COUNTER)
    content = content_of(40 * PIECE + 123)
    link.put(content)
    for number in (1, 7, 39, 40):
        assert link.get(sha256_of(content), number) == content[number * PIECE:]
        assert link.get(sha256_of(content), number, window=1) == content[number * PIECE:]


@pytest.mark.parametrize("begin", [41, 42, 1 << 20, 2 ** 64 - 1])
def test_a_download_from_beyond_the_end_is_over_at_once(links, begin):
    link = links(COUNTER)
    link.put(content := content_of(40 * PIECE + 123))
    correlations = [link.begin_get(sha256_of(content), begin, 2 ** 64 - 1) for _ in range(4)]
    for correlation in correlations:
        assert link.next(correlation).size == len(content)
        is_over(link, correlation)
    assert link.get(sha256_of(content), 40) == content[40 * PIECE:]


def chunks_that_come(link, correlation):
    """All that are under way; a question behind them is answered behind them."""
    numbers = []
    with pytest.raises(Silence):
        while True:
            numbers.append(link.next(correlation, 0.3).number)
    return numbers


def test_never_a_chunk_without_credit_and_none_after_credit_0(running, links):
    link = links(COUNTER)
    link.put(content := content_of(64 * PIECE))
    correlations = []
    for _ in range(8):                                          # each gives its place back: there are four
        correlation = link.begin_get(sha256_of(content), 5, 5)
        assert link.next(correlation).chunk_bytes == PIECE
        assert not chunks_that_come(link, correlation) if not correlations else True
        link.credit(correlation, 9)
        assert [link.next(correlation).number for _ in range(4)] == [5, 6, 7, 8]
        link.credit(correlation, 0)
        link.credit(correlation, 60)
        correlations.append(correlation)
    for correlation in correlations:
        is_over(link, correlation)
    correlation = link.begin_get(sha256_of(content), 0, 0)
    assert link.next(correlation).size == len(content)
    assert not chunks_that_come(link, correlation)
    link.credit(correlation, 2 ** 64 - 1)
    for number in range(64):
        chunk = link.next(correlation)
        assert (chunk.number, chunk.bytes) == (number, content[number * PIECE:(number + 1) * PIECE])
    link.credit(correlation, 0)                                 # it was over before
    is_over(link, correlation)


def test_what_is_being_read_can_be_read_by_many(running):
    content = content_of(200 * PIECE + 1)
    running.blob_link(COUNTER).put(content)
    told = []

    def read():
        with BlobLink(running.blob_endpoint, running.path("keys/gateway.public"),
                      running.path(f"keys/{COUNTER}.secret")) as link:
            told.append(link.get(sha256_of(content)) == content)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told == [True] * 4

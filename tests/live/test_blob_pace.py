"""Transfers of attachments while somebody asks for other things one by one: they keep a pace then, and at that pace
each has its turn, whichever way it goes and whatever the others do. Written from proto/README.md ("Attachments")."""
import contextlib
import os
import threading

import lienthong_pb2 as pb

from blobs import sha256_of
from gateway import COUNTER, POLICE, WARD, wait_for
from transfers import PIECE, Uploader, content_of, half_written
from wire import Silence

WAITER_ASKS_EACH_S = 0.05


@contextlib.contextmanager
def somebody_who_waits(gateway):
    end, link = threading.Event(), gateway.link(POLICE)

    def ask():
        with contextlib.suppress(Silence):      # the broker may be killed
            while not end.wait(WAITER_ASKS_EACH_S):
                link.cursor("pace")
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(10)
        assert not thread.is_alive()


def pieces_written(gateway):
    """Of uploads under way."""
    folder = gateway.path("store/blobs/new")
    return sum(os.stat(os.path.join(folder, name)).st_size for name in half_written(gateway)) // PIECE


def test_uploads_without_a_pause_do_not_keep_downloads_waiting(gateway):
    gateway.start_broker()
    reader = gateway.blob_link(COUNTER)
    reader.put(wanted := content_of(32 * PIECE))
    with somebody_who_waits(gateway):
        uploaders = [Uploader(gateway, WARD, [2048 * PIECE]) for _ in range(2)]
        for uploader in uploaders:
            uploader.start()
        wait_for(lambda: pieces_written(gateway) > 100, 20, "they have begun")
        before = pieces_written(gateway)
        assert reader.get(sha256_of(wanted)) == wanted
        meanwhile = pieces_written(gateway) - before
        for uploader in uploaders:
            uploader.end.set()
        gateway.kill_broker()                   # nothing more of them is wanted
        for uploader in uploaders:
            uploader.join(60)
            assert not uploader.is_alive() and not uploader.trouble
    assert meanwhile < 4 * 32, f"{meanwhile} of theirs while the reader had 32"


def test_who_asks_for_one_piece_at_a_time_does_not_keep_others_waiting(gateway):
    """He is the first, and asks again as soon as he has it."""
    gateway.start_broker()
    greedy, other = gateway.blob_link(COUNTER), gateway.blob_link(COUNTER)
    other.put(long := content_of(400 * PIECE))
    other.put(wanted := content_of(32 * PIECE))
    got, end = [0], threading.Event()

    def ask_one_by_one():
        correlation = greedy.begin_get(sha256_of(long), 0, 1)
        assert isinstance(greedy.next(correlation), pb.BlobFound)
        while not end.is_set() and got[0] < 400:
            with contextlib.suppress(Silence):
                assert greedy.next(correlation, 1).number == got[0]
                got[0] += 1
                greedy.credit(correlation, got[0] + 1)
    thread = threading.Thread(target=ask_one_by_one)
    with somebody_who_waits(gateway):
        thread.start()
        wait_for(lambda: got[0] > 50, 10, "it has begun")
        before = got[0]
        assert other.get(sha256_of(wanted)) == wanted
        meanwhile = got[0] - before
        end.set()
        thread.join(10)
    assert not thread.is_alive() and meanwhile < 2 * 32 + 16, f"{meanwhile} for him while the other had 32"

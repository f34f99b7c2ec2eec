"""What the tests of attachments share: transfers by hand, and what lies in store/blobs."""
import contextlib
import glob
import os
import threading

import lienthong_pb2 as pb
import pytest

from blobs import sha256_of
from gateway import TAX, wait_for
from wire import Refusal, Silence
from words import KIND

PIECE, MIB = 64 << 10, 1 << 20


def files(gateway):
    """The stored ones, by their place below store/blobs."""
    root = gateway.path("store/blobs")
    return sorted(os.path.relpath(path, root) for path in glob.glob(f"{root}/[0-9a-f][0-9a-f]/*"))


def half_written(gateway):
    return os.listdir(gateway.path("store/blobs/new"))


def wait_clean(gateway):
    wait_for(lambda: not half_written(gateway), 5, lambda: half_written(gateway))


def content_of(size):
    """That no other test has."""
    return os.urandom(size)


def pieces_of(content):
    return [content[at:at + PIECE] for at in range(0, len(content), PIECE)]


def begin_upload(link, content):
    """Until the first credit has come."""
    correlation = link.begin_put(sha256_of(content), len(content))
    credit = link.next(correlation)
    assert isinstance(credit, pb.BlobCredit) and credit.chunk_bytes == PIECE and credit.until
    return correlation, credit


def refusal_of(link, correlation, seconds=10):
    with pytest.raises(Refusal) as caught:
        while True:             # credit may have come before
            link.next(correlation, seconds)
    assert caught.value.sentence_vi and caught.value.sentence_en
    assert caught.value.uri.startswith("urn:lienthong:problem:")
    return caught.value


def is_over(link, correlation):
    """Nothing more comes of it; whatever was on the way has been answered before what is asked now."""
    with pytest.raises(Refusal):
        link.next(link.begin_get(os.urandom(32)))
    with pytest.raises(Silence):
        link.next(correlation, 0.05)


def name(link, gateway, *contents, recipient=TAX, **fields):
    """SUBMIT of a handoff with these as its attachments."""
    attachments = [pb.Attachment(sha256=sha256_of(content), size=len(content), name=f"{number}.pdf",
                                 media_type="application/pdf") for number, content in enumerate(contents)]
    return link.submit(recipient=recipient, dossier_code=gateway.dossier(), procedure_code="1.000894",
                       kind=KIND.FORWARD, attachments=attachments, **fields)


def change(path, how):
    """A file gets what `how` makes of its bytes; None: it goes."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data = how(data)
    if data is None:
        os.unlink(path)
        return
    with open(path, "wb") as file:
        file.write(data)


def flip(at):
    """The byte there is another one."""
    def _flip(data):
        data[at] ^= 1
        return data
    return _flip


class Uploader(threading.Thread):
    """Uploads one after the other until it is told to end, or the broker was killed; knows what was said: the contents
    begun, and of those stored the answer, too. Its link ends with it: an open one would send what waits in it to the
    next broker."""

    def __init__(self, gateway, code, sizes):
        super().__init__()
        self.link, self.sizes, self.end = gateway.blob_link(code), sizes, threading.Event()
        self.begun, self.stored, self.trouble = [], [], None

    def run(self):
        try:
            for size in self.sizes:
                self.begun.append(content_of(size))
                correlation, pieces = self.link.begin_put(sha256_of(self.begun[-1]), size), pieces_of(self.begun[-1])
                while not isinstance(said := self.answer(correlation), pb.BlobStored):
                    if said is None:
                        return
                    for number, piece in enumerate(pieces):
                        self.link.send_chunk(correlation, number, piece)
                self.stored.append((self.begun[-1], said))
        except Exception as trouble:                # told by the test's own thread
            self.trouble = trouble
        finally:
            self.link.close()

    def answer(self, correlation):
        """None: it was killed."""
        while not self.end.is_set():
            with contextlib.suppress(Silence):
                return self.link.next(correlation, 0.1)
        return None

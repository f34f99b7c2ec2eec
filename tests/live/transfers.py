"""What the tests of attachments share: transfers by hand, and what lies in store/blobs."""
import glob
import os

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

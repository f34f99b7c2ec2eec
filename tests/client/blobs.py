"""Attachments: blobs uploaded to the gateway and fetched from it, on its socket for them. Written from proto/README.md
("Attachments") alone. Needs what wire.py needs.

    blobs = BlobLink("tcp://127.0.0.1:7412", "keys/gateway.public", "keys/H29.07.00.secret")
    stored = blobs.put(b"content")          # or the path of a file
    blobs.get(stored.sha256)

There is no HELLO. What breaks the rules is said with begin(), send() and send_raw() and heard with next(), receive().
"""
import hashlib
import io
import os

import lienthong_pb2 as pb

from wire import ANSWER_SECONDS, Link, Refusal, Silence

PIECE = 64 << 10
WINDOW = 16


class Nonsense(Exception):
    """What came is not what the page allows."""


def sha256_of(content):
    return hashlib.sha256(content).digest()


class BlobLink:
    """One DEALER with one key; transfers one after the other, each with a correlation of its own."""

    def __init__(self, endpoint, gateway_public, secret, rcvhwm=0):
        self.link = Link(endpoint, gateway_public, secret, rcvhwm)

    def close(self):
        self.link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- frames

    def begin(self, name, message):
        """The first frame of a transfer; gives its correlation."""
        return self.link.put(name, message)

    def send(self, name, message, correlation):
        self.link.send(name, message, correlation)

    def send_raw(self, *parts):
        self.link.send_raw(*parts)

    def receive(self, seconds=ANSWER_SECONDS):
        """The next envelope of whatever transfer, or None."""
        return self.link.receive(seconds)

    def next(self, correlation, seconds=ANSWER_SECONDS):
        """The next message of this transfer; a REFUSED is raised, as is silence."""
        return self.link.answer_to(correlation, seconds)

    # ---- uploading

    def begin_put(self, sha256, size):
        return self.begin("blob_put", pb.BlobPut(sha256=sha256, size=size))

    def send_chunk(self, correlation, number, content):
        self.send("chunk", pb.Chunk(number=number, bytes=content), correlation)

    def put(self, content, seconds=ANSWER_SECONDS):
        """Bytes, or the path of a file; gives BlobStored."""
        if isinstance(content, bytes):
            return self._put(io.BytesIO(content), sha256_of(content), len(content), seconds)
        with open(content, "rb") as file:
            digest = hashlib.sha256()
            while piece := file.read(PIECE):
                digest.update(piece)
            return self._put(file, digest.digest(), os.fstat(file.fileno()).st_size, seconds)

    def _put(self, file, sha256, size, seconds):
        correlation, sent, chunk_bytes = self.begin_put(sha256, size), 0, 0
        while True:
            said = self.next(correlation, seconds)
            if isinstance(said, pb.BlobStored):
                if (said.sha256, said.size) != (sha256, size):
                    raise Nonsense(f"stored something else: {said}")
                return said
            if not isinstance(said, pb.BlobCredit) or not said.chunk_bytes or chunk_bytes not in (0, said.chunk_bytes):
                raise Nonsense(f"no credit: {said}")
            chunk_bytes = said.chunk_bytes
            while sent < said.until and sent * chunk_bytes < size:
                file.seek(sent * chunk_bytes)
                self.send_chunk(correlation, sent, file.read(chunk_bytes))
                sent += 1

    # ---- downloading

    def begin_get(self, sha256, from_chunk=0, until=WINDOW):
        # `from` is a word of Python's.
        return self.begin("blob_get", pb.BlobGet(sha256=sha256, until=until, **{"from": from_chunk}))

    def credit(self, correlation, until):
        """0 ends the transfer."""
        self.send("blob_credit", pb.BlobCredit(until=until), correlation)

    def get(self, sha256, from_chunk=0, window=WINDOW, seconds=ANSWER_SECONDS):
        """The content from that chunk on; from 0 on its hash is checked."""
        correlation, until = self.begin_get(sha256, from_chunk, from_chunk + window), from_chunk + window
        found = self.next(correlation, seconds)
        if not isinstance(found, pb.BlobFound) or not found.size or not found.chunk_bytes:
            raise Nonsense(f"not found and not refused: {found}")
        content, number = bytearray(), from_chunk
        while number * found.chunk_bytes < found.size:
            chunk = self.next(correlation, seconds)
            wanted = min(found.chunk_bytes, found.size - number * found.chunk_bytes)
            if not isinstance(chunk, pb.Chunk) or chunk.number != number or len(chunk.bytes) != wanted:
                raise Nonsense(f"not chunk {number} of {wanted} bytes: {str(chunk)[:80]}")
            if number >= until:
                raise Nonsense(f"chunk {number} without credit")
            content += chunk.bytes
            number += 1
            if until - number <= window // 2 and until * found.chunk_bytes < found.size:
                until = number + window
                self.credit(correlation, until)
        if not from_chunk and sha256_of(content) != sha256:
            raise Nonsense("the content has another SHA-256")
        return bytes(content)


__all__ = ["BlobLink", "Nonsense", "Refusal", "Silence", "sha256_of"]

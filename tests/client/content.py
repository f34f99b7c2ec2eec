"""The content hash and message ids, from proto/README.md alone. `header` is a lienthong_pb2.Header."""
import hashlib
import os
import struct
import time


def _fold(domain, fields):
    """F(domain, fields...): number, size, bytes of each; field 0 is the domain."""
    digest = hashlib.sha256()
    for number, value in [(0, domain), *fields]:
        if isinstance(value, str):
            value = value.encode()
        elif isinstance(value, int):                # also bool
            value = struct.pack(">Q", value & 0xFFFFFFFFFFFFFFFF)
        digest.update(struct.pack(">II", number, len(value)) + value)
    return digest.digest()


def _list(number, elements):
    return [(number, len(elements)), *((number, element) for element in elements)]


def _facts(facts):
    money = [_fold("lienthong money v1", [(1, m.component), (2, m.owed), (3, m.paid)]) for m in facts.money]
    components = [_fold("lienthong component v1", [(1, c.code), (2, c.copies), (3, c.digitised), (4, c.reused),
                                                   (5, c.withdrawn)]) for c in facts.components]
    chosen = _list(20, list(facts.chosen_steps)) if facts.chosen_steps else []
    rating = [(21, _fold("lienthong rating v1", [(1, facts.rating.attitude), (2, facts.rating.cost),
                                                 (3, facts.rating.trips)]))] if facts.HasField("rating") else []
    return _fold("lienthong facts v1", [
        (1, facts.status), (2, facts.partner_status), (3, facts.channel), (4, facts.area_code),
        (5, facts.procedure_version), (6, facts.received_ms), (7, facts.due_ms), (8, facts.due_source),
        (9, facts.officer_from), (10, facts.officer_to), *_list(11, list(facts.aliases)), *_list(12, money),
        *_list(13, components), (14, facts.reason_code), (15, facts.answer_by_ms), *chosen,
        *rating])


def content_hash(header, payload=b""):
    after = [_fold("lienthong after v1", [(1, a.message_id), (2, a.until)]) for a in header.after]
    attachments = [_fold("lienthong attachment v1", [(1, a.sha256), (2, a.size), (3, a.name), (4, a.media_type),
                                                     (5, a.component)]) for a in header.attachments]
    return _fold("lienthong content v1", [
        (1, header.message_id), (2, header.sender), (3, header.recipient), (4, header.dossier_code),
        (5, header.procedure_code), (6, header.step), (7, header.kind), (9, header.sequence), *_list(10, after),
        (11, header.parent), (12, header.content_type), *_list(13, attachments), (16, _facts(header.facts)),
        (0xFFFFFFFF, payload)])


def uuid7(at_ms=None):
    """16 bytes: 48 bits of time, version 7, variant, the rest by chance."""
    at_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    value = bytearray(at_ms.to_bytes(6, "big") + os.urandom(10))
    value[6] = value[6] & 0x0F | 0x70
    value[8] = value[8] & 0x3F | 0x80
    return bytes(value)

#!/usr/bin/python3
"""A ward's civil-status office, as `lienthong receive --exec` runs it: once for each handoff, which comes as JSON on
standard input.

    ward.py BOOK OUTBOX

Writes what it received into its book (the lines of tests/agencies/book.py) and, for a FORWARD, a RESULT as a JSON file
into OUTBOX, where `lienthong submit --watch` finds it. A paper that cannot be read is asked for instead; the RESULT
follows when the supplement has come. Exit status 0: taken. 3: it was here before.
"""
import fcntl
import hashlib
import json
import os
import sys
import time


def invented(step, key):
    """No real number begins with 000."""
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    if step == "civil-status":
        return {"personal_identity_number": f"000{number % 10**9:09d}", "register_number": f"{number % 1000}/2023"}
    return {"extract_number": f"TLHT-{number % 10**6:06d}"}


# What the catalogue wants of a step's result, as codes.
HOLDS = {"civil-status": ["birth-certificate", "personal-identity-number"]}


def write_book(path, line):
    """True: new. Several of us may run at once."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with open(path, encoding="utf-8") as book:
        repeated = any(json.loads(each)["key"] == line["key"] for each in book)
    line.update(acted=not repeated, repeated=repeated)
    os.write(descriptor, json.dumps(line, ensure_ascii=False).encode() + b"\n")
    os.fsync(descriptor)
    os.close(descriptor)
    return not repeated


def read_book(path):
    with open(path, encoding="utf-8") as book:
        return [json.loads(each) for each in book]


def write_file(outbox, handoff_id, work):
    name = os.path.join(outbox, f"{handoff_id}.json")
    with open(f"{name}.part", "w", encoding="utf-8") as file:
        json.dump(work, file, ensure_ascii=False)
    os.rename(f"{name}.part", name)


def write_request(outbox, delivery, component):
    """As people write it: what is wrong, what is wanted. It names no recipient."""
    write_file(outbox, delivery["handoff_id"], {
        "dossier_code": delivery["dossier_code"], "kind": "SUPPLEMENT_REQUEST", "parent": delivery["handoff_id"],
        "items": [{"component": component, "wrong": "ảnh chụp mờ, không đọc được giờ sinh",
                   "wanted": "chụp lại trang có giờ sinh, đủ sáng, gửi qua điện thoại"}]})


def write_result(outbox, delivery, key):
    result = {"recipient": delivery["sender"], "dossier_code": delivery["dossier_code"], "kind": "RESULT",
              "procedure_code": delivery["procedure_code"], "step": delivery["step"], "parent": delivery["handoff_id"],
              "facts": {"status": 9, "components": [{"code": code} for code in HOLDS.get(delivery["step"], [])]},
              "payload": invented(delivery["step"], key)}
    write_file(outbox, delivery["handoff_id"], result)


def illegible(delivery):
    """The first of its papers that nobody can read."""
    papers = delivery["payload"].get("papers", {})
    return next((code for code, paper in papers.items() if not paper["legible"]), None)


def answer(book, outbox, delivery, key):
    if illegible(delivery):
        write_request(outbox, delivery, illegible(delivery))
    elif delivery["kind"] == "FORWARD":
        write_result(outbox, delivery, key)
    elif delivery["kind"] == "SUPPLEMENT":      # what it was missing for is in the book
        forward = next(each for each in read_book(book)
                       if each["dossier"] == delivery["dossier_code"] and each["kind"] == "FORWARD")
        write_result(outbox, forward["body"], forward["key"])


def main():
    book, outbox = sys.argv[1:]
    delivery = json.load(sys.stdin)
    key = delivery["idempotency_key"]
    new = write_book(book, {"at_ms": time.time_ns() // 1_000_000, "event": "request", "method": "EXEC",
                            "call": "create", "key": key, "dossier": delivery["dossier_code"],
                            "kind": delivery["kind"], "step": delivery["step"], "status": 0, "body": delivery})
    if new:
        answer(book, outbox, delivery, key)
    print("đã nhận / taken" if new else "đã có / here already")
    return 0 if new else 3


if __name__ == "__main__":
    sys.exit(main())

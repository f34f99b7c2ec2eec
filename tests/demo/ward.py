#!/usr/bin/python3
"""A ward's civil-status office, as `lienthong receive --exec` runs it: once for each handoff, which comes as JSON on
standard input.

    ward.py BOOK OUTBOX

Writes what it received into its book (the lines of tests/agencies/book.py) and, for a FORWARD, a RESULT as a JSON file
into OUTBOX, where `lienthong submit --watch` finds it. Exit status 0: taken. 3: it was here before.
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


def write_result(outbox, delivery, key):
    result = {"recipient": delivery["sender"], "dossier_code": delivery["dossier_code"], "kind": "RESULT",
              "procedure_code": delivery["procedure_code"], "step": delivery["step"], "parent": delivery["handoff_id"],
              "facts": {"status": 9}, "payload": invented(delivery["step"], key)}
    name = os.path.join(outbox, f"{delivery['handoff_id']}.json")
    with open(f"{name}.part", "w", encoding="utf-8") as file:
        json.dump(result, file, ensure_ascii=False)
    os.rename(f"{name}.part", name)


def main():
    book, outbox = sys.argv[1:]
    delivery = json.load(sys.stdin)
    key = delivery["idempotency_key"]
    new = write_book(book, {"at_ms": time.time_ns() // 1_000_000, "event": "request", "method": "EXEC",
                            "call": "create", "key": key, "dossier": delivery["dossier_code"],
                            "kind": delivery["kind"], "step": delivery["step"], "status": 0, "body": delivery})
    if new and delivery["kind"] == "FORWARD":
        write_result(outbox, delivery, key)
    print("đã nhận / taken" if new else "đã có / here already")
    return 0 if new else 3


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""One simulated agency: a real HTTP server with a book of its own, well-behaved or not. README.md says what it can do.

    agency.py --code G01.29.07 --book police.jsonl [--port 0] [--idempotent] [--results] [--rules '[{"do": "slow"}]']

Prints one line of JSON when it listens: {"code", "port", "control", "pid"}. `control` is a second port on which its
behaviour is changed; the first may be closed at will ("down"). SIGTERM ends it.
"""
import argparse
import email.utils
import hashlib
import http.server
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse

from book import Book

BODY_BYTES_MAX = 1 << 20
DOORS = ("open", "down", "slam")
WHAT = ("normal", "slow", "silent", "close", "act-close", "bad-data", "http", "prose", "html", "cut", "big")


def invented(step, key):
    """What an agency decides about a handoff; the same key gives the same. No real number begins with 000."""
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    if step == "civil-status":
        return {"personal_identity_number": f"000{number % 10**9:09d}", "register_number": f"{number % 1000}/2023"}
    if step == "residence":
        return {"residence_confirmation": f"CT07-{number % 10**6:06d}"}
    if step == "health-card":
        return {"health_card_number": f"TE0000{number % 10**9:09d}"}
    if step == "identity-card":
        return {"identity_card_number": f"000{number % 10**9:09d}"}
    return {"decision_number": f"QD-{number % 10**6:06d}"}


# What the catalogue wants of a step's result, as codes.
HOLDS = {"civil-status": ["birth-certificate", "personal-identity-number"], "residence": ["residence-registered"],
         "health-card": ["health-card"], "identity-card": ["identity-card"]}


class Agency:
    """What it is told to do, and what it did. The server's threads share it; the book's lock is its lock."""

    def __init__(self, options):
        self.code, self.idempotent, self.results = options.code, options.idempotent, options.results
        self.book = Book(options.book)
        self.rules = [self.checked(rule) for rule in json.loads(options.rules)]
        self.door, self.server, self.port = "down", None, options.port
        self.stopping = threading.Event()
        self.unfinished = []                    # lines taken under a rule with `unfinished`

    @staticmethod
    def checked(rule):
        if rule.get("do") not in WHAT:
            raise ValueError(f"'do' is one of {', '.join(WHAT)}")
        return dict(rule)

    # ---- the door

    def open(self, door):
        if door not in DOORS:
            raise ValueError(f"'door' is one of {', '.join(DOORS)}")
        if door in ("down", "slam") and self.server:        # kept-alive connections go too
            self.server.stop()
            self.server = None
        self.door = door
        if door != "down" and not self.server:
            self.server = Server(self)
            self.port = self.server.server_address[1]
            threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    # ---- deciding

    def rule_for(self, call, dossier, reused):
        """The first rule that fits, its count taken down. Under the book's lock."""
        for rule in self.rules:
            when = rule.get("when", {})
            if rule.get("times", 1) > 0 and when.get("call", "create") in (call, "*") \
                    and when.get("dossier", "") in dossier and when.get("reused", reused) == reused:
                if "times" in rule:
                    rule["times"] -= 1
                return rule
        return {"do": "normal"}

    def act(self, line, body):
        """Take it, once per key where this agency looks at keys. Gives the answer: status, body."""
        first = self.book.answers.get(line["key"])
        line["repeated"] = bool(first)
        if first and self.idempotent:
            return first["answer_status"], first["answer"]
        line["acted"] = True
        line["answer_status"] = 201
        line["answer"] = {"status": "received",
                          "ref": f"{self.code}/{hashlib.sha256(line['key'].encode()).hexdigest()[:8]}"}
        line["answer"]["dossier_code"] = line["dossier"]
        return line["answer_status"], line["answer"]

    def put_result(self, line):
        """An answer of the agency to what it took, for whoever pulls its outbox."""
        if not self.results or line["kind"] != "FORWARD" or not line.get("acted") or line["repeated"]:
            return
        with self.book.lock:
            seq = len(self.book.outbox) + 1
            item = {"seq": seq, "id": f"{self.code}-{seq}", "type": "RESULT", "idempotency_key": line["key"],
                    "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()), "dossier_code": line["dossier"],
                    "procedure_code": line.get("procedure"), "step": line["step"], "status": 9,
                    "components": HOLDS.get(line["step"], []),
                    "data": invented(line["step"], line["key"])}
            self.book.write({"event": "result", "seq": seq, "id": item["id"], "key": line["key"],
                             "dossier": line["dossier"], "item": item})

    def offer(self, item):
        """Something of its own for whoever pulls its outbox, in its own words."""
        with self.book.lock:
            seq = len(self.book.outbox) + 1
            item = {"id": f"{self.code}-{seq}", "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()), **item,
                    "seq": seq}
            self.book.write({"event": "result", "seq": seq, "id": item["id"], "key": item.get("idempotency_key", ""),
                             "dossier": item.get("dossier_code", ""), "item": item})

    def state(self):
        with self.book.lock:
            return {"code": self.code, "port": self.port, "door": self.door, "rules": self.rules,
                    "results": self.results, "idempotent": self.idempotent, "taken": len(self.book.answers),
                    "outbox": len(self.book.outbox)}

    def change(self, order):
        with self.book.lock:
            if "rules" in order:
                self.rules = [self.checked(rule) for rule in order["rules"]]
            for name in ("results", "idempotent"):
                if name in order:
                    setattr(self, name, bool(order[name]))
            unfinished = self.unfinished if order.get("finish") else []
            self.unfinished = [] if unfinished else self.unfinished
            if order.get("stop_waiting"):
                self.stopping.set()
                self.stopping = threading.Event()
        for line in unfinished:
            self.put_result(line)
        for item in order.get("offer", []):
            self.offer(item)
        if "door" in order:
            self.open(order["door"])
        return self.state()


class Server(http.server.ThreadingHTTPServer):
    """The agency's public side. Knows its open connections, so that going down takes them along."""
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 128

    def __init__(self, agency):
        self.agency, self.open_connections, self.count, self.at_once = agency, {}, 0, 0
        super().__init__(("127.0.0.1", agency.port), Handler)

    def process_request(self, request, client_address):
        if self.agency.door == "slam":
            self.shutdown_request(request)
            return
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.count += 1
        self.open_connections[request] = self.count
        super().process_request(request, client_address)

    def close_request(self, request):
        self.open_connections.pop(request, None)
        super().close_request(request)

    def handle_error(self, request, client_address):
        pass                                        # the other side went away: its business

    def stop(self):
        self.shutdown()
        self.server_close()
        for connection in list(self.open_connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "agency", ""
    requests_here = 0
    wbufsize = -1

    def log_message(self, *_):
        pass

    def answer(self, status, body, retry_after=None, content_type="application/json", cut=0, location=None):
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data) + cut))
        if retry_after is not None:
            self.send_header("Retry-After", self.retry_after(retry_after))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    @staticmethod
    def retry_after(value):
        """Seconds as they are; "date+5" is the HTTP date five seconds from now."""
        text = str(value)
        return email.utils.formatdate(time.time() + float(text[5:]), usegmt=True) if text.startswith("date+") else text

    def hang_up(self, reset=False):
        """No answer: the connection goes, with a reset if asked."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def wait(self, seconds):
        """As long as told, unless the caller goes away or waiting is called off. True: it ran its course."""
        end, stopping = time.monotonic() + seconds, self.server.agency.stopping
        while time.monotonic() < end:
            if stopping.wait(min(0.1, max(0.0, end - time.monotonic()))):
                return False
            if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(1, socket.MSG_PEEK):
                return False
        return True

    # ---- requests

    def do_POST(self):
        agency, size = self.server.agency, int(self.headers.get("Content-Length") or 0)
        if size > BODY_BYTES_MAX:
            self.answer(413, {"title": "too large"})
            return
        try:
            body = json.loads(self.rfile.read(size) or b"{}")
        except ValueError:
            body = {}
        key = (self.headers.get("Idempotency-Key") or "").strip().strip('"')
        line = {"event": "request", "method": "POST", "path": self.path, "call": "create", "key": key,
                "dossier": str(body.get("dossier_code", "")), "kind": body.get("kind"), "step": body.get("step"),
                "procedure": body.get("procedure_code"), "traceparent": self.headers.get("traceparent"),
                "acted": False, "repeated": False, "status": None, "body": body}
        with agency.book.lock:
            self.server.at_once += 1
            line["at_once"] = self.server.at_once
        try:
            self.carry_out(agency, line, body)
        finally:
            with agency.book.lock:
                self.server.at_once -= 1

    def carry_out(self, agency, line, body):
        reused = self.requests_here > 0
        self.requests_here += 1
        with agency.book.lock:
            rule = agency.rule_for("create", line["dossier"], reused)
            what = rule["do"]
            status, answer = rule.get("status", 200), rule.get("body", {})
            if what in ("normal", "slow", "act-close", "cut", "big") or rule.get("acts", what == "silent"):
                acted_status, acted_answer = agency.act(line, body)
                if what not in ("http", "prose", "html"):
                    status, answer = rule.get("status", acted_status), acted_answer
            elif what == "bad-data":
                status = rule.get("status", 422)
                answer = {"title": "dữ liệu không hợp lệ", "field": rule.get("field", "/payload")}
            elif what == "http":
                status = rule.get("status", 503)
            line.update(connection=self.server.open_connections.get(self.connection), reused=reused, rule=what,
                        status=None if what in ("silent", "close", "act-close") else status)
            agency.book.write(line)
            if rule.get("unfinished"):
                agency.unfinished.append(line)
        if not rule.get("unfinished"):
            agency.put_result(line)
        self.reply(rule, what, status, answer)

    def reply(self, rule, what, status, answer):
        if what == "silent":
            self.wait(rule.get("seconds", 3600))
            self.hang_up()
        elif what in ("close", "act-close"):
            self.hang_up(rule.get("reset", False))
        elif what == "html":
            self.answer(status, "<html><body>Bảo trì hệ thống</body></html>".encode(), content_type="text/html")
        elif what == "cut":
            self.answer(status, json.dumps(answer).encode()[:10], cut=100)
            self.hang_up()
        elif what == "big":
            self.answer(status, {**answer, "padding": "x" * rule.get("bytes", BODY_BYTES_MAX)})
        elif what != "slow" or self.wait(rule.get("seconds", 1)):
            self.answer(status, answer, rule.get("retry_after"), location=rule.get("location"))

    def do_GET(self):
        agency, url = self.server.agency, urllib.parse.urlsplit(self.path)
        if url.path.startswith("/handoffs/"):
            key = urllib.parse.unquote(url.path[len("/handoffs/"):])
            with agency.book.lock:
                first = agency.book.answers.get(key)
                rule = agency.rule_for("probe", first["dossier"] if first else "", self.requests_here > 0)
                self.requests_here += 1
                answer = {"found": bool(first), "ref": first["answer"]["ref"] if first else None}
                status = 200
                if rule["do"] == "http":
                    status, answer = rule.get("status", 503), rule.get("body", {})
                agency.book.write({"event": "request", "method": "GET", "path": self.path, "call": "probe", "key": key,
                                   "dossier": first["dossier"] if first else "", "acted": False, "rule": rule["do"],
                                   "status": status})
            self.reply(rule, rule["do"], status, answer)
        elif url.path == "/outbox":
            query = dict(urllib.parse.parse_qsl(url.query))
            after, limit = int(query.get("after") or 0), min(int(query.get("limit") or 100), 1000)
            with agency.book.lock:
                items = [line["item"] for line in agency.book.outbox[after:after + limit]]
            self.answer(200, {"items": items, "next": str(after + len(items))})
        else:
            self.answer(404, {"title": "no such path"})


class Control(http.server.BaseHTTPRequestHandler):
    """POST / with what is to change, GET / for how it is."""
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def send(self, status, body):
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.send(200, self.server.agency.state())

    def do_POST(self):
        try:
            order = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send(200, self.server.agency.change(order))
        except (ValueError, OSError) as error:
            self.send(400, {"error": str(error)})


def main():
    parser = argparse.ArgumentParser(description="one simulated agency")
    parser.add_argument("--code", required=True)
    parser.add_argument("--book", required=True, help="its book, appended to")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", type=int, default=0)
    parser.add_argument("--idempotent", action="store_true", help="a known Idempotency-Key gets its first answer again")
    parser.add_argument("--results", action="store_true", help="a RESULT in the outbox for every FORWARD acted on")
    parser.add_argument("--rules", default="[]")
    parser.add_argument("--door", default="open", choices=DOORS)
    options = parser.parse_args()

    agency = Agency(options)
    agency.open("open")
    if options.door != "open":
        agency.open(options.door)
    control = http.server.ThreadingHTTPServer(("127.0.0.1", options.control), Control)
    control.agency, control.daemon_threads = agency, True
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))      # every line is synced: nothing to tidy up
    signal.signal(signal.SIGINT, signal.SIG_IGN)               # Ctrl-C is for whoever started us
    print(json.dumps({"code": agency.code, "port": agency.port, "control": control.server_address[1],
                      "pid": os.getpid()}), flush=True)
    control.serve_forever(0.05)


if __name__ == "__main__":
    sys.exit(main())

"""A one-stop's own system: hands off, takes results, follows its notices. One thread, one connection (tests/client), a
book of its own for what it received."""
import collections
import os
import queue
import threading
import time

from book import Book
from content import uuid7
from wire import Link, boottime_ms, header_of
from words import KIND, RECEIVER, SENDER, VERDICT
import lienthong_pb2 as pb

PING_SECONDS = 1                # also how soon it is noticed that the gateway was started again


class OneStop:
    """`submit()` waits for the answer. `notices` grows; `accepted` holds handoff_id by message_id."""

    def __init__(self, code, place):
        self.code, self.place = code, place
        os.makedirs(place.path("books"), exist_ok=True)
        self.book = Book(place.path("books", f"{code}.book.jsonl"))
        self.accepted, self.refused, self.notices = {}, [], []
        self.orders, self.open, self.stopping = queue.Queue(), {}, False
        self.trouble = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    # ---- for the story

    def submit(self, works):
        """Hands off all of them, as many at once as the gateway's window allows. Gives their handoff ids, in that
        order."""
        ids = []
        for work in works:
            message_id = work.pop("message_id", None) or uuid7()
            ids.append(message_id)
            self.orders.put((message_id, work))
        end = time.monotonic() + 30
        while not all(each in self.accepted for each in ids):
            if self.refused or self.trouble or time.monotonic() > end:
                raise RuntimeError(f"{self.code}: not accepted: {self.refused or self.trouble or 'no answer'}")
            time.sleep(0.02)
        return [self.accepted[each].handoff_id for each in ids]

    def stop(self):
        self.stopping = True
        self.thread.join(10)

    def failures(self):
        """The notices that say that a person is needed."""
        return [notice for notice in list(self.notices) if notice.fail_class]

    # ---- its thread

    def _work(self):
        try:
            keys = self.place.path("keys")
            with Link(self.place.endpoint, f"{keys}/gateway.public", f"{keys}/{self.code}.secret") as link:
                self.link = link
                self._connect()
                while not self.stopping:
                    self._turn()
        except Exception as trouble:            # the story's thread has to hear of whatever it was
            self.trouble = trouble

    def _connect(self):
        """HELLO, again after the gateway went away; what was not answered is sent again under its id."""
        self.link.hello(SENDER | RECEIVER, credit=32)
        self.said_hello = self.link.correlation
        self.link.follow()
        self.pinged_at = time.monotonic()
        for message_id, (header, payload) in list(self.open.items()):
            self.link.put_submit(header, payload)

    def _turn(self):
        while len(self.open) < self.link.welcome.submit_window and not self.orders.empty():
            message_id, work = self.orders.get()
            payload = work.pop("payload", b"{}")
            header = self.link.header(message_id=message_id, **work)
            self.open[message_id] = (header, payload)
            self.link.put_submit(header, payload)
        if time.monotonic() - self.pinged_at > PING_SECONDS:
            self.link.put("ping", pb.Ping(stamp_ms=boottime_ms()))
            self.pinged_at = time.monotonic()
        waiting = collections.deque(self.link.waiting)
        self.link.waiting.clear()
        envelope = waiting.popleft() if waiting else self.link.receive(0.05)
        self.link.waiting.extend(waiting)
        if not envelope:
            return
        name = envelope.WhichOneof("body")
        body = getattr(envelope, name)
        if name == "refused" and body.uri.endswith(":no-hello"):
            if envelope.correlation > self.said_hello:      # asked since then: the gateway was started again
                self._connect()
        else:
            getattr(self, f"_on_{name}", lambda body: None)(body)

    def _on_accepted(self, accepted):
        self.open.pop(accepted.message_id, None)
        self.accepted[accepted.message_id] = accepted

    def _on_refused(self, refused):
        if refused.retry_after_ms and refused.message_id in self.open:
            time.sleep(min(refused.retry_after_ms, 500) / 1000)
            header, payload = self.open[refused.message_id]
            self.link.put_submit(header, payload)
        else:
            self.open.pop(refused.message_id, None)
            self.refused.append(f"{refused.uri} {refused.field}: {refused.sentence_en}")

    def _on_notice(self, notice):
        """Kept first, then acknowledged. It may come twice."""
        if not any(each.event_seq == notice.event_seq for each in self.notices[-64:]):
            self.notices.append(notice)
        self.link.acknowledge(notice.event_seq)

    def _on_deliver(self, deliver):
        header, key = header_of(deliver), deliver.routing.idempotency_key
        repeated = key in self.book.answers
        self.book.write({"event": "request", "method": "DELIVER", "call": "create", "key": key, "acted": not repeated,
                         "repeated": repeated, "dossier": header.dossier_code, "kind": KIND(header.kind).name,
                         "step": header.step, "status": 0, "body": deliver.payload.decode()})
        self.link.put_outcome(deliver, VERDICT.ALREADY_THERE if repeated else VERDICT.DELIVERED)

"""The reckoning: what the senders were promised, what the store says, what stands in the receivers' own books.

    lost     promised and unknown to the store; or delivered, as the store says, and not in its receiver's book; or a
             result in an agency's outbox that never became a handoff
    doubled  acted on more than once at its receiver
    differs  in a book, but not delivered by the store's account and not settled by a person; or in the wrong book
"""
import collections

from book import Summary, read_book

COUNTED = ("DELIVERED", "CLOSED", "FAILED", "UNSURE")


class Reckoning:
    """`handoffs` as `lienthong list --json` gives them, `books` {agency: path}, `promised`: handoff ids that senders
    hold an ACCEPTED for, `settled`: ids that a person closed after finding them in the agency's book."""

    def __init__(self, handoffs, gateway, books, promised, settled):
        self.handoffs = {each["handoff_id"]: each for each in handoffs}
        self.books = {code: Summary(read_book(path)) for code, path in books.items()}
        self.gateway, self.settled, self.promised = gateway, set(settled), set(promised)
        self.lost, self.doubled, self.differs = set(self.promised - set(self.handoffs)), set(), set()
        self.rows = collections.defaultdict(collections.Counter)
        for each in handoffs:
            self._count(each)
        self._look_for_strangers()

    def key(self, handoff_id):
        return f"{self.gateway}-{handoff_id:016x}"

    def _count(self, handoff):
        number, state, to = handoff["handoff_id"], handoff["state"], handoff["recipient"]
        book, row = self.books.get(to), self.rows[to]
        acts = book.acts[self.key(number)] if book else 0
        row["accepted"] += 1
        row[state if state in COUNTED else "open"] += 1
        row["replayed"] += handoff["replayed"]
        row["acts"] += bool(acts)
        if acts > 1:
            self.doubled.add(number)
            row["doubled"] += 1
        if state == "DELIVERED" and not acts:
            self.lost.add(number)
            row["lost"] += 1
        if state not in ("DELIVERED", "UNSURE") and acts and number not in self.settled:
            self.differs.add(number)

    def add_outbox(self, code, lines):
        """What an agency had for the senders: every line of its book with a result must be a RESULT of the store."""
        taken = {each["parent_id"] for each in self.handoffs.values()
                 if each["sender"] == code and each["kind"] == "RESULT"}
        for line in lines:
            number = int(line["key"].rsplit("-", 1)[1], 16)
            if line["event"] == "result" and number not in taken:
                self.lost.add(number)

    def _look_for_strangers(self):
        """What a book holds must be a handoff of the store, of that dossier, for that agency."""
        for code, book in self.books.items():
            for key in book.acted:
                number = int(key.rsplit("-", 1)[1], 16)
                handoff = self.handoffs.get(number)
                if not handoff or handoff["recipient"] != code or handoff["dossier_code"] != book.dossiers[key]:
                    self.differs.add(number)

    def out_of_order(self, code):
        """Dossiers whose handoffs reached this agency's book in another order than they were accepted in."""
        wrong = []
        for dossier, keys in self.books[code].order.items():
            numbers = [int(key.rsplit("-", 1)[1], 16) for key in keys]
            if numbers != sorted(numbers):
                wrong.append(dossier)
        return wrong

    def acts(self, agency, handoff_id):
        """How often it was acted on, by that agency's own book."""
        return self.books[agency].acts[self.key(handoff_id)]

    def wrong_steps(self, dossier, steps):
        """Steps of a dossier, as `lienthong track --json` gives them, that did not reach their agency once and no
        other; and whatever else stands in a book as a FORWARD of that dossier."""
        wrong = [step["name"] for step in steps if self.acts(step["agency"], step["handoff_id"]) != 1]
        meant = {(step["agency"], self.key(step["handoff_id"])) for step in steps}
        for code, book in self.books.items():
            for key in book.order.get(dossier, []):
                handoff = self.handoffs.get(int(key.rsplit("-", 1)[1], 16))
                if (code, key) not in meant and (not handoff or handoff["kind"] == "FORWARD"):
                    wrong.append(key)
        return wrong

    def total(self, what):
        return sum(row[what] for row in self.rows.values())

    def good(self):
        return not (self.lost or self.doubled or self.differs or self.total("open") or self.total("FAILED")
                    or self.total("UNSURE"))

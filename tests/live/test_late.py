"""A dossier that will not be in time, with real programs: its holder is asked, a person signs, the one-stop gets it."""
import json
import time

from gateway import COUNTER, WARD, wait_for
from words import KIND, RECEIVER, VERDICT

HOUR_MS = 3600 * 1000


def late_of(running, dossier):
    rows = running.cli("late", "--agency", WARD, "--json")["late"]
    return next((row for row in rows if row["dossier_code"] == dossier), None)


def test_asked_signed_and_sent(running):
    counter, ward = running.link(COUNTER), running.link(WARD, RECEIVER, credit=8, kinds=[KIND.FORWARD, KIND.APOLOGY])
    dossier, due_ms = running.dossier(), int(time.time() * 1000) + HOUR_MS
    forward = counter.submit(recipient=WARD, dossier_code=dossier, kind=KIND.FORWARD,
                             facts={"status": 2, "due_ms": due_ms})
    while (delivered := ward.deliver()).handoff_id != forward.handoff_id:
        ward.outcome(delivered, VERDICT.DELIVERED)
    ward.outcome(delivered, VERDICT.DELIVERED)

    # It is due within the hour, so its holder is asked at once: what is missing is named, and nothing personal.
    row = wait_for(lambda: (found := late_of(running, dossier)) and found["ending"]["apology"] == "ASKED" and found, 20,
                   "a request for an apology")
    assert (row["agency"], row["days"]) in ((WARD, 0), (WARD, 1)) and row["ending"]["draft_id"]
    while (draft := ward.deliver()).handoff_id != row["ending"]["draft_id"]:
        ward.outcome(draft, VERDICT.DELIVERED)
    assert json.loads(draft.payload)["dossier"] == dossier
    assert json.loads(draft.payload)["needs"] == ["facts.reason_code", "facts.due_ms", "facts.officer_from"]
    ward.outcome(draft, VERDICT.DELIVERED)
    assert "waiting for a signature" in running.cli("late", "--agency", WARD)
    assert "chờ ký phiếu xin lỗi" in running.cli("late", "--agency", WARD, "--lang", "vi")
    assert "waiting for a signature" in running.cli("explain", str(forward.handoff_id))

    # Without date, reason code, signer or reason nothing is signed.
    words = ["--due", "2031-03-04 16:00", "--reason-code", "qua-tai", "--signer", "CB-07", "--reason", "theo công văn"]
    for missing in range(0, len(words), 2):
        running.cli("sign", dossier, *words[:missing], *words[missing + 2:], code=2 if missing in (0, 6) else 1)
    assert running.cli("sign", dossier, *words, "--dry-run", "--json") == {"affected": 1, "dry_run": True}
    assert running.cli("sign", dossier, *words, "--json") == {"affected": 1, "dry_run": False}
    ending = running.cli("track", dossier, "--json")["dossier"]["ending"]
    assert (ending["apology"], ending["signer"], ending["apologies"]) == ("SIGNED", "CB-07", 1)
    assert ending["promised"].startswith("2031-03-04T16:00") and ending["signed_by"] == WARD
    assert "CB-07" in running.cli("track", dossier)

    # Only that goes to the one-stop.
    desk = running.link(COUNTER, RECEIVER, credit=8, kinds=[KIND.APOLOGY])
    while (letter := desk.deliver()).handoff_id != ending["letter_id"]:
        desk.outcome(letter, VERDICT.DELIVERED)
    assert json.loads(letter.payload)["promised"].startswith("2031-03-04T16:00")
    desk.outcome(letter, VERDICT.DELIVERED)
    assert running.cli("late", "release", "--agency", WARD, "--reason", "thử", "--json")["affected"] == 0
    desk.close(), ward.close(), counter.close()

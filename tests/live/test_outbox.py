"""An agency without the native client, by its own HTTP system alone: it asks for a supplement and signs an apology out
of its outbox, in its own words; `pull` of adapter.yaml says what they mean."""
import json
import time

import pytest

from gateway import COUNTER, POLICE, wait_for
from wire import header_of
from words import ASKING, KIND, RECEIVER, SENDER, VERDICT

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PULL = """
    pull:
      path: /outbox
      interval: 300ms
      items: /items
      next: /next
      item:
        kind: { at: /loai, words: { bosung: SUPPLEMENT_REQUEST, xinloi: APOLOGY } }
        source_key: /id
        source_time: /at
        dossier_code: /dossier_code
        parent: /idempotency_key
        reason: /lyDo
        payload: /loiXinLoi
        due: { at: /henLai, format: "dd/MM/yyyy HH:mm" }
        officer: /nguoiKy
        answer_by: { at: /han, format: "dd/MM/yyyy HH:mm" }
        asks: { items: /thieu, component: /ma, field: /truong, wrong: /sai, wanted: /can, note: /ghiChu }
"""


@pytest.fixture
def office(city):
    """The police of the example network behind the adapter, and the counter connected."""
    city.start_agencies(POLICE)
    city.write("adapter.yaml", city.read("adapter.yaml") + PULL)
    city.start_adapter()
    city.counter = city.link(COUNTER, SENDER | RECEIVER, credit=8)
    city.police = city.agencies[POLICE]
    return city


def in_book(office, dossier, kind):
    """What the police's own book says of this: the first of that kind that it acted on."""
    return wait_for(lambda: next((line for line in office.police.lines() if line.get("acted")
                                  and line["dossier"] == dossier and line["kind"] == kind), None), 20,
                    f"no {kind} in the book of the police")


def forward(office, due_ms):
    code = office.dossier()
    # A minute ago: the police's system writes its own times to the second.
    office.counter.submit(recipient=POLICE, dossier_code=code, procedure_code="2.000986", step="residence",
                          kind=KIND.FORWARD, source_time_ms=time.time_ns() // 1_000_000 - 60_000,
                          facts={"status": 2, "due_ms": due_ms})
    return code, in_book(office, code, "FORWARD")["key"]


def deliver(office, dossier, kind):
    """The next of that kind at the counter; whatever comes between is taken."""
    while True:
        delivered = office.counter.deliver(seconds=20)
        office.counter.outcome(delivered, VERDICT.DELIVERED)
        header = header_of(delivered)
        if (header.dossier_code, header.kind) == (dossier, kind):
            return delivered, header


def test_a_supplement_is_asked_for_and_brought(office):
    code, key = forward(office, int(time.time() * 1000) + 60 * DAY_MS)
    office.police.offer(loai="bosung", dossier_code=code, idempotency_key=key, han="31/12/2035 17:00",
                        ghiChu="Mang bản chính", thieu=[{"ma": "giay-chung-sinh", "sai": "ảnh mờ", "can": "chụp lại"},
                                                        {"truong": "ngay_sinh", "sai": "không có ngày này"}])
    asked, header = deliver(office, code, KIND.SUPPLEMENT_REQUEST)
    assert header.content_type == "application/vnd.lienthong.supplement+json"
    assert [component.code for component in header.facts.components] == ["giay-chung-sinh"]
    assert json.loads(asked.payload) == {
        "items": [{"component": "giay-chung-sinh", "wrong": "ảnh mờ", "wanted": "chụp lại"},
                  {"field": "ngay_sinh", "wrong": "không có ngày này"}], "note": "Mang bản chính"}
    view = office.counter.track(code).dossier
    assert view.status == 5 and view.standing_since_ms
    [row] = view.asked
    assert (row.state, row.agency, list(row.missing)) == (ASKING.OPEN, POLICE, ["giay-chung-sinh"])
    assert time.strftime("%Y-%m-%d %H:%M", time.gmtime(row.answer_by_ms // 1000 + 7 * 3600)) == "2035-12-31 17:00"
    office.counter.submit(dossier_code=code, kind=KIND.SUPPLEMENT, parent=asked.handoff_id)
    assert in_book(office, code, "SUPPLEMENT")
    assert not office.counter.track(code).dossier.standing_since_ms


def test_an_apology_is_signed(office):
    code, _ = forward(office, int(time.time() * 1000) + HOUR_MS)
    draft = in_book(office, code, "APOLOGY")                # due within the hour: asked at once
    assert draft["body"]["payload"]["dossier"] == code
    office.police.offer(loai="xinloi", dossier_code=code, idempotency_key=draft["key"], lyDo="qua-tai",
                        henLai="04/03/2031 16:00", nguoiKy="CA7-TCA", loiXinLoi={"reason": "hệ thống hỏng từ sáng"})
    letter, header = deliver(office, code, KIND.APOLOGY)
    assert json.loads(letter.payload) == {"reason": "hệ thống hỏng từ sáng"}
    assert (header.facts.reason_code, header.facts.officer_from) == ("qua-tai", "CA7-TCA")
    ending = office.cli("track", code, "--json")["dossier"]["ending"]
    assert (ending["apology"], ending["signed_by"], ending["signer"]) == ("SIGNED", POLICE, "CA7-TCA")
    assert ending["promised"].startswith("2031-03-04T16:00")

"""The papers of a dossier: every kind from real handoffs, what stands on it and what never may; reading words is in the
history; and the page as a browser prints it, where there is one."""
import glob
import html
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from gateway import COUNTER, WARD
from words import KIND, RECEIVER, VERDICT

DONE, REFUSED, USAGE = 0, 1, 2
KINDS = ("supplement-request", "refusal", "apology", "stop-notice", "control-slip", "result-slip", "receipt")
SUPPLEMENT = "application/vnd.lienthong.supplement+json"
HOSTILE = '<script>alert("1")</script> & \'x\' \u202egnol'
HOUR_MS = 3_600_000


class Story:
    """The counter hands dossiers to the ward, which takes them and answers."""

    def __init__(self, running):
        self.running = running
        self.counter, self.ward = running.link(COUNTER), running.link(WARD)
        self.inbox = running.link(WARD, RECEIVER, credit=8)
        self.desk = running.link(COUNTER, RECEIVER, credit=8)

    def deliver(self, link, handoff_id, verdict=VERDICT.DELIVERED):
        while (delivered := link.deliver()).handoff_id != handoff_id:
            link.outcome(delivered, VERDICT.DELIVERED)
        link.outcome(delivered, verdict)

    def forward(self, dossier, verdict=VERDICT.DELIVERED, **facts):
        now = time.time_ns() // 1_000_000
        facts = {"status": 2, "channel": 1, "received_ms": now - HOUR_MS, "due_ms": now + 48 * HOUR_MS,
                 "officer_from": "CB-MC-01", "components": [{"code": "TK-01", "copies": 1, "digitised": True}], **facts}
        sent = self.counter.submit(kind=KIND.FORWARD, recipient=WARD, dossier_code=dossier, procedure_code="1.001193",
                                   step="register", facts=facts).handoff_id
        self.deliver(self.inbox, sent, verdict)
        return sent

    def ask_for_apology(self, dossier, forward):
        """As the gateway does when it will not be in time: a draft, that nobody has signed."""
        sent = self.counter.submit(b"{}", kind=KIND.APOLOGY, recipient=WARD, dossier_code=dossier, parent=forward,
                                   procedure_code="1.001193", step="register").handoff_id
        self.deliver(self.inbox, sent)

    def answer(self, dossier, kind, parent, payload=b"", content_type="text/plain", **facts):
        facts = {"officer_from": "CB-TP-07", **facts}
        sent = self.ward.submit(payload if isinstance(payload, bytes) else payload.encode(), kind=kind,
                                recipient=COUNTER, dossier_code=dossier, procedure_code="1.001193", step="register",
                                parent=parent, content_type=content_type, facts=facts).handoff_id
        self.deliver(self.desk, sent)
        return sent


@pytest.fixture(scope="module")
def story(running):
    return Story(running)


def page(running, kind, code, *options):
    return running.cli("paper", kind, code, *options)


def document(running, kind, code, *options):
    return running.cli("paper", kind, code, *options, "--json")


def words_of(text):
    """What a reader sees: no tags, no style."""
    body = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))


# ---------------------------------------------------------------- every kind

@pytest.fixture(scope="module")
def whole(story):
    """A dossier with everything: a supplement asked, an apology signed, a result, another one refused, one stopped."""
    running, dossier = story.running, story.running.dossier()
    forward = story.forward(dossier)
    items = {"items": [{"component": "TK-01", "field": "ngay_sinh", "wrong": "Ngày sinh sau ngày nộp hồ sơ.",
                        "wanted": "Ghi lại ngày sinh theo giấy chứng sinh."}], "note": HOSTILE}
    asked = story.answer(dossier, KIND.SUPPLEMENT_REQUEST, forward, json.dumps(items).encode(), SUPPLEMENT,
                         components=[{"code": "TK-01"}], answer_by_ms=time.time_ns() // 1_000_000 + 168 * HOUR_MS)
    story.ask_for_apology(dossier, forward)
    story.answer(dossier, KIND.APOLOGY, forward, "Phải chờ cơ quan khác xác minh thông tin nơi sinh.",
                 "text/plain; charset=utf-8", reason_code="cho-xac-minh", officer_from="LD-TP-01",
                 due_ms=time.time_ns() // 1_000_000 + 96 * HOUR_MS)
    story.answer(dossier, KIND.RESULT, forward, b"{}", "application/json",
                 components=[{"code": "KQ.G15.000031", "copies": 2}])
    refused, stopped = running.dossier(), running.dossier()
    story.answer(refused, KIND.REFUSAL, story.forward(refused),
                 json.dumps({"ly_do": "Thủ tục này không thuộc thẩm quyền của phường."}).encode(), "application/json")
    story.answer(stopped, KIND.STOP, story.forward(stopped), "Người nộp đã có kết quả ở nơi khác.")
    return {**dict.fromkeys(KINDS, dossier), "refusal": refused, "stop-notice": stopped, "asked": asked}


def test_the_kinds_are_listed(running):
    text = running.cli("paper", "--lang", "vi")
    for kind in (*KINDS, "register"):
        assert kind in text
    assert "phiếu kiểm soát" in text and "control slip" in text
    kinds = running.cli("paper", "--json")["papers"]
    assert [each["kind"] for each in kinds] == [*KINDS, "register"]
    assert [each["kind"] for each in kinds if each["copy"]] == ["receipt", "register"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_paper_as_page_and_as_json(running, whole, kind):
    paper = document(running, kind, whole[kind])
    text = page(running, kind, whole[kind])
    assert paper["paper"] == kind and paper["dossier"]["code"] == whole[kind]
    assert text.startswith("<!DOCTYPE html>") and "size: A5 portrait" in text and "{{" not in text
    seen = words_of(text)
    assert whole[kind] in seen and paper["title"] in seen and paper["agency"]["label"] in seen
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in seen and "Độc lập - Tự do - Hạnh phúc" in seen
    assert ("BẢN SAO TỪ TRỤC" in seen.upper()) == (kind == "receipt") == paper["copy"]
    assert "<script" not in text and "alert(&quot;1&quot;)" in text if kind == "supplement-request" else True
    assert 'class="dots"' in text, "who it is about is filled in by hand"


def test_the_words_of_each(running, whole):
    seen = {kind: words_of(page(running, kind, whole[kind])) for kind in KINDS}
    assert "Ngày sinh sau ngày nộp hồ sơ." in seen["supplement-request"] and "ngay_sinh" in seen["supplement-request"]
    assert HOSTILE.replace("\u202e", "\ufffd") in seen["supplement-request"], "shown as text, its direction kept"
    assert "Mẫu số 02 – TT 03/2025/TT-VPCP" in seen["supplement-request"]
    assert "không thuộc thẩm quyền" in seen["refusal"] and "Mẫu số 03" in seen["refusal"]
    assert "Phải chờ cơ quan khác" in seen["apology"] and "mã người ký: LD-TP-01" in seen["apology"]
    assert "gia hạn lần thứ 1" in seen["apology"] and "Văn bản xin lỗi" in seen["apology"]
    assert "đã có kết quả ở nơi khác" in seen["stop-notice"] and "Mẫu số 05" in seen["stop-notice"]
    assert "KQ.G15.000031" in seen["result-slip"] and "Trước hạn" in seen["result-slip"]
    assert "Liên 1" in seen["control-slip"] and "Liên 2" in seen["control-slip"]
    assert seen["control-slip"].count("Người giao: CB-MC-01") == 2, "in both copies"
    assert "TK-01" in seen["receipt"] and "Trực tiếp" in seen["receipt"]


def test_the_slip_tells_every_hop(running, story):
    dossier = running.dossier()
    first = story.forward(dossier)
    [hop] = document(running, "control-slip", dossier)["hops"]
    assert (hop["outcome"], hop["officer_from"], hop["taken_by"]) == ("open", "CB-MC-01", "trục đã giao")
    assert (hop["from"]["code"], hop["to"]["code"], hop["handoff_id"]) == (COUNTER, WARD, first)
    story.answer(dossier, KIND.SEND_BACK, first)
    story.answer(dossier, KIND.RESULT, story.forward(dossier, status=0, received_ms=0,
                                                     due_ms=time.time_ns() // 1_000_000 - HOUR_MS))
    paper = document(running, "control-slip", dossier)
    assert [hop["what"] for hop in paper["hops"]] == ["Chuyển hồ sơ", "Trả lại (sai nơi, sai thủ tục)", "Chuyển hồ sơ"]
    assert [hop["outcome"] for hop in paper["hops"]] == ["before", "", "late"], "each by the date of its own step"
    assert [back["from"]["code"] for back in paper["returns"]] == [WARD]


# ---------------------------------------------------------------- what is no paper

def test_no_ground_no_paper(running, story):
    dossier = running.dossier()
    story.ask_for_apology(dossier, story.forward(dossier))
    for kind, word in (("refusal", "refused"), ("stop-notice", "stopped"), ("result-slip", "result"),
                       ("supplement-request", "supplement"), ("apology", "signed")):
        assert word in running.cli("paper", kind, dossier, code=REFUSED)
    running.cli("paper", "receipt", "H29.07-230425-9999", code=REFUSED)
    running.cli("paper", "poster", dossier, code=USAGE)
    running.cli("paper", "refusal", code=USAGE)
    running.cli("paper", "receipt", dossier, "--format", "pdf", code=USAGE)
    running.cli("paper", "register", WARD, code=USAGE)
    running.cli("paper", "register", WARD, "--from", "2026-03-02", "--to", "2026-03-01", code=USAGE)
    running.cli("paper", "register", "H99", "--from", "2026-03-02", code=REFUSED)


def test_a_technical_message_is_no_reason(running, story):
    dossier = running.dossier()
    story.answer(dossier, KIND.REFUSAL, story.forward(dossier), "HTTP 500: java.lang.NullPointerException",
                 reason_code="E-17")
    paper = document(running, "refusal", dossier)
    assert "reason" not in paper and "thông báo kỹ thuật" in paper["reason_missing"]
    text = page(running, "refusal", dossier)
    assert "NullPointer" not in text and "E-17 (mã không thay cho lý do)" in words_of(text)


def test_a_refusal_by_answer_alone_has_no_words(running, story):
    dossier = running.dossier()
    forward = story.forward(dossier, VERDICT.REFUSED)
    before = len(running.handoff(forward).events)
    paper = document(running, "refusal", dossier)
    assert paper["agency"]["code"] == WARD and "reason" not in paper and paper["reason_missing"]
    assert len(running.handoff(forward).events) == before, "no words were read"


# ---------------------------------------------------------------- who read it

def test_reading_words_is_in_the_history(running, story):
    dossier = running.dossier()
    asked = story.answer(dossier, KIND.SUPPLEMENT_REQUEST, story.forward(dossier), "Bổ sung giấy chứng sinh bản chính.",
                         reason_code="ban-chinh")
    papers = [document(running, "supplement-request", dossier, "--reason", why) for why in ("CV-1", "in lại")]
    assert [paper["printed"]["times"] for paper in papers] == [1, 2]
    events = running.cli("show", str(asked), "--json")["handoffs"][0]["events"]
    opened = [event for event in events if event["cause"] == "OPENED"]
    assert [event["detail"] for event in opened] == ["lập giấy tờ supplement-request: CV-1",
                                                     "lập giấy tờ supplement-request: in lại"]
    assert {event["actor"] for event in opened} == {f"uid:{os.getuid()}"}
    page(running, "control-slip", dossier)
    assert len(running.handoff(asked).events) == len(events), "facts are no words: no event"
    log = running.read(os.path.basename(running.broker_log))
    assert "chứng sinh" not in log and "why=open" in log


def test_one_of_several_by_its_number(running, story):
    dossier = running.dossier()
    forward = story.forward(dossier)
    first, second = (story.answer(dossier, KIND.SUPPLEMENT_REQUEST, forward, f"Yêu cầu bổ sung lần {word}.",
                                   reason_code="khac") for word in ("đầu", "hai"))
    assert "lần hai" in document(running, "supplement-request", dossier)["words"]["text"]
    chosen = document(running, "supplement-request", dossier, "--handoff", str(first))
    assert "lần đầu" in chosen["words"]["text"] and "times_asked" not in chosen
    assert document(running, "supplement-request", dossier, "--handoff", str(second))["times_asked"] == 2
    running.cli("paper", "supplement-request", dossier, "--handoff", str(forward), code=REFUSED)


# ---------------------------------------------------------------- the register, files

def test_the_register_of_a_day(running, story, whole):
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600))
    for agency, opened in ((COUNTER, True), (WARD, False)):
        paper = running.cli("paper", "register", agency, "--from", today, "--json")
        rows = {row["code"]: row for row in paper["rows"]}
        assert {whole["receipt"], whole["refusal"], whole["stop-notice"]} <= set(rows)
        assert all(row["opened_here"] == opened for row in rows.values())
        assert rows[whole["receipt"]]["outcome"] == "before" and int(paper["sums"]["all"]) == len(rows)
    text = running.cli("paper", "register", "000.00.07.H29", "--from", today)       # an old code, and no dossier
    assert "size: A4 landscape" in text and "Không có hồ sơ nào" in text and "Mẫu số 07" in text
    for day in ("2023-04-24", "2099-04-24"):
        assert running.cli("paper", "register", COUNTER, "--from", day, "--json")["rows"] == []


def test_a_paper_in_a_file(running, whole, tmp_path):
    path = str(tmp_path / "giay.html")
    for _ in range(2):
        assert running.cli("paper", "refusal", whole["refusal"], "--out", path) == ""
    assert os.stat(path).st_mode & 0o777 == 0o600 and os.listdir(tmp_path) == ["giay.html"]
    with open(path, encoding="utf-8") as file:
        assert "không thuộc thẩm quyền" in file.read()
    running.cli("paper", "refusal", whole["refusal"], "--format", "json", "--out", str(tmp_path / "no" / "x"), code=5)


# ---------------------------------------------------------------- as a browser prints it

BROWSER = shutil.which("chromium")
POINTS = {"A5": (420, 595), "A4": (842, 595)}


def print_page(source, target, folder):
    subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--no-first-run", f"--user-data-dir={folder}/profile", "--no-pdf-header-footer",
                    f"--print-to-pdf={target}", f"file://{source}"], check=True, capture_output=True, timeout=120)


@pytest.mark.skipif(not BROWSER or not shutil.which("pdfinfo"), reason="no chromium or no pdfinfo here")
def test_pages_as_a_browser_prints_them(running, whole, tmp_path):
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 7 * 3600))
    made = {kind: (kind, whole[kind]) for kind in KINDS} | {"register": ("register", COUNTER, "--from", today)}
    for name, arguments in made.items():
        running.cli("paper", *arguments, "--out", str(tmp_path / f"{name}.html"))
        print_page(tmp_path / f"{name}.html", tmp_path / f"{name}.pdf", tmp_path)
        told = subprocess.run(["pdfinfo", str(tmp_path / f"{name}.pdf")], check=True, capture_output=True, text=True)
        facts = dict(re.findall(r"^([\w ]+?):\s+(.*)$", told.stdout, flags=re.M))
        size = tuple(round(float(each)) for each in re.findall(r"[\d.]+", facts["Page size"])[:2])
        assert size == POINTS["A4" if name == "register" else "A5"], (name, facts["Page size"])
        if name == "control-slip":
            assert int(facts["Pages"]) % 2 == 0, "each copy begins on a page of its own"
        elif name != "register":
            assert int(facts["Pages"]) <= 2, (name, facts["Pages"])
    keep = os.environ.get("PAPERS_KEEP")            # to look at them
    for path in glob.glob(str(tmp_path / "*.[hp][td][mf]*")) if keep else ():
        shutil.copy(path, keep)

"""The birth of a child, from one submission to the health card: scenes 8 and 9. Nobody travels twice: what is wrong is
asked for and brought through the gateway; whoever is late says so, signed.

Every line is what was answered: by the gateway to the command line, or by an agency's own book.
"""
import datetime
import json
import os
import re
import shlex
import time

import agency
import ward
import work
from onestop import OneStop
from place import BUILD
from reckoning import Reckoning
from tell import line, quote, say, scene, wait_until
from words import KIND
from work import ABOVE_INSURANCE, INSURANCE, POLICE, QUAN_7, WARDS

WARD = WARDS[QUAN_7]
CARD = "health-card"
VIET_NAM = datetime.timezone(datetime.timedelta(hours=7))
NEEDS = {"facts.reason_code": "lý do", "facts.due_ms": "ngày hẹn mới", "facts.officer_from": "người ký"}


def minute(iso):
    """"2026-11-26T09:30:00.000+07:00" for people."""
    return datetime.datetime.fromisoformat(iso).strftime("%H:%M %d/%m/%Y")


def next_working_day(place, day):
    """The next weekday that is off in no calendar of the network: an apology promises no other."""
    days_off = set()
    for name in os.listdir(place.path("directory", "calendar")):
        with open(place.path("directory", "calendar", name), encoding="utf-8") as file:
            days_off |= set(re.findall(r"date: ([\d-]+), kind: off", file.read()))
    day += datetime.timedelta(days=1)
    while day.weekday() >= 5 or day.isoformat() in days_off:
        day += datetime.timedelta(days=1)
    return day


class Birth:
    """`steps` afterwards: the steps of the flow, as the gateway tells of them."""

    def __init__(self, story):
        self.story, self.place, self.one_stop = story, story.place, story.one_stops[QUAN_7]
        self.code, self.steps, self.paper = work.dossier(QUAN_7, work.WHOLE_BIRTH), [], ""

    # ---- looking

    def dossier(self):
        return self.place.ask("track", self.code)["dossier"]

    def flow(self):
        self.steps = self.dossier()["flow"]["steps"]
        return {step["name"]: step for step in self.steps}

    def in_book(self, code, kind):
        """What of this dossier stands in that receiver's own book, of this kind."""
        return [each for each in self.story.book(code) if each["event"] == "request" and each["acted"]
                and each["dossier"] == self.code and each["kind"] == kind]

    def picture(self):
        """The steps only, out of all that `track` tells of a dossier."""
        line(f"  $ lienthong track {self.code}    (chỉ phần các bước / only its steps)")
        names = [step["name"] for step in self.steps]
        for lang in ("vi", "en"):
            told = self.place.run("track", self.code, lang=lang).split("\n")
            quote("\n".join(each for each in told if each.split()[1:2] and each.split()[1] in names))

    def command(self, *words):
        line(f"  $ lienthong {shlex.join(words)}")
        quote(self.place.run(*words))

    # ---- 8: one submission, and a paper that cannot be read

    def submit(self):
        scene(8, "Một đứa trẻ, một lần nộp: một cửa giao MỘT lượt, cổng dẫn nó qua từng cơ quan",
              "one child, one submission: the one-stop hands off once, the gateway leads it from agency to agency")
        place = self.place
        place.agencies[INSURANCE].rules([{"do": "normal", "unfinished": True, "when": {"dossier": self.code}}])
        self.root = self.one_stop.submit([work.whole_birth()])[0]
        steps = self.flow().values()
        say(f"Hồ sơ {self.code}, thủ tục {work.WHOLE_BIRTH_CODE}: không ghi nơi nhận, không ghi bước; cổng lập "
            f"{len(steps)} bước từ danh mục",
            f"no recipient, no step; {len(steps)} steps from the catalogue: "
            + ", ".join(f"{step['name']} ({step['agency'] or '?'})" for step in steps))

    def look_at_request(self):
        asked = self.in_book(QUAN_7, "SUPPLEMENT_REQUEST")
        return bool(asked), "đã tới" if asked else "chưa"

    def supplement(self):
        wait_until(f"Phường {WARD} không đọc được giấy chứng sinh; yêu cầu bổ sung tới một cửa",
                   "the ward cannot read a paper; its request at the one-stop", self.look_at_request, 20)
        request = self.in_book(QUAN_7, "SUPPLEMENT_REQUEST")[0]
        body = json.loads(request["body"])
        for item in body["items"]:
            say(f"Sổ một cửa: giấy {item['component']}: {item['wrong']}. Cần: {item['wanted']}.",
                "in the one-stop's book: which paper, what is wrong with it, what is wanted; as the ward wrote it")
        self.command("supplements", "--agency", QUAN_7)
        if not self.dossier()["standing_since"]:
            raise RuntimeError("the clock of a dossier that waits for its citizen goes on")
        asked_id = int(request["key"].rsplit("-", 1)[1], 16)
        self.answer = self.one_stop.submit([work.better_paper(asked_id)])[0]

        def look():
            brought = self.in_book(WARD, "SUPPLEMENT")
            return bool(brought) and not self.dossier()["standing_since"], f"{len(brought)}/1"

        wait_until("Phụ huynh gửi ảnh mới qua điện thoại; bản bổ sung có trong sổ của phường",
                   "the parents sent a new photograph; the supplement stands in the ward's book", look, 20)
        reached = self.story.handoff(self.answer)
        view = self.dossier()
        asked = next(each for each in view["asked"] if each["handoff_id"] == asked_id)
        if (asked["state"], reached["recipient"]) != ("ANSWERED", asked["agency"]):
            raise RuntimeError(f"request {asked}, its answer went to {reached['recipient']}")
        say(f"Không ai phải đi lại: bản bổ sung không ghi nơi nhận, cổng đưa tới đúng bước đã hỏi "
            f"({reached['recipient']}); trong lúc chờ người dân đồng hồ đứng: {view['paused_ms'] / 1000:.1f} s",
            f"no trip: not addressed, it went to the step that had asked; while the citizen was waited for the clock "
            f"stood: {view['paused_ms'] / 1000:.1f} s")

    def look_at_half(self):
        steps = self.flow()
        done = sum(step["state"] == "DONE" for step in steps.values())
        ready = done == len(steps) - 1 and steps[CARD]["state"] == "AT_WORK"
        return ready, f"{done}/{len(steps)}"

    def half(self):
        wait_until("Phường, rồi Công an làm xong; mỗi bước tự bắt đầu khi bước trước có kết quả",
                   "the ward, then the police: each step begins when those before it have their results",
                   self.look_at_half, 30)
        self.picture()
        self.look_at_inputs()

    def look_at_inputs(self):
        """What the steps before gave is what the card's agency got: by its own book."""
        keys = {step["name"]: f"hcmc-2023-{step['handoff_id']:016x}" for step in self.steps}
        number = ward.invented("civil-status", keys["civil-status"])["personal_identity_number"]
        confirmation = agency.invented("residence", keys["residence"])["residence_confirmation"]
        got = self.in_book(INSURANCE, "FORWARD")[0]["body"]
        police = next(each["body"] for each in self.in_book(POLICE, "FORWARD") if each["step"] == "residence")
        if {got["personal_identity_number"], police["personal_identity_number"]} != {number} \
                or got["inputs"]["residence"]["residence_confirmation"] != confirmation:
            raise RuntimeError(f"the inputs of {CARD} are not the results of the steps before")
        say(f"Sổ của {INSURANCE}: số định danh {number} từ phường, xác nhận cư trú {confirmation} từ Công an (số giả)",
            f"{CARD} came with the ward's number and the confirmation of the police (invented)")

    # ---- still 8: the citizen noticed a mistake first

    def correction(self):
        """To whoever holds it now, and to all who have worked with what was wrong: read in their own books."""
        before = {step["name"]: step["state"] for step in self.flow().values()}
        say(f"Phụ huynh phát hiện trước: tên con viết là “{work.WRITTEN}”, đúng ra là “{work.MEANT}” (tên giả). "
            "Hồ sơ đã tới nơi nên không thay được nữa: một cửa gửi yêu cầu sửa, không ghi nơi nhận",
            "the parents notice it first: a letter in the child's name is wrong. It has been handed on, so nothing can "
            "be replaced: the one-stop asks for the correction, without saying of whom")
        asked = self.one_stop.submit([work.name_put_right(self.steps_of(CARD)["handoff_id"])])[0]
        had = (INSURANCE, WARD, POLICE)

        def look():
            got = [code for code in had if self.in_book(code, "CORRECTION_REQUEST")]
            return len(got) == len(had), ", ".join(got) or "chưa"

        wait_until("Cổng đưa yêu cầu sửa tới nơi đang giữ và các bước đã dùng tên cũ; sổ của họ có",
                   "the gateway takes it to its holder and to the steps that have the old name; in their books",
                   look, 20)
        for code in had:
            [got] = self.in_book(code, "CORRECTION_REQUEST")
            [correction] = got["body"]["payload"]["corrections"]
            if (correction["was"], correction["right"]) != (work.WRITTEN, work.MEANT):
                raise RuntimeError(f"{code} got another correction: {correction}")
        holder, after = self.story.handoff(asked), {step["name"]: step["state"] for step in self.flow().values()}
        if holder["recipient"] != INSURANCE or before != after:
            raise RuntimeError(f"the correction went to {holder['recipient']}, the steps from {before} to {after}")
        say(f"Nơi đang giữ: {INSURANCE} sửa trước khi in thẻ; {WARD} và {POLICE} nhận bản sao để sửa sổ của mình; "
            "không bước nào phải làm lại từ đầu",
            "its holder corrects it before the card is printed; who was done gets a copy for his own book; no step "
            "begins anew")

    # ---- 9: late, and said so

    def due_is_stated(self):
        scene(9, "BHXH chậm một thẻ: giấy hẹn của phụ huynh đã tới giờ; ai giữ hồ sơ phải xin lỗi, có chữ ký",
              "the insurance is late with a card: the time on the parents' paper has come; its holder owes an apology")
        before = self.dossier()
        self.one_stop.submit([work.paper_says(self.steps_of(CARD)["handoff_id"])])
        after = self.dossier()
        say(f"Cổng tính hẹn trả {minute(before['due'])}; giấy hẹn ghi {minute(after['due'])}: "
            f"theo giấy (nguồn: {after['due_source']})",
            "the gateway had computed one date; the paper in the parents' hands says another, stated by the one-stop: "
            "that one counts")

    def steps_of(self, name):
        return next(step for step in self.steps if step["name"] == name)

    def row(self):
        rows = self.place.ask("late", "--agency", INSURANCE)["late"]
        return next((each for each in rows if each["dossier_code"] == self.code), None)

    def look_at_asked(self):
        row, told = self.row(), self.in_book(ABOVE_INSURANCE, "URGE")
        asked = self.in_book(INSURANCE, "APOLOGY")
        state = row["ending"]["apology"] if row else "…"
        return state == "ASKED" and bool(asked) and bool(told), f"{state}, {len(asked)}/1, {len(told)}/1"

    def ask_and_sign(self):
        wait_until(f"Cổng tự yêu cầu {INSURANCE} xin lỗi, báo cấp trên {ABOVE_INSURANCE} (đọc trong sổ của họ)",
                   "the gateway asks its holder, and tells the one above: read in their own books",
                   self.look_at_asked, 20)
        asked = self.in_book(INSURANCE, "APOLOGY")[0]["body"]["payload"]
        if "Dụ" in json.dumps(asked, ensure_ascii=False) or self.in_book(QUAN_7, "APOLOGY"):
            raise RuntimeError("a name in the request, or an apology that nobody has signed")
        say(f"Sổ của {INSURANCE}: hồ sơ {asked['dossier']}, mẫu {asked['form']['number']} {asked['form']['circular']}, "
            f"còn thiếu {', '.join(NEEDS.get(need, need) for need in asked['needs'])}",
            "what it was asked for: reason, new date, signer; no name of a citizen stands in it")
        self.command("late", "--agency", INSURANCE)
        promised = next_working_day(self.place, datetime.datetime.now(VIET_NAM).date())
        self.command("sign", self.code, "--agency", INSURANCE, "--due", f"{promised} 16:00",
                     "--reason-code", "qua-tai", "--signer", "BHXH7-GD",
                     "--reason", "máy in thẻ hỏng từ sáng, thẻ được in bù vào ngày làm việc tới", "--case", "VH-09")

        def look():
            letters = self.in_book(QUAN_7, "APOLOGY")
            return bool(letters), f"{len(letters)}/1"

        wait_until("Phiếu xin lỗi đã ký tới một cửa", "the signed apology at the one-stop", look, 20)
        letter = json.loads(self.in_book(QUAN_7, "APOLOGY")[0]["body"])
        ending = self.dossier()["ending"]
        if letter["promised"][:16] != ending["promised"][:16]:
            raise RuntimeError(f"the letter promises {letter['promised']}, the record {ending['promised']}")
        say(f"Một cửa báo phụ huynh: hẹn lại {minute(letter['promised'])}, {ending['signer']} của "
            f"{ending['signed_by']} ký, lý do {ending['reason_code']}",
            "the parents are told the new date, the reason and who signed; before the signature nothing was sent")

    def look_at_end(self):
        steps = self.flow()
        done = sum(step["state"] == "DONE" for step in steps.values())
        cards = [each for each in self.in_book(QUAN_7, "RESULT") if each["step"] == CARD]
        return done == len(steps) and bool(cards), f"{done}/{len(steps)}"

    def finish(self):
        self.place.agencies[INSURANCE].finish()
        wait_until("BHXH cấp thẻ; cả các bước xong, thẻ đã ở một cửa", "the card is issued, and at the one-stop",
                   self.look_at_end, 20)
        card = json.loads(next(each for each in self.in_book(QUAN_7, "RESULT") if each["step"] == CARD)["body"])
        self.picture()
        view = self.dossier()
        ending = view["ending"]
        late = datetime.datetime.fromisoformat(ending["ended_at"]) > datetime.datetime.fromisoformat(view["due"])
        if not late or ending["apology"] != "SIGNED" or view["status"] != 9:
            raise RuntimeError(f"a late dossier with an apology: {ending}, status {view['status']}")
        say(f"Thẻ BHYT {card['health_card_number']} (số giả). Hồ sơ xong lúc {minute(ending['ended_at'])}, hẹn trả "
            f"{minute(view['due'])}: trễ hạn, có xin lỗi",
            "the health card (an invented number); the dossier is done: late, with an apology")
        self.print_paper()

    def print_paper(self):
        path = os.path.join(BUILD, "demo", "phieu-xin-loi.html")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        words = ("paper", "apology", self.code, "--reason", "in cho phụ huynh", "--out")
        self.place.run(*words, path)
        line(f"  $ lienthong {shlex.join([*words, os.path.relpath(path)])}")
        say(f"Phiếu xin lỗi để in, {os.path.getsize(path)} byte: {os.path.relpath(path)}",
            "the apology as a page to print; the file stays there")

    # ---- the reckoning

    def count(self, reckoning: Reckoning):
        """Each step reached its agency once, by that agency's own book, and nothing else of it did."""
        wrong = reckoning.wrong_steps(self.code, self.steps)
        if wrong:
            raise RuntimeError(f"steps that did not reach their agency exactly once: {wrong}")
        say(f"Hồ sơ {self.code}: " + ", ".join(
            f"{step['name']} {reckoning.acts(step['agency'], step['handoff_id'])}" for step in self.steps)
            + " lần trong sổ của cơ quan mình",
            "each step of the birth stands in its agency's own book exactly so often: once")

    def tell(self):
        self.story.one_stops[ABOVE_INSURANCE] = OneStop(ABOVE_INSURANCE, self.place)
        self.submit()
        self.supplement()
        self.half()
        self.correction()
        self.due_is_stated()
        self.ask_and_sign()
        self.finish()

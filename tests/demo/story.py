"""The story that the demo tells, scene by scene. Everything is done through what a user has: the
command line, files in a folder, the conversation in Python; what happened is read in the receivers' books and asked
with `lienthong`.
"""
import os
import re
import shlex
import time

import agency
import ward
import work
from birth import Birth
from book import read_book
from onestop import OneStop
from place import PYTHON
from reckoning import Reckoning
from tell import clock, curve, line, paint, quote, say, scene, table, wait_until
from words import FAIL, STATE
from work import ABOVE_INSURANCE, CU_CHI, INSURANCE, PHU_NHUAN, POLICE, QUAN_7, TAX, WARDS

BIRTHS, FILES, LANDS, SINGLES = 60, 12, 20, 16
FIRST_FILE, FIRST_LAND = 101, 201
IN_THE_WAY = ("HELD", "READY", "OFFERED", "WAITING")
HERE = os.path.dirname(os.path.abspath(__file__))


class Story:
    def __init__(self, place):
        self.place = place
        self.births, self.promised, self.settled = {}, set(), set()
        self.failed_ever = set()

    def waiting(self, code):
        counts = self.place.counts(code)["counts"]
        return {state: counts.get(state, 0) for state in IN_THE_WAY}

    # ---- 1

    def begin(self):
        scene(1, "Dựng mạng và khởi động: thư mục mới, khóa mới, mọi tiến trình trên máy này",
              "the network and its processes: a new folder, new keys, everything on this machine")
        place = self.place
        place.init([POLICE, INSURANCE, TAX])
        place.start_agency(POLICE, idempotent=True, results=True, door="down",
                           rules=[{"do": "slow", "seconds": 0.2}])
        place.start_agency(INSURANCE, results=True, rules=[
            {"do": "bad-data", "field": "/payload/child/birth_date", "times": 1,
             "when": {"dossier": work.dossier(QUAN_7, work.BAD_BIRTH)}}, {"do": "slow", "seconds": 0.1}])
        broken = work.dossier(QUAN_7, FIRST_LAND + work.BROKEN_LAND)
        place.start_agency(TAX, results=True, rules=[{"do": "act-close", "times": 1, "when": {"dossier": broken}}])
        place.write_adapter(probes=[INSURANCE])
        place.start_broker()
        place.start_adapter()
        self.start_wards()
        wait_until("Các bên đã nối vào cổng", "receivers that are connected", self.look_at_sessions, 20)
        self.show_network()

    def start_wards(self):
        """No programming: what comes is handed to a script, what it answers is picked up from a folder."""
        place = self.place
        for code in WARDS.values():
            outbox, book = place.path("outbox", code), place.path("books", f"{code}.book.jsonl")
            os.makedirs(outbox, exist_ok=True)
            script = f"exec {PYTHON} -S {os.path.join(HERE, 'ward.py')} {book} {outbox}"
            place.start_cli(f"receive-{code}", "receive", "--as", code, "--exec", script)
            place.start_watch(f"submit-{code}", code, outbox)
        self.one_stops = {code: OneStop(code, place) for code in WARDS}

    def look_at_sessions(self):
        codes = [POLICE, INSURANCE, TAX, *WARDS.values(), *WARDS]
        connected = sum(self.place.counts(code)["sessions"] > 0 for code in codes)
        return connected == len(codes), f"{connected}/{len(codes)}"

    def show_network(self):
        agencies = self.place.ask("agencies")["agencies"]
        districts = [each for each in agencies
                     if re.fullmatch(r"H29\.\d\d", each["code"]) and "Ủy ban nhân dân" in each["name"]]
        names = [f"{each['code']} {each['name'].replace('Ủy ban nhân dân ', '')}" for each in districts]
        say(f"Thành phố Hồ Chí Minh 2023: {len(districts)} đơn vị cấp huyện (tên thật; mã chỉ để minh họa), "
            f"{len(agencies)} cơ quan trong danh bạ",
            f"{len(districts)} district-level units (real names, illustrative codes), {len(agencies)} agencies in all")
        third = -(-len(names) // 3)
        for row in range(third):
            line("    " + "".join(f"{name:<30}" for name in names[row::third]).rstrip())
        line()
        known = {each["code"]: each for each in agencies}
        manner = {"IDEMPOTENT": "gửi lại được / may be sent again", "PROBE": "hỏi trước được / can be asked",
                  "NEITHER": "không, chờ người / neither: a person decides"}
        how = {POLICE: "HTTP, lienthong-adapter", INSURANCE: "HTTP, lienthong-adapter", TAX: "HTTP, lienthong-adapter"}
        how |= {code: "lienthong receive --exec" for code in WARDS.values()}
        how |= {code: "Python, tests/client" for code in WARDS}
        counter = "Bộ phận Tiếp nhận và Trả kết quả, Ủy ban nhân dân"
        table(["Mã|code", "Cơ quan|agency", "Nối bằng|through", "Khi không rõ đã tới chưa|when nobody knows"],
              [[code, known[code]["name"].replace(counter, "Một cửa"), how[code], manner[known[code]["class"]]]
               for code in (*WARDS, *WARDS.values(), POLICE, INSURANCE, TAX)], right_from=9)
        say(f"{len(self.place.pids())} tiến trình riêng; Công an Quận 7 đang MẤT KẾT NỐI",
            f"{len(self.place.pids())} processes; the police of Quận 7 are DOWN")

    # ---- 2

    def hand_off(self):
        scene(2, "Bộ phận một cửa giao hồ sơ: nhận nghĩa là đã nằm trên đĩa",
              "one-stops hand off: accepted means on disk")
        place, begun = self.place, time.monotonic()
        groups = {number: work.birth_group(number) for number in range(1, BIRTHS + 1)}
        works = [each for group in groups.values() for each in group]
        works += [each for number in range(FILES) for each in work.police_file(FIRST_FILE + number)]
        works += [work.land_file(FIRST_LAND + number) for number in range(LANDS)]
        message_ids = {number: [each["message_id"] for each in group] for number, group in groups.items()}
        ids = self.one_stops[QUAN_7].submit(works)
        for number, messages in message_ids.items():
            handoffs = ids[3 * (number - 1):3 * number]
            self.births[number] = {"messages": messages, "handoffs": handoffs}
        self.lands = ids[-LANDS:]
        took = time.monotonic() - begun
        say(f"Quận 7: {BIRTHS} nhóm khai sinh 2.000986 (phường → công an → BHXH), {FILES} hồ sơ xóa thường trú, "
            f"{LANDS} hồ sơ đất",
            f"{BIRTHS} birth groups (ward, police, insurance), {FILES} residence files of 3, {LANDS} tax notices: "
            f"{len(ids)} accepted in {took:.2f} s")
        singles = range(1, SINGLES + 1)
        files = work.write_files(place.path("phu-nhuan"), [work.single_file(PHU_NHUAN, n) for n in singles])
        answers = place.ask("submit", "--as", PHU_NHUAN, *files)
        self.promised.update(each["handoff_id"] for each in answers)
        say(f"Phú Nhuận: {len(answers)} hồ sơ riêng lẻ, bằng lệnh: lienthong submit *.json",
            f"{len(answers)} single procedures (1.001193, 1.000656, 1.000894, 2.000635) by the command line")
        work.write_files(place.path("cu-chi"), [work.single_file(CU_CHI, n) for n in singles])
        place.start_watch("submit-cu-chi", CU_CHI, place.path("cu-chi"))
        say(f"Củ Chi: {SINGLES} hồ sơ; phần mềm cũ chỉ biết ghi tệp: lienthong submit --watch THƯ-MỤC",
            f"{SINGLES} dossiers dropped as files into a watched folder by a system nobody may modify")

    # ---- 3

    def look_at_backlog(self):
        counts = self.waiting(POLICE)
        backlog = counts["READY"] + counts["WAITING"] + counts["OFFERED"]
        held = counts["HELD"] + self.waiting(INSURANCE)["HELD"]
        return backlog == BIRTHS + 3 * FILES, f"công an {backlog}/{BIRTHS + 3 * FILES}, chờ bước trước {held}"

    def backlog(self):
        scene(3, "Công an mất kết nối: hồ sơ của họ chờ trên đĩa, cơ quan khác vẫn chạy",
              "the police are down: their backlog waits on disk, the others go on")
        wait_until("Phường đăng ký khai sinh, số định danh chuyển tiếp; hàng chờ",
                   "wards register births; waiting for the police, held behind an earlier step",
                   self.look_at_backlog, 40)
        place = self.place
        say("$ lienthong agencies (giờ này / just now)", "ready, offered, waiting, failed, delivered by agency")
        rows = []
        for code in (POLICE, INSURANCE, TAX, *WARDS.values()):
            view = place.counts(code)
            rows.append([code, view["name"], view["breaker"], *(view["counts"].get(state, 0) for state in (
                "HELD", "READY", "WAITING", "UNSURE", "FAILED", "DELIVERED"))])
        table(["Mã|code", "Cơ quan|agency", "Cầu dao|breaker", "Chờ bước|held", "Sẵn sàng|ready", "Hẹn lại|waiting",
               "Chưa chắc|unsure", "Hỏng|failed", "Đã giao|delivered"], rows, right_from=3)
        number = 1
        for which, title in ((1, "vì sao bước thường trú còn đây / why the residence step is still here"),
                             (2, "và thẻ BHYT sau nó / and the health card behind it")):
            handoff = str(self.births[number]["handoffs"][which])
            line(f"  $ lienthong explain {handoff}    ({title})")
            quote(place.run("explain", handoff))
            quote(place.run("explain", handoff, lang="en"))
        self.crash()

    def crash(self):
        """The backlog is on disk: the broker is killed without a word and started again."""
        place, before = self.place, self.waiting(POLICE)
        total = sum(before.values())
        place.kill("lienthongd")
        begun = time.monotonic()
        place.start_broker()
        after = sum(self.waiting(POLICE).values())
        if after != total:
            raise RuntimeError(f"before kill -9 {total} waited, after it {after}")
        say(f"kill -9 lienthongd rồi chạy lại ({time.monotonic() - begun:.1f} s): vẫn đủ {after} lượt chờ; "
            f"bộ nhớ {place.resident_mib('lienthongd'):.0f} MiB",
            f"killed and started again: the same {after} are waiting")

    # ---- 4

    def look_at_police(self):
        counts = self.place.counts(POLICE)["counts"]
        done = counts.get("DELIVERED", 0)
        return done == BIRTHS + 3 * FILES, f"{done}/{BIRTHS + 3 * FILES}"

    def drain(self):
        scene(4, "Công an trở lại: hàng chờ được giao theo đúng thứ tự của từng hồ sơ",
              "the police return: the backlog drains, in order per dossier")
        police = self.place.agencies[POLICE]
        police.up()
        returned_ms = time.time_ns() // 1_000_000
        wait_until("Đã giao cho Công an", "delivered to the police", self.look_at_police, 40)
        moments = [each["at_ms"] for each in police.lines() if each["event"] == "request" and each["acted"]]
        say("Nhịp tới, đọc từ sổ của Công an (một lượt thử trước, rồi tăng dần; tối đa 4 yêu cầu cùng lúc)",
            "arrivals in the police's own book since their return: one probe first, then more, at most 4 at once")
        curve(moments, 250, returned_ms)
        reckoning = self.reckon()
        wrong = reckoning.out_of_order(POLICE)
        several = sum(len(keys) > 1 for keys in reckoning.books[POLICE].order.values())
        if wrong or several != FILES:
            raise RuntimeError(f"order per dossier at the police: {wrong}, {several} dossiers with several handoffs")
        say(f"Thứ tự: {several} hồ sơ có 3 lượt (giao, bổ sung, đôn đốc) đều đúng thứ tự trong sổ",
            f"{several} dossiers of 3 handoffs each (forward, supplement, urge) stand in the book in order")

    # ---- 5

    def bad_data(self):
        scene(5, "BHXH trả lại một hồ sơ vì dữ liệu sai; bên gửi sửa và giao lại",
              "the insurance refuses a dossier as bad data; the sender corrects it and hands off again")
        one_stop, birth = self.one_stops[QUAN_7], self.births[work.BAD_BIRTH]
        failed = birth["handoffs"][2]

        def look():
            found = [each for each in one_stop.failures() if each.handoff_id == failed]
            cards = self.place.counts(INSURANCE)["counts"].get("DELIVERED", 0)
            return bool(found) and cards == BIRTHS - 1, f"{cards}/{BIRTHS - 1}"

        wait_until("Công an trả kết quả, BHXH cấp thẻ", "health cards, from the police's results", look, 40)
        self.note_failures()
        line("  $ lienthong failed")
        quote(self.place.run("failed"))
        notice = next(each for each in one_stop.failures() if each.handoff_id == failed)
        say(f"Bên gửi {QUAN_7} được báo: {FAIL(notice.fail_class).name}, trường {notice.field}: {notice.reason}",
            f"its sender was told: class, field, reason (notice {notice.event_seq})")
        child = one_stop.submit([work.corrected_card(failed, birth["messages"][1])])[0]

        def look_at_child():
            state = self.handoff(child)["state"]
            return state == "DELIVERED", state

        wait_until("Bản đã sửa (parent = lượt hỏng) thế chỗ lượt cũ", "the corrected one took its place",
                   look_at_child, 20)
        old = self.handoff(failed)
        if old["state"] != "CLOSED" or old["child_id"] != child:
            raise RuntimeError(f"the corrected handoff {failed}: {old['state']}, child {old['child_id']}")
        birth["handoffs"][2] = child
        self.look_at_inputs()

    def look_at_inputs(self):
        """What one step gave is what the next one got: by the ward's book, the police's and the insurance's."""
        reckoning = self.reckon()
        for birth in self.births.values():
            ward_key, police_key, card_key = map(reckoning.key, birth["handoffs"])
            number = ward.invented("civil-status", ward_key)["personal_identity_number"]
            police_body = reckoning.books[POLICE].bodies[police_key]
            confirmation = agency.invented("residence", police_key)["residence_confirmation"]
            card_inputs = reckoning.books[INSURANCE].bodies[card_key].get("inputs", {})
            if police_body.get("personal_identity_number") != number \
                    or card_inputs.get("residence", {}).get("residence_confirmation") != confirmation:
                raise RuntimeError(f"the inputs of {birth['handoffs']} are not the results of the steps before")
        say(f"Kết quả bước trước tới bước sau ở cả {len(self.births)} nhóm, ví dụ số định danh {number} (số giả)",
            "each step came with the results of the one before, such as this personal identity number (invented)")

    def handoff(self, handoff_id):
        return self.place.ask("show", str(handoff_id))["handoffs"][0]

    def note_failures(self):
        for one_stop in self.one_stops.values():
            self.failed_ever.update(each.handoff_id for each in one_stop.failures() if each.state == STATE.FAILED)

    # ---- 6

    def replay(self):
        scene(6, "Thuế từ chối nhầm vì phần mềm của mình; thuế sửa, người vận hành gửi lại",
              "the tax office refuses wrongly, by a fault of its own; it mends it, the operator replays")
        place, tax, late = self.place, self.place.agencies[TAX], work.dossier(QUAN_7, FIRST_LAND + LANDS)
        tax.rules([{"do": "bad-data", "field": "/payload/land_type", "when": {"dossier": late}}])
        handoff = self.one_stops[QUAN_7].submit([work.land_file(FIRST_LAND + LANDS)])[0]

        def look():
            state = self.handoff(handoff)["state"]
            return state == "FAILED", state

        wait_until("Hồ sơ đất mới", "one more land dossier", look, 20)
        line("  $ lienthong failed")
        quote(place.run("failed"))
        self.note_failures()
        tax.rules([])
        say("Thuế đã sửa phần mềm; dữ liệu vốn đúng, nên gửi lại chính lượt ấy",
            "mended over there; the data was right all along")
        by_group = ("replay", "--agency", TAX, "--class", "BAD_DATA")
        for more in (("--dry-run",), ("--reason", "Thuế đã sửa danh mục loại đất", "--case", "VH-07")):
            line(f"  $ lienthong {shlex.join([*by_group, *more])}")
            quote(place.run(*by_group, *more))

        def look_again():
            found = self.handoff(handoff)
            return found["state"] == "DELIVERED" and found["replayed"], found["state"]

        wait_until("Sau khi gửi lại", "after the replay", look_again, 20)
        self.note_failures()

    # ---- 7

    def unsure(self):
        scene(7, "“Có thể đã tới” là một trạng thái: Thuế nhận xong thì đứt mạng, cổng không gửi lại mù quáng",
              "\"perhaps\" is a state: the tax office acted and the line broke; nothing is sent again blindly")
        place = self.place
        handoff = self.lands[work.BROKEN_LAND]
        found = self.handoff(handoff)
        key = self.reckon().key(handoff)
        posts = place.agencies[TAX].summary().posts[key]
        if found["state"] != "UNSURE" or posts != 1:
            raise RuntimeError(f"the broken one: {found['state']}, {posts} POSTs")
        line(f"  $ lienthong explain {handoff}")
        quote(place.run("explain", str(handoff)))
        quote(place.run("explain", str(handoff), lang="en"))
        say(f"Người vận hành xem sổ của Thuế: có, 1 lần (cổng gửi {posts} lần) → đóng, ghi lý do",
            "the operator looks into the tax office's book: it is there, once; closes it with that reason")
        quote(place.run("close", str(handoff), "--reason", "đã thấy trong sổ của Chi cục Thuế", "--case", "VH-08"))
        self.settled.add(handoff)

    # ---- 8 and 9: birth.py

    def book(self, code):
        return read_book(self.place.path("books", f"{code}.book.jsonl"))

    # ---- 10

    def look_at_end(self):
        facts = self.place.ask("status")["facts"]
        left = sum(int(facts[f"handoffs_{state.lower()}"]) for state in IN_THE_WAY)
        return left == 0 and not self.outbox_left(), f"{left}"

    def outbox_left(self):
        """Results that agencies have for the senders, and that are not handoffs yet."""
        left = [name for code in WARDS.values() for name in os.listdir(self.place.path("outbox", code)) if "." in name]
        left += [name for name in os.listdir(self.place.path("cu-chi")) if "." in name]
        results = sum(each["event"] == "result" for system in self.place.agencies.values() for each in system.lines())
        taken = sum(each["kind"] == "RESULT" and each["sender"] in self.place.agencies for each in self.list())
        return len(left) + results - taken

    def list(self):
        return self.place.ask("list")["handoffs"]

    def reckon(self):
        books = {code: self.place.path("books", f"{code}.book.jsonl")
                 for code in (POLICE, INSURANCE, ABOVE_INSURANCE, TAX, *WARDS.values(), *WARDS)}
        promised = self.promised | {each.handoff_id for one_stop in self.one_stops.values()
                                    for each in list(one_stop.accepted.values())}
        reckoning = Reckoning(self.list(), "hcmc-2023", books, promised, self.settled)
        for code, system in self.place.agencies.items():
            reckoning.add_outbox(code, system.lines())
        return reckoning

    def end(self):
        scene(10, "Sổ cuối ngày: đếm trong sổ của từng nơi nhận, đối chiếu với kho của cổng",
              "the end of the day: counted in the receivers' own books, compared with the gateway's store")
        wait_until("Lượt còn trên đường", "handoffs still on their way", self.look_at_end, 40)
        place = self.place
        for code in (*WARDS.values(), "cu-chi"):
            self.promised.update(place.accepted_by_watch(f"submit-{code}"))
        reckoning = self.reckon()
        columns = ("accepted", "DELIVERED", "CLOSED", "FAILED", "replayed", "acts", "lost", "doubled")
        rows = [[code, *(reckoning.rows[code][column] for column in columns)]
                for code in (*WARDS, *WARDS.values(), POLICE, INSURANCE, ABOVE_INSURANCE, TAX)]
        rows.append(["Tổng / total", *(reckoning.total(column) for column in columns)])
        table(["Nơi nhận|to", "Tiếp nhận|accepted", "Đã giao|delivered", "Đã đóng|closed", "Còn hỏng|failed",
               "Gửi lại|replayed", "Sổ nơi nhận|their own book", "Mất|lost", "Trùng|doubled"], rows, total=True)
        self.birth.count(reckoning)
        closed, seen = reckoning.total("CLOSED"), len(self.settled)
        replayed = reckoning.total("replayed")
        say(f"Đã từng hỏng {len(self.failed_ever)}: {closed - seen} được bên gửi sửa, {replayed} gửi lại; "
            f"{seen} chưa chắc, người xem sổ rồi đóng",
            f"failed on the way: {len(self.failed_ever)} ({closed - seen} corrected by its sender, {replayed} "
            f"replayed); {seen} unsure, settled by a person")
        backup = place.path("backup")
        quote(place.run("backup", backup))
        checked = place.ask("check-store", backup, codes=(0, 4))
        faults = len(checked["faults"])
        say(f"$ lienthong check-store: {checked['handoffs']} lượt, {checked['events']} sự kiện, "
            f"{checked['turns']} lượt ghi, {faults} lỗi"
            + (f": {checked['faults'][:3]}" if faults else "; chuỗi băm khớp"),
            f"the backup was walked: every table, every invariant, the hash chain; {faults} faults")
        return self.verdict(reckoning, checked)

    def verdict(self, reckoning, checked):
        status = int(self.place.ask("status")["facts"]["handoffs"])
        agree = checked["handoffs"] == status == reckoning.total("accepted") and not checked["faults"] \
            and not self.place.died()
        acts, delivered = reckoning.total("acts"), reckoning.total("DELIVERED")
        good = agree and reckoning.good() and acts == delivered + len(self.settled)
        lost, doubled, differs = sorted(reckoning.lost), sorted(reckoning.doubled), sorted(reckoning.differs)
        line()
        if good:
            line(paint(f"  ✓ [{clock()}] Mọi lượt đã nhận đều tới nơi hoặc có người giải quyết: mất 0, trùng 0, "
                       "sổ hai bên khớp.", "1;32"))
            line(paint("    Everything accepted arrived or was settled by a person: lost 0, doubled 0, "
                       "both sides' books agree.", "1;32"))
        else:
            line(paint(f"  ✗ [{clock()}] KHÔNG KHỚP: mất {len(lost)}, trùng {len(doubled)}, lệch {len(differs)}; "
                       f"tiến trình chết: {self.place.died() or 'không'}", "1;31"))
            line(paint(f"    DOES NOT AGREE: lost {lost[:5]}, doubled {doubled[:5]}, differs {differs[:5]}, "
                       f"store agrees: {agree}", "1;31"))
        return good

    def tell(self):
        self.begin()
        self.hand_off()
        self.backlog()
        self.drain()
        self.bad_data()
        self.replay()
        self.unsure()
        self.birth = Birth(self)
        self.birth.tell()
        return self.end()

    def stop_one_stops(self):
        for one_stop in getattr(self, "one_stops", {}).values():
            one_stop.stop()

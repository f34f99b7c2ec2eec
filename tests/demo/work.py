"""The day's work: which dossiers are handed off, as keyword arguments of tests/client and as JSON files for the command
line.

Names of units are real (2023); codes, numbers and people are invented. Nobody is called what stands here.
"""
import json
import os
import time

from content import uuid7
from words import KIND

POLICE, INSURANCE, TAX = "G01.29.07", "G24.29.07", "G12.29.07"
ABOVE_INSURANCE = "G24.29"
QUAN_7, PHU_NHUAN, CU_CHI = "H29.07.00", "H29.16.00", "H29.23.00"
WARDS = {QUAN_7: "H29.07.01", PHU_NHUAN: "H29.16.01", CU_CHI: "H29.23.01"}
DAY = "230425"
# Dossiers that are not late are due so far away that no weekend and no Tết makes the gateway ask for an apology.
DUE_DAYS = 40

BIRTH_GROUP = "2.000986"
SINGLE = [("1.001193", "Đăng ký khai sinh", "civil-status"), ("1.000656", "Đăng ký khai tử", "civil-status"),
          ("1.000894", "Đăng ký kết hôn", "civil-status"), ("2.000635", "Cấp bản sao trích lục hộ tịch", "extract")]

# The child of this group has a birth date that no calendar knows; the insurance refuses it.
BAD_BIRTH = 7
# The birth that one submission starts, and its procedure: the one in force today.
WHOLE_BIRTH = 301
WHOLE_BIRTH_CODE = "3.000722" if time.time() >= 1_788_195_600 else "2.000986"      # from 1 September 2026 on
AREA = "79.07.01"                               # of the ward in Quận 7

# Of the tax office: with this land dossier the line breaks after it has acted.
BROKEN_LAND = 5


def dossier(one_stop, number):
    return f"{one_stop}-{DAY}-{number:04d}"


def due_ms(days):
    """17:00 in Viet Nam, so many days from now."""
    now = int(time.time()) + 7 * 3600
    return (now - now % 86400 + days * 86400 + 10 * 3600) * 1000


def iso(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S+07:00", time.gmtime(ms // 1000 + 7 * 3600))


def facts(channel=1):
    return {"status": 2, "channel": channel, "received_ms": time.time_ns() // 1_000_000, "due_ms": due_ms(DUE_DAYS),
            "due_source": "quy định / statutory"}


def payload(summary, **more):
    body = {"summary": summary, "applicant": {"name": "Nguyễn Văn Ví Dụ"}, **more}
    return json.dumps(body, ensure_ascii=False).encode()


def child(number, day=None):
    return {"name": f"Trần Thị Thí Dụ {number}", "birth_date": day or f"2023-04-{1 + number % 24:02d}"}


def birth_group(number):
    """Three handoffs: the ward registers, the police enter the residence, the insurance issues the card. Each later one
    waits for the RESULT of the one before; the last two name no recipient: the directory routes them by procedure and
    step."""
    code, ids = dossier(QUAN_7, number), [uuid7() for _ in range(3)]
    born = child(number, "2023-02-30" if number == BAD_BIRTH else None)
    common = {"dossier_code": code, "procedure_code": BIRTH_GROUP, "kind": KIND.FORWARD, "facts": facts()}
    return [
        {**common, "message_id": ids[0], "recipient": WARDS[QUAN_7], "step": "civil-status",
         "payload": payload("Khai sinh liên thông", child=born)},
        {**common, "message_id": ids[1], "step": "residence", "after": [ids[0]],
         "payload": payload("Đăng ký thường trú cho trẻ", child=born)},
        {**common, "message_id": ids[2], "step": "health-card", "after": [ids[1]],
         "payload": payload("Cấp thẻ BHYT cho trẻ dưới 6 tuổi", child=born)},
    ]


def corrected_card(failed_id, residence_message_id):
    """The health card of BAD_BIRTH once more, with the right date. Its parent is the failed one; it takes its place."""
    return {"dossier_code": dossier(QUAN_7, BAD_BIRTH), "procedure_code": BIRTH_GROUP, "kind": KIND.FORWARD,
            "step": "health-card", "parent": failed_id, "after": [residence_message_id], "facts": facts(),
            "payload": payload("Cấp thẻ BHYT cho trẻ dưới 6 tuổi (đã sửa)", child=child(BAD_BIRTH, "2023-02-28"))}


def whole_birth():
    """The only submission of an interlinked birth: whom it goes to is said by the catalogue, the routes and the area.
    No due date: the gateway computes it. Received three hours ago; the photograph of a paper is no good."""
    received_ms = time.time_ns() // 1_000_000 - 3 * 3_600_000
    return {"dossier_code": dossier(QUAN_7, WHOLE_BIRTH), "procedure_code": WHOLE_BIRTH_CODE, "kind": KIND.FORWARD,
            "content_type": "application/json",
            "facts": {"status": 2, "channel": 2, "area_code": AREA, "received_ms": received_ms},
            "payload": payload("Khai sinh liên thông", child=child(WHOLE_BIRTH),
                               papers={"giay-chung-sinh": {"photograph": "anh-1.jpg", "legible": False}})}


def better_paper(request_id):
    """The answer: its parent is the request, and it names no recipient."""
    return {"dossier_code": dossier(QUAN_7, WHOLE_BIRTH), "kind": KIND.SUPPLEMENT, "parent": request_id,
            "content_type": "application/json", "facts": {"components": [{"code": "giay-chung-sinh"}]},
            "payload": payload("Bổ sung ảnh giấy chứng sinh",
                               papers={"giay-chung-sinh": {"photograph": "anh-2.jpg", "legible": True}})}


WRITTEN, MEANT = f"Trần Thị Thí Dụ {WHOLE_BIRTH}", f"Trần Thị Thý Dụ {WHOLE_BIRTH}"


def name_put_right(forward_id):
    """The parents noticed it first: its parent is the handoff that is with its holder, and it names no recipient."""
    return {"dossier_code": dossier(QUAN_7, WHOLE_BIRTH), "kind": KIND.CORRECTION_REQUEST, "parent": forward_id,
            "content_type": "application/json", "facts": {"reason_code": "sai-ten"},
            "payload": payload("Sửa tên của trẻ theo giấy chứng sinh",
                               corrections=[{"field": "child/name", "was": WRITTEN, "right": MEANT}])}


def paper_says(forward_id):
    """The one-stop asks after a step, and states the time that stands on the parents' paper. It has passed."""
    now_ms = time.time_ns() // 1_000_000
    return {"dossier_code": dossier(QUAN_7, WHOLE_BIRTH), "kind": KIND.CONSULT, "recipient": INSURANCE,
            "parent": forward_id, "content_type": "application/json",
            "facts": {"due_ms": now_ms - now_ms % 60_000 - 60_000,
                      "due_source": "giấy hẹn trả kết quả / the citizen's paper"},
            "payload": payload("Hỏi tiến độ thẻ BHYT: giấy hẹn của phụ huynh đã tới giờ")}


def police_file(number):
    """Three handoffs of one dossier to one agency, not tied to each other: only their order counts."""
    common = {"recipient": POLICE, "dossier_code": dossier(QUAN_7, number), "procedure_code": "2.002622",
              "step": "residence-deletion", "facts": facts()}
    return [{**common, "kind": KIND.FORWARD, "sequence": 1, "payload": payload("Xóa đăng ký thường trú")},
            {**common, "kind": KIND.SUPPLEMENT, "sequence": 2, "payload": payload("Bổ sung trích lục khai tử")},
            {**common, "kind": KIND.URGE, "sequence": 3, "payload": payload("Phiếu đôn đốc")}]


def land_file(number):
    return {"dossier_code": dossier(QUAN_7, number), "procedure_code": "land-change", "step": "tax-notice",
            "kind": KIND.FORWARD, "facts": facts(), "payload": payload("Phiếu chuyển thông tin nghĩa vụ tài chính")}


def single_file(one_stop, number):
    """A single procedure as a JSON file, as a system writes it that only knows how to write files."""
    code, name, step = SINGLE[number % len(SINGLE)]
    return {"recipient": WARDS[one_stop], "dossier_code": dossier(one_stop, number), "procedure_code": code,
            "step": step, "kind": "FORWARD", "facts": {"status": 2, "channel": 2, "due": iso(due_ms(DUE_DAYS))},
            "payload": {"summary": name, "applicant": {"name": "Lê Thị Ví Dụ"}}}


def write_files(folder, works):
    """Numbered .json files; each is complete when its name appears."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for number, work in enumerate(works, 1):
        path = os.path.join(folder, f"{number:03d}.json")
        with open(f"{path}.part", "w", encoding="utf-8") as file:
            json.dump(work, file, ensure_ascii=False, indent=1)
        os.rename(f"{path}.part", path)
        paths.append(path)
    return paths

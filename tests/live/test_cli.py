"""The command line: every verb with --json, its effect in the store, its exit status."""
import json
import os
import re
import subprocess

import pytest

from conftest import finish
from gateway import BUILD, COUNTER, INSURANCE, NETWORK, POLICE, ROOT, TAX, WARD, Gateway, wait_for
from words import KIND, RECEIVER, STATE, VERDICT

DONE, REFUSED, USAGE, UNREACHABLE, FAULTS = 0, 1, 2, 3, 4


def fail(running, to, count=1, fingerprint="http-422", **fields):
    """Handoffs that stand in the failed list; their ids. What others left there meanwhile is delivered."""
    counter, link = running.link(COUNTER), running.link(to, RECEIVER, credit=32)
    ids = [counter.submit(recipient=to, kind=KIND.FORWARD, **{"dossier_code": running.dossier(), **fields}).handoff_id
           for _ in range(count)]
    left = set(ids)
    while left:
        delivered = link.deliver()
        mine = delivered.handoff_id in left
        ack = link.outcome(delivered, VERDICT.BAD_DATA if mine else VERDICT.DELIVERED, detail="sai",
                           fingerprint=fingerprint)
        if ack.state in (STATE.FAILED, STATE.DELIVERED):    # else its lease was over on a busy machine: it comes again
            left.discard(delivered.handoff_id)
    link.close(), counter.close()
    return ids


def submit(running, to, **fields):
    counter = running.link(COUNTER)
    accepted = counter.submit(recipient=to, **{"kind": KIND.FORWARD, "dossier_code": running.dossier(), **fields})
    counter.close()
    return accepted


def ids_of(document):
    return [handoff["handoff_id"] for handoff in document["handoffs"]]


# ---------------------------------------------------------------- asking

def test_status_and_agencies(running):
    facts = running.cli("status", "--json")["facts"]
    assert facts["gateway"] == "live" and int(facts["commit_seq"]) > 0
    agencies = {agency["code"]: agency for agency in running.cli("agencies", "--json")["agencies"]}
    assert {COUNTER, WARD, POLICE, INSURANCE, TAX} <= set(agencies)
    assert (agencies[TAX]["class"], agencies[INSURANCE]["class"]) == ("NEITHER", "PROBE")
    [police] = running.cli("agencies", POLICE, "--json")["agencies"]
    assert (police["code"], police["breaker"], police["held"]) == (POLICE, "closed", False)
    for verb in ("status", "agencies"):
        assert POLICE in running.cli("agencies") and running.cli(verb)
    for line in running.cli("status", "--lang", "vi").splitlines():     # each by its name, its word beside it
        assert re.search(r" \((\w+)\)  ", line).group(1) in facts, line    # not the last (: a key may have one


def test_show_list_track_explain(running):
    accepted = submit(running, TAX, procedure_code="1.000894", facts={"aliases": ["LT-42"]})
    number = str(accepted.handoff_id)
    [shown] = running.cli("show", number, "--json")["handoffs"]
    assert (shown["state"], shown["kind"], shown["recipient"]) == ("READY", "FORWARD", TAX)
    assert shown["content_hash"] == accepted.content_hash.hex()
    assert [event["cause"] for event in shown["events"]] == ["ACCEPTED"]
    assert accepted.handoff_id in ids_of(running.cli("list", "--agency", TAX, "--state", "ready", "--json"))
    assert ids_of(running.cli("list", "--agency", TAX, "--limit", "1", "--json")) != []
    for code in (shown["dossier_code"], "LT-42"):
        assert ids_of(running.cli("track", code, "--json")) == [accepted.handoff_id]
        assert ids_of(running.cli("track", code, "--as", COUNTER, "--json")) == [accepted.handoff_id]
    advice = running.cli("explain", number, "--json")["advice"]
    assert advice and all(line["vi"] and line["en"] for line in advice)
    assert any(line["action"] for line in advice), "and the one thing to do: nobody receives for this agency"
    running.cli("show", "1", code=REFUSED)
    running.cli("track", "H29.07-230425-9999", code=REFUSED)
    running.cli("explain", "1", code=REFUSED)


def test_what_is_known_of_a_dossier(running):
    dossier = running.dossier()
    accepted = submit(running, POLICE, dossier_code=dossier, procedure_code="2.000986", step="residence",
                      facts={"status": 2, "channel": 1, "due_ms": 1_900_000_000_000})
    receiver = running.link(POLICE, RECEIVER, credit=8)
    while (delivered := receiver.deliver()).handoff_id != accepted.handoff_id:
        receiver.outcome(delivered, VERDICT.DELIVERED)
    receiver.outcome(delivered, VERDICT.DELIVERED)
    police = running.link(POLICE)
    common = {"recipient": COUNTER, "dossier_code": dossier, "procedure_code": "2.000986", "kind": KIND.PROGRESS,
              "parent": accepted.handoff_id}
    police.submit(**common, facts={"partner_status": "03-của-họ"})
    police.submit(**common, facts={"status": 4, "money": [{"component": "LP", "owed": 8000}]})
    known = running.cli("track", dossier, "--json")["dossier"]
    assert (known["status"], known["status_by"], known["owner"], known["opener"]) == (4, POLICE, POLICE, COUNTER)
    assert (known["due_source"], known["due_by"], known["unknown_codes"]) == ("ONE_STOP", COUNTER, 1)
    assert known["money"] == [{"component": "LP", "owed": 8000, "paid": 0, "by": POLICE,
                               "source": known["money"][0]["source"]}]
    assert [told["judged"] for told in known["told"]] == ["APPLIED", "UNKNOWN_CODE", "APPLIED"]
    assert known["branches"][0]["receipt"] and known["branches"][0]["holder"] == POLICE
    assert running.cli("track", dossier, "--as", COUNTER, "--json")["dossier"]["status"] == 4
    words = running.cli("track", dossier, "--lang", "vi")
    assert "Đang xử lý (4)" in words and "8000 đ" in words
    [row] = running.cli("agencies", POLICE, "--json")["agencies"]
    assert (row["unknown_count"], row["unknown_last"]) == (1, "03-của-họ")
    assert [(each["code"], each["count"], each["known"]) for each in row["unknown_codes"]] == [("03-của-họ", 1, False)]
    assert 'mã chưa có trong bảng: 1 lần, gần nhất "03-của-họ"' in running.cli("agencies", POLICE, "--lang", "vi")
    assert running.cli("status", "--json")["facts"]["unknown_codes"].startswith("1, agencies 1")
    shown = running.cli("show", str(accepted.handoff_id), "--json")
    assert shown["dossier"]["code"] == dossier and shown["handoffs"][0]["receipt"] is True
    assert "Đang xử lý" in running.cli("explain", str(accepted.handoff_id), "--lang", "vi")
    assert accepted.handoff_id not in ids_of(running.cli("unreceived", "--agency", POLICE, "--json"))
    receiver.close(), police.close()


def test_two_dossiers_with_one_code_both_show_it(running):
    one, other = running.dossier(), running.dossier()
    first = submit(running, TAX, dossier_code=one, facts={"aliases": ["LT-9"]})
    submit(running, TAX, dossier_code=other)
    parked = submit(running, TAX, dossier_code=other, facts={"aliases": ["LT-9"]})
    assert running.state(parked.handoff_id) == STATE.HELD
    for question in (["show", str(first.handoff_id)], ["show", str(parked.handoff_id)], ["track", one],
                     ["track", one, "--as", COUNTER], ["track", other, "--as", COUNTER]):
        [collision] = running.cli(*question, "--json")["collisions"]
        assert (collision["code"], collision["owner"], collision["claimer"]) == ("LT-9", one, other), question
        assert (collision["handoff_id"], collision["sender"]) == (parked.handoff_id, COUNTER)
        assert collision["parked"] and "trùng mã" in running.cli(*question, "--lang", "vi")
    running.cli("close", str(parked.handoff_id), "--reason", "nhập nhầm mã")
    assert "đã có người giải quyết" in running.cli("track", one, "--lang", "vi")


def test_explain_names_what_is_in_the_way(running):
    dossier = running.dossier()
    [failed] = fail(running, INSURANCE, dossier_code=dossier)
    behind = submit(running, INSURANCE, dossier_code=dossier)
    text = " ".join(line["en"] for line in running.cli("explain", str(behind.handoff_id), "--json")["advice"])
    assert str(failed) in text, "the one before it in its lane"
    running.cli("close", str(failed), "--reason", "test", "--behind", "close")
    assert running.state(behind.handoff_id) == STATE.CLOSED


# ---------------------------------------------------------------- acting

def test_failed_groups_and_replay_by_filter(running):
    ids = fail(running, POLICE, 300)                       # more than one page
    fail(running, POLICE, 2, fingerprint="http-400")
    groups = {group["fingerprint"]: group for group in running.cli("failed", "--json")["groups"]
              if group["recipient"] == POLICE}
    assert (groups["http-422"]["count"], groups["http-400"]["count"]) == (300, 2)
    assert groups["http-422"]["class"] == "BAD_DATA" and groups["http-422"]["sample_id"] in ids
    where = ("--agency", POLICE, "--fingerprint", "http-422")
    assert sorted(ids_of(running.cli("failed", *where, "--json"))) == ids
    assert running.cli("replay", *where, "--dry-run", "--json") == {"affected": 300, "dry_run": True}
    assert running.agency(POLICE).counts[STATE.FAILED] == 302, "a dry run does nothing"
    assert running.cli("replay", *where, "--reason", "đã sửa", "--json")["affected"] == 300
    assert running.agency(POLICE).counts[STATE.FAILED] == 2
    event = running.cli("show", str(ids[0]), "--json")["handoffs"][0]["events"][-1]
    assert (event["cause"], event["to"], event["detail"]) == ("REPLAYED", "READY", "đã sửa")
    assert event["actor"] == f"uid:{os.getuid()}"
    link = running.link(POLICE, RECEIVER, credit=32)
    keys = set()
    for _ in ids:
        delivered = link.deliver()
        keys.add(delivered.routing.idempotency_key)
        link.outcome(delivered, VERDICT.DELIVERED)
    assert keys == {f"live-{number:016x}" for number in ids}, "a replay keeps its key"
    running.cli("replay", str(ids[0]), "--reason", "again", code=REFUSED)
    link.close()


def test_a_replay_with_a_fresh_key(running):
    [handoff] = fail(running, WARD)
    running.cli("replay", str(handoff), "--fresh-key", "--reason", "phường yêu cầu khóa mới")
    link = running.link(WARD, RECEIVER, credit=1)
    delivered = link.deliver()
    assert delivered.routing.idempotency_key not in ("", f"live-{handoff:016x}")
    link.outcome(delivered, VERDICT.DELIVERED)
    link.close()


def test_close_needs_a_reason_and_says_what_follows(running):
    dossier = running.dossier()
    [failed] = fail(running, TAX, dossier_code=dossier)
    behind = submit(running, TAX, dossier_code=dossier)
    running.cli("close", str(failed), code=USAGE)
    assert running.cli("close", str(failed), "--dry-run", "--json")["dry_run"] is True
    assert running.state(failed) == STATE.FAILED
    running.cli("close", str(failed), "--reason", "trùng hồ sơ giấy", "--behind", "release", "--json")
    view = running.handoff(failed)
    assert view.state == STATE.CLOSED and view.reason == "trùng hồ sơ giấy"
    link = running.link(TAX, RECEIVER, credit=64)
    open_ids = set()
    while delivered := link.deliver(0.5):
        open_ids.add(delivered.handoff_id)
        link.outcome(delivered, VERDICT.DELIVERED)
    assert behind.handoff_id in open_ids, "those behind it go on"
    running.cli("close", str(failed), "--reason", "again", code=REFUSED)
    link.close()


def test_redirect_makes_a_child_that_names_its_parent(running):
    dossier = running.dossier()
    [failed] = fail(running, INSURANCE, dossier_code=dossier)
    later = submit(running, INSURANCE, dossier_code=dossier)
    due = running.handoff(failed).due_ms
    running.cli("redirect", str(failed), "--to", "H29.99", "--reason", "x", code=REFUSED)
    running.cli("redirect", str(failed), "--reason", "x", code=USAGE)
    running.cli("redirect", str(failed), "--to", POLICE, "--reason", "nhầm nơi nhận", "--behind", "take-along")
    old = running.handoff(failed)
    child = running.handoff(old.child_id)
    assert (old.state, child.parent_id, child.recipient, child.due_ms) == (STATE.CLOSED, failed, POLICE, due)
    taken = running.handoff(running.handoff(later.handoff_id).child_id)
    assert taken.recipient == POLICE
    link = running.link(POLICE, RECEIVER, credit=8)
    first, second = (take(link) for _ in range(2))
    assert [first.handoff_id, second.handoff_id] == [child.handoff_id, taken.handoff_id], "in their order"
    assert first.routing.parent_id == failed and first.routing.idempotency_key == f"live-{child.handoff_id:016x}"
    link.close()


def take(link):
    delivered = link.deliver()
    assert delivered, "a DELIVER"
    link.outcome(delivered, VERDICT.DELIVERED)
    return delivered


def test_hold_and_release_a_handoff(running):
    accepted = submit(running, WARD)
    number = str(accepted.handoff_id)
    running.cli("hold", number, "--reason", "chờ xác minh", "--json")
    link = running.link(WARD, RECEIVER, credit=4)
    assert running.state(accepted.handoff_id) == STATE.HELD and link.deliver(0.3) is None
    running.cli("hold", number, "--reason", "again", code=REFUSED)
    running.cli("release", number, "--reason", "xong", "--json")
    assert take(link).handoff_id == accepted.handoff_id
    link.close()


def test_hold_and_release_an_agency(running):
    running.cli("hold", WARD, "--reason", "bảo trì", "--json")
    [ward] = running.cli("agencies", WARD, "--json")["agencies"]
    assert ward["held"] and ward["reason"] == "bảo trì"
    accepted = submit(running, WARD)
    link = running.link(WARD, RECEIVER, credit=4)
    assert link.deliver(0.3) is None
    advice = running.cli("explain", str(accepted.handoff_id), "--json")["advice"]
    assert any("bảo trì" in line["vi"] or "hold" in line["en"] for line in advice)
    running.cli("release", WARD, "--reason", "xong", "--json")
    assert take(link).handoff_id == accepted.handoff_id
    running.cli("release", "H99", "--reason", "x", code=REFUSED)
    link.close()


# ---------------------------------------------------------------- handing off and receiving

def dossier_file(running, path, **changed):
    """A submission as JSON in that file; gives the dossier code."""
    code = running.dossier()
    content = {"recipient": WARD, "dossier_code": code, "procedure_code": "1.000894", "kind": "FORWARD",
               "facts": {"status": 2, "channel": 1}, "payload": {"summary": "Đăng ký kết hôn (ví dụ)"}, **changed}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False)
    return code


def test_submit_a_file_twice_is_one_handoff(running, tmp_path):
    path = str(tmp_path / "one.json")
    code = dossier_file(running, path)
    [first] = running.cli("submit", "--as", COUNTER, path, "--json")
    [again] = running.cli("submit", "--as", COUNTER, path, "--json")
    assert first["accepted"] and not first["duplicate"] and again["duplicate"]
    assert first["handoff_id"] == again["handoff_id"]
    assert ids_of(running.cli("track", code, "--json")) == [first["handoff_id"]]
    dossier_file(running, path, recipient="H99.99")
    running.cli("submit", "--as", COUNTER, path, code=REFUSED)
    dossier_file(running, path, recipent="misspelt")
    running.cli("submit", "--as", COUNTER, path, code=REFUSED)
    running.cli("submit", path, code=USAGE)
    running.cli("close", str(first["handoff_id"]), "--reason", "test")


def test_submit_watch_takes_what_is_dropped(running, tmp_path):
    """For systems that nobody may modify: files in, accepted/ and refused/ out."""
    folder = tmp_path / "drop"
    folder.mkdir()
    good = dossier_file(running, folder / "001.json")
    dossier_file(running, folder / "002.json", recipient="H99.99")
    command = [os.path.join(BUILD, "lienthong"), "submit", "--as", COUNTER, "--watch", str(folder), "--interval",
               "200ms", "--site", running.folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: (folder / "accepted/001.json").exists() and (folder / "refused/002.json").exists(), 10,
                 lambda: sorted(map(str, folder.rglob("*"))))
        problem = json.loads((folder / "refused/002.json.problem.json").read_text(encoding="utf-8"))
        assert problem["type"].endswith("unknown-agency") and problem["sentence_vi"]
        [handoff] = running.cli("track", good, "--json")["handoffs"]
        running.cli("close", str(handoff["handoff_id"]), "--reason", "test")
    finally:
        process.terminate()
        assert process.wait(10) == DONE


@pytest.mark.parametrize("status,state,verdict", [
    (0, "DELIVERED", "DELIVERED"), (3, "DELIVERED", "ALREADY_THERE"), (65, "FAILED", "BAD_DATA"),
    (77, "DELIVERED", "REFUSED"), (1, "UNSURE", "UNSURE")])
def test_receive_exec_answers_by_exit_status(running, tmp_path, status, state, verdict):
    accepted = submit(running, TAX, procedure_code="1.000894")
    seen = tmp_path / "seen.json"
    running.cli("receive", "--as", TAX, "--count", "1", "--exec", f"cat > {seen}; echo ghi chú; exit {status}")
    delivery = json.loads(seen.read_text(encoding="utf-8"))
    assert (delivery["handoff_id"], delivery["kind"]) == (accepted.handoff_id, "FORWARD")
    assert delivery["idempotency_key"] == f"live-{accepted.handoff_id:016x}" and delivery["payload"] == {}
    [shown] = running.cli("show", str(accepted.handoff_id), "--json")["handoffs"]
    assert (shown["state"], shown["verdict"], shown["reason"]) == (state, verdict, "ghi chú")
    if state != "DELIVERED":
        running.cli("close", str(accepted.handoff_id), "--reason", "test")


def test_receive_prints_and_delivers(running):
    accepted = submit(running, TAX)
    line = json.loads(running.cli("receive", "--as", TAX, "--count", "1"))
    assert line["handoff_id"] == accepted.handoff_id
    assert running.state(accepted.handoff_id) == STATE.DELIVERED


# ---------------------------------------------------------------- checks, and a wrong command line

def test_doctor(running):
    healthy = running.cli("doctor", "--as", COUNTER, "--to", POLICE, "--json")
    assert healthy["faults"] == 0 and len(healthy["findings"]) >= 5
    sick = running.cli("doctor", "--as", POLICE, "--to", TAX, "--json", code=FAULTS)
    assert any("permits.yaml" in finding["text"] for finding in sick["findings"] if not finding["good"])


def test_check_config(running, tmp_path):
    assert running.cli("check-config", "--json") == {"count": 0, "faults": []}
    assert running.cli("check-config", running.path("directory"), "--json", site=False)["count"] == 0
    broken = tmp_path / "directory"
    subprocess.run(["cp", "-r", running.path("directory"), str(broken)], check=True)
    with open(broken / "permits.yaml", "a", encoding="utf-8") as file:
        file.write("- { from: NOBODY-HERE, to: WARD, kinds: [FORWARD] }\n"
                   "- { from: WARD, to: WARD, kinds: [FORWORD] }\n")
    report = running.cli("check-config", str(broken), "--json", code=FAULTS, site=False)
    assert report["count"] >= 2
    assert sum("permits.yaml:" in fault for fault in report["faults"]) >= 2, "each with file and line"


def test_check_config_with_an_adapter(running, tmp_path):
    """Who is reached through an adapter must be served by one."""
    folder = tmp_path / "directory"
    subprocess.run(["cp", "-r", running.path("directory"), str(folder)], check=True)
    subprocess.run(["cp", "-r", running.path("keys"), str(tmp_path / "keys")], check=True)
    agencies = (folder / "agencies.yaml").read_text(encoding="utf-8")
    agencies = agencies.replace("class: probe", "class: probe\n  via: adapter")
    (folder / "agencies.yaml").write_text(agencies, encoding="utf-8")
    check = ("check-config", str(folder), "--json")
    assert running.cli(*check, site=False)["count"] == 0, "nobody asked"
    assert running.cli(*check, "--adapter", running.path("adapter.yaml"), site=False)["count"] == 0, "it is served"
    alone = running.read("adapter.yaml").split("  - code: ")
    kept = [part for part in alone[1:] if not part.startswith(INSURANCE)]
    assert len(kept) == len(alone) - 2
    running.write("some.yaml", "  - code: ".join(alone[:1] + kept))
    report = running.cli(*check, "--adapter", running.path("some.yaml"), code=FAULTS, site=False)
    assert report["count"] == 1 and f"no adapter serves '{INSURANCE}'" in report["faults"][0]
    assert report["faults"][0].startswith("agencies.yaml:")


def test_recorded_answers_against_the_rules(running):
    cases = os.path.join(ROOT, "tests/unit/data/answers.tsv")
    counted = running.cli("test-rule", "--cases", cases, "--rules", os.path.join(ROOT, "adapters/rules"), "--json",
                          site=False)
    assert counted["failed"] == 0 and counted["rows"] > 50
    judged = running.cli("test-rule", "--dialect", "rest", "--http", "503", "--rules",
                         os.path.join(ROOT, "adapters/rules"), "--json", site=False)
    assert judged["result"] == "LATER"


def test_backup_under_load_and_check_store(running, tmp_path):
    """The copy is whole and covers what it says; the gateway goes on. The fixture checks the stopped store."""
    counter = running.link(COUNTER)
    headers = [counter.header(recipient=TAX, dossier_code=running.dossier(), kind=KIND.FORWARD) for _ in range(200)]
    command = [os.path.join(BUILD, "lienthong"), "backup", str(tmp_path / "copy"), "--json", "--site", running.folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for start in range(0, 200, 20):
        for correlation in [counter.put_submit(header) for header in headers[start:start + 20]]:
            last = counter.answer_to(correlation)
    covered = json.loads(process.communicate(timeout=30)[0])["covered_seq"]
    assert process.returncode == DONE and 0 < covered
    report = running.cli("check-store", str(tmp_path / "copy"), "--json", site=False)
    assert report["faults"] == [] and report["turns"] <= covered + 1
    assert int(running.facts()["covered_seq"]) == covered
    assert running.link(COUNTER).welcome.covered_seq == covered
    assert last.commit_seq > 0
    for view in running.handoffs(agency=TAX, state=STATE.READY):
        running.admin("close", handoff_id=view.handoff_id, reason="test")


def test_a_damaged_copy_is_found(running, tmp_path):
    running.cli("backup", str(tmp_path / "copy"))
    [data] = [path for path in (tmp_path / "copy").rglob("*.mdb") if "lock" not in path.name]
    content = bytearray(data.read_bytes())
    marker = COUNTER.encode()
    place = content.find(marker, len(content) // 4)
    assert place > 0
    content[place:place + 3] = b"X99"
    data.write_bytes(content)
    running.cli("check-store", str(tmp_path / "copy"), code=FAULTS, site=False)


@pytest.mark.parametrize("arguments", [
    ["nonsense"], ["show"], ["show", "x1"], ["show", "1", "2"], ["status", "--nonsense"], ["replay"],
    ["replay", "--reason", "x"], ["replay", "1", "--agency", POLICE, "--reason", "x"],
    ["list", "--state", "nonsense"], ["close", "1", "--behind", "nonsense", "--reason", "x"],
    ["submit", "--as", "../x", "file.json"], ["submit", "--as", COUNTER], ["receive"], ["doctor"],
    ["list", "--limit"], ["late", "--agency", ""], ["late", "--agency="],
    ["receive", "--as", TAX, "--kinds", "NONSENSE"], ["list", "--limit", "99999999999"],
    ["receive", "--as", TAX, "--credit", "0"], ["init", "folder", "--port", "99999"], ["status", "--lang", "fr"],
    ["test-rule", "--dialect", "hotich", "--http", "999"], ["test-rule", "--dialect", "hotich", "--call", "x"],
    ["restore", "folder", "--after-epoch", "99999999999"]])
def test_a_wrong_command_line_is_2(running, arguments):
    assert running.cli(*arguments, code=USAGE).count("\n") == 1, "one sentence says what is wrong"


@pytest.mark.parametrize("arguments", [
    ["list", "--agency", "H99"], ["unreceived", "--agency", "H99"], ["supplements", "--agency", "H99"],
    ["late", "--agency", "H99"], ["failed", "--agency", "H99"], ["list", "--dossier", "none"], ["agencies", "H99"],
    ["show", "1"], ["explain", "1"], ["track", "none"], ["paper", "receipt", "none"]])
def test_a_refusal_is_all_that_is_printed(running, arguments):
    said = {}
    for lang in ("vi", "en"):
        ran = subprocess.run([os.path.join(BUILD, "lienthong"), *arguments, "--site", running.folder, "--lang", lang],
                             capture_output=True, text=True, timeout=30)
        assert (ran.returncode, ran.stdout) == (REFUSED, ""), ran
        said[lang] = ran.stderr
        assert ran.stderr.count("\n") == 1 and "urn:lienthong:problem:unknown-" in ran.stderr
    assert "Không có" in said["vi"] and said["en"].isascii()
    document = running.cli(*arguments, "--json", code=REFUSED)
    assert list(document) == ["refused"] and document["refused"]["sentence_vi"] in said["vi"]


def test_an_empty_list_says_so(running):
    for arguments in (["supplements"], ["late"], ["list", "--agency", INSURANCE, "--state", "UNSURE"]):
        said = running.cli(*arguments)
        assert said.startswith("No") and said.count("\n") == 1, said


def test_help_in_both_languages(running):
    for arguments in ([], ["--help"], ["replay", "--help"], ["version"]):
        assert running.cli(*arguments, site=False)
    assert "hồ sơ" in running.cli("--lang", "vi", "--help", site=False)


def test_help_explains_every_option(running):
    verbs = [line.split()[0] for line in running.cli("--help", site=False).split("\n") if line.startswith("  ")]
    assert len(verbs) > 25
    for verb in verbs:
        pages = {lang: running.cli(verb, "--help", "--lang", lang, site=False) for lang in ("vi", "en")}
        told = {lang: [line.split(None, 1) for line in page.split("\n") if line.startswith("  --")]
                for lang, page in pages.items()}
        assert [row[0] for row in told["vi"]] == [row[0] for row in told["en"]]
        assert [row[0] for row in told["en"]][-4:] == ["--site", "--lang", "--json", "--help"]
        for vi, en in zip(told["vi"], told["en"]):
            assert len(vi) == len(en) == 2 and not vi[1].startswith("..."), f"{verb} {vi} {en}"


def test_init_twice_keeps_the_keys(tmp_path):
    made = Gateway(tmp_path)
    key, config = made.read("keys/gateway.secret"), made.read("adapter.yaml")
    with open(made.path("keys/gateway.secret"), encoding="ascii") as file:
        assert os.fstat(file.fileno()).st_mode & 0o777 == 0o600
    command = [os.path.join(BUILD, "lienthong"), "init", made.folder, "--network", NETWORK, "--port", str(made.port)]
    assert subprocess.run(command, capture_output=True).returncode != DONE, "nothing is replaced without --force"
    assert made.read("keys/gateway.secret") == key and made.read("adapter.yaml") == config
    finish(made)


def test_the_example_of_init_is_in_force(city):
    example = json.loads(city.read("example.json"))
    city.cli("submit", "--as", example["dossier_code"].rsplit("-", 2)[0], city.path("example.json"))
    known = city.cli("track", example["dossier_code"], "--json")["dossier"]
    assert known["procedure_version"].startswith(example["procedure_code"] + "/") and known["due"], known


def test_no_gateway_is_3(tmp_path):
    made = Gateway(tmp_path)
    path = str(tmp_path / "one.json")
    dossier_file(made, path)
    made.cli("submit", "--as", COUNTER, path, "--timeout", "500ms", code=UNREACHABLE)
    made.cli("track", "H29.07-230425-0001", "--as", COUNTER, "--timeout", "500ms", code=UNREACHABLE)
    finish(made)

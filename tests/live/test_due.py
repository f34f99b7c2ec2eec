"""`lienthong due`: needs no gateway. The engine has its own tests; here is what a person or a script sees of it."""
import json
import os
import subprocess

from gateway import BUILD, ROOT

DONE, USAGE, FAULTS, BROKEN = 0, 2, 4, 5
CASES = os.path.join(ROOT, "tests/unit/data/deadlines.tsv")


def due(*arguments, code=DONE, language="en", folder="/"):
    environment = {name: value for name, value in os.environ.items() if name != "LIENTHONG_SITE"}
    ran = subprocess.run([os.path.join(BUILD, "lienthong"), "due", *arguments], capture_output=True, text=True,
                         timeout=30, cwd=folder, env={**environment, "LIENTHONG_LANG": language})
    assert ran.returncode == code, f"{arguments} gave {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
    return json.loads(ran.stdout) if "--json" in arguments else ran.stdout + ran.stderr


def test_the_recorded_cases():
    assert due("--cases", CASES) == "57 cases: 57 passed, 0 failed\n"
    assert due("--cases", CASES, language="vi") == "57 trường hợp: 57 đúng, 0 sai\n"


def test_failures_are_told_with_their_line(tmp_path):
    path = tmp_path / "cases.tsv"
    path.write_text("# a comment\ndue\thours\trule\tarrival\tpauses\r\n"
                    "2026-03-03 10:00\tstd\tw1\t2026-03-02 10:00\t\r\n"
                    "2026-03-03 10:01\tstd\tw1\t2026-03-02 10:00\n"
                    "none\tnobody\tw1\t2026-03-02 10:00\n"
                    "unknown year\tstd\tw1\t2028-03-02 10:00\n", encoding="utf-8")
    told = due("--cases", str(path), code=FAULTS).splitlines()
    assert len(told) == 3 and told[0].startswith("line 4 ") and told[1].startswith("line 5 ")
    assert told[2] == "4 cases: 2 passed, 2 failed"
    counted = due("--cases", str(path), "--json", code=FAULTS)
    assert (counted["rows"], counted["failed"], [one["line"] for one in counted["failures"]]) == (4, 2, [4, 5])
    path.write_text("arrival\trule\n", encoding="utf-8")
    assert "no column 'hours'" in due("--cases", str(path), code=FAULTS)
    due("--cases", str(tmp_path / "nothing"), code=BROKEN)


def test_pauses_may_be_repeated():
    question = ("--arrival", "2026-03-03 08:00", "--rule", "h3", "--json")
    assert due(*question)["due"] == "2026-03-03T11:00:00.000+07:00"
    answer = due(*question, "--pause", "2026-03-03T09:00..2026-03-05T09:00",
                 "--pause=2026-03-05 10:00..2026-03-06 10:00")
    assert answer["due"] == "2026-03-06T11:00:00.000+07:00"
    assert [note["what"] for note in answer["notes"]] == ["due_without_pauses", "pause", "pause"]


def test_says_how_it_came_about():
    told = due("--arrival", "2026-08-28 18:00", "--rule", "w1")
    assert told.startswith("Due: Friday 2026-09-04 07:30\n")
    for words in ("skipped Saturday 2026-08-29, Sunday 2026-08-30", "swapped with Saturday 22 August",
                  "Tuesday 2026-09-01, Wednesday 2026-09-02: a day off, National Day",
                  "counted from Thursday 2026-09-03"):
        assert words in told
    assert "bỏ qua thứ Ba 2026-09-01, thứ Tư 2026-09-02: ngày nghỉ, Quốc khánh" in due(
        "--arrival", "2026-08-28 18:00", "--rule", "w1", language="vi")
    assert "not checked against the published calendar" in due("--arrival", "2023-01-19 10:00", "--rule", "w1")


def test_a_year_that_is_missing(tmp_path):
    answer = due("--arrival", "2027-12-30 10:00", "--rule", "w3", "--json")
    assert answer["provisional"] and answer["provisional_from_year"] == 2028
    assert "PROVISIONAL" in due("--arrival", "2027-12-30 10:00", "--rule", "w3")
    year = tmp_path / "2028.yaml"
    year.write_text("year: 2028\ndays:\n  - { date: 2028-01-03, kind: off, why: Tết Dương lịch (nghỉ bù) }\n",
                    encoding="utf-8")
    shipped = os.path.join(ROOT, "deploy/networks/hcmc-2023/calendar")
    answer = due("--arrival", "2027-12-30 10:00", "--rule", "w3", "--json", "--calendar", shipped,
                 "--calendar", str(year))
    assert not answer["provisional"] and answer["due"] == "2028-01-05T10:00:00.000+07:00"
    year.write_text("year: 2028\ndays:\n  - { date: 2028-01-03, kind: of, why: x }\n", encoding="utf-8")
    assert "2028.yaml:3: unknown kind 'of'" in due("--arrival", "2027-12-30", "--rule", "w3", "--calendar", str(year),
                                                   code=FAULTS)


def test_what_is_wrong_with_the_line():
    for arguments in (("--rule", "w3"), ("--arrival", "2026-13-01", "--rule", "w3"), ("--arrival", "2026-03-02"),
                      ("--arrival", "2026-03-02", "--rule", "w1000"), ("--arrival", "1999-03-02", "--rule", "w3"),
                      ("--arrival", "2026-03-02", "--rule", "w3", "--hours", "nobody"),
                      ("--arrival", "2026-03-02", "--rule", "w3", "--pause", "2026-03-03..2026-03-02"),
                      ("--arrival", "2026-03-02", "--rule", "w3") + ("--pause", "2026-03-03..2026-03-04") * 65):
        assert due(*arguments, code=USAGE)

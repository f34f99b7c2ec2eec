"""`lienthong report` beside a running gateway: handoffs of some dossiers, and what the reports make of them."""
import csv
import io
import json
import time

import pytest

import lienthong_pb2 as pb
from gateway import COUNTER, INSURANCE, POLICE, PORTAL, SURVEY, WARD, wait_for
from wire import Refusal
from words import KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

HOUR_MS = 3_600_000
USAGE, BROKEN = 2, 5
NAME = "Nguyễn Văn Ví Dụ"


def deliver_all(gateway, code, count):
    link = gateway.link(code, RECEIVER, credit=count)
    for _ in range(count):
        assert link.outcome(link.deliver(), VERDICT.DELIVERED).state == STATE.DELIVERED
    link.close()


def last_days():
    """What was told an hour before midnight, or before a month ended, is in it too."""
    return "--from", time.strftime("%Y-%m-%d", time.localtime(time.time() - 7 * 86400))


@pytest.fixture
def told(gateway):
    """Four dossiers of the counter: done early, done late, refused, in process and overdue. The first was rated."""
    gateway.start_broker()
    counter, police, ward = gateway.link(COUNTER), gateway.link(POLICE, SENDER), gateway.link(WARD)
    now = time.time_ns() // 1_000_000
    papers = [pb.Component(code="GCS", copies=1, digitised=True), pb.Component(code="CT07", copies=1)]

    def forward(due_ms, **facts):
        return counter.submit(recipient=POLICE, kind=KIND.FORWARD, dossier_code=gateway.dossier(),
                              procedure_code="2.000986", source_time_ms=now - 5 * HOUR_MS,
                              facts={"status": 2, "channel": 1, "due_ms": due_ms, **facts}).handoff_id

    early = forward(now + 48 * HOUR_MS, channel=2, officer_to="CA-07", components=papers)
    late = forward(now - HOUR_MS, officer_to=NAME)
    refused, overdue = forward(now + HOUR_MS), forward(now - 2 * HOUR_MS)
    deliver_all(gateway, POLICE, 4)
    codes = {handoff: gateway.handoff(handoff).dossier_code for handoff in (early, late, refused, overdue)}
    for handoff, kind, facts in ((early, KIND.RESULT, {"officer_from": "CA-07", "components": papers[:1]}),
                                 (late, KIND.RESULT, {}), (refused, KIND.PROGRESS, {"status": 3})):
        police.submit(recipient=COUNTER, kind=kind, dossier_code=codes[handoff], parent=handoff,
                      source_time_ms=now - 60_000, facts=facts)
    ward.submit(recipient=INSURANCE, kind=KIND.RATING, dossier_code=codes[early],
                facts={"rating": pb.Rating(attitude=5, cost=3, trips=2)})
    deliver_all(gateway, INSURANCE, 1)
    # Other processes see what has been settled.
    wait_for(lambda: gateway.cli("report", *last_days(), "--json")["all"]["ratings"] == 1, 30, "it is not settled")
    return codes


def test_a_report_in_each_form(gateway, told):
    week = ("report", *last_days())
    whole = gateway.cli(*week, "--json", "--known-total", "8")
    assert whole["coverage"]["known"] == 4 and whole["coverage"]["of"] == 8
    figures = whole["all"]
    expected = {"received": 4, "received_online": 1, "received_counter": 3, "resolved": 2, "resolved_before": 1,
                "resolved_after": 1, "on_time_share": 50.0, "late_apologised": 0, "late_not_apologised": 1,
                "late_cause_agency": 1, "refused": 1, "in_process": 1, "in_process_late": 1, "in_process_in_time": 0,
                "papers": 2, "papers_digitised": 1, "results": 2, "results_digitised": 1, "ratings": 1,
                "attitude_average": 5.0, "cost_average": 3.0, "trips_average": 2.0, "several_trips_share": 100.0,
                "carried_over": 0, "known_total": 8}
    assert {name: figures[name] for name in expected} == expected
    assert figures["median_from_days"] <= figures["median_to_days"]

    table = gateway.cli(*week, "--known-total", "8")
    assert table.startswith("4 of 8 dossiers are known (50.0 %).\n")
    assert "Late without an apology" in table
    assert gateway.cli(*week, "--lang", "vi", "--known-total", "8").startswith("Biết 4 trong 8 hồ sơ (50,0 %).\n")
    assert "are known; how many there were is not" in gateway.cli(*week)

    [agency] = gateway.cli(*week, "--by", "agency", "--json")["lines"]
    assert (agency["agency"], agency["rank"], agency["received"]) == (COUNTER, 1, 4)
    assert agency["agency_name"].startswith("Bộ phận Tiếp nhận")
    [officer] = gateway.cli(*week, "--by", "officer", "--json")["lines"]
    assert (officer["agency"], officer["code"], officer["resolved_before"]) == (POLICE, "CA-07", 1)
    assert gateway.cli(*week, "--by", "officer", "--json")["coverage"]["known"] == 4
    [procedure] = gateway.cli(*week, "--by", "procedure", "--json")["lines"]
    assert (procedure["code"], procedure["resolved"]) == ("2.000986", 2)
    assert gateway.cli(*week, "--by", "field", "--json")["all"]["received"] == 4

    rows = list(csv.reader(io.StringIO(gateway.cli(*week, "--by", "agency", "--format", "csv"))))
    assert len(rows) == 3 and len({len(row) for row in rows}) == 1
    assert rows[1][rows[0].index("Resolved before time")] == "1" and rows[1][2] == COUNTER
    assert rows[1][rows[0].index("On time (%)")] == "50.0"
    for by in ("city", "agency", "officer", "field", "procedure"):
        for form in ("table", "csv", "json"):
            assert NAME not in gateway.cli(*week, "--by", by, "--format", form)


def test_periods_and_the_previous_one(gateway, told):
    def period(*arguments):
        document = gateway.cli("report", "--json", *arguments)
        return tuple(document[which][end] for which in ("before", "period") for end in ("from", "to"))

    at = ("--at", "2026-11-26 10:00")
    assert period(*at, "--preset", "tuan") == ("2026-11-16", "2026-11-22", "2026-11-23", "2026-11-29")
    assert period(*at, "--preset", "thang") == ("2026-10-01", "2026-10-31", "2026-11-01", "2026-11-30")
    assert period(*at, "--preset", "quy") == ("2026-07-01", "2026-09-30", "2026-10-01", "2026-12-31")
    assert period(*at, "--preset", "6-thang") == ("2026-01-01", "2026-06-30", "2026-07-01", "2026-12-31")
    assert period(*at, "--preset", "9-thang") == ("2025-01-01", "2025-09-30", "2026-01-01", "2026-09-30")
    assert period(*at, "--preset", "nam") == ("2025-01-01", "2025-12-31", "2026-01-01", "2026-12-31")
    # The books of a month are closed on the 14th: what comes after belongs to the next one.
    assert period(*at, "--preset", "thang", "--close", "14") == ("2026-10-15", "2026-11-14", "2026-11-15", "2026-12-14")
    assert period(*at, "--preset", "6-thang", "--close", "14") == ("2025-12-15", "2026-06-14", "2026-06-15",
                                                                   "2026-12-14")
    assert period(*at, "--preset", "nam", "--close", "14") == ("2024-12-15", "2025-12-14", "2025-12-15", "2026-12-14")
    assert period(*at) == ("2026-10-06", "2026-10-31", "2026-11-01", "2026-11-26")
    assert period("--from", "2026-03-02", "--to", "2026-03-04") == ("2026-02-27", "2026-03-01", "2026-03-02",
                                                                    "2026-03-04")
    # A year later what is in process was carried over, and everybody is new in the ranking that had no rank.
    later = gateway.cli("report", "--json", "--by", "agency", "--preset", "thang",
                        "--at", f"{time.localtime().tm_year + 1}-12-20")
    assert (later["all"]["carried_over"], later["all"]["received"], later["all"]["in_process_late"]) == (1, 0, 1)
    assert later["lines"][0]["rank"] is None and later["lines"][0]["moved"] is None


def test_what_others_know(gateway, told):
    with open(gateway.path("known.tsv"), "w", encoding="utf-8") as file:
        file.write(f"# mã, tổng số\n{COUNTER}\t16\n{WARD} 4\n")
    document = gateway.cli("report", *last_days(), "--by", "agency", "--json", "--known", gateway.path("known.tsv"))
    assert document["coverage"]["of"] == 20 and document["lines"][0]["known_total"] == 16
    gateway.write("bad.tsv", f"{COUNTER} many\n")
    assert "line 1" in gateway.cli("report", "--known", gateway.path("bad.tsv"), code=USAGE)


def test_a_sample_can_be_drawn_again(gateway, told):
    drawn = gateway.cli("report", "sample", "--n", "2", "--seed", "S", "--json")
    assert drawn["of"] == 3 and len(drawn["drawn"]) == 2
    assert {one["code"] for one in drawn["drawn"]} < set(told.values())
    assert gateway.cli("report", "sample", "--n", "2", "--seed", "S", "--json") == drawn
    orders = {tuple(one["code"] for one in gateway.cli("report", "sample", "--seed", str(seed), "--json")["drawn"])
              for seed in range(12)}
    assert len(orders) > 1 and all(len(order) == 3 for order in orders)
    assert gateway.cli("report", "sample", "--seed", "S", "--from", "2020-01-01", "--to", "2020-12-31",
                       "--json")["of"] == 0
    assert "2 drawn of 3 finished dossiers" in gateway.cli("report", "sample", "--n", "2", "--seed", "S")
    assert gateway.cli("report", "sample", "--seed", "S", "--format", "csv").count("\n") == 4


def test_what_is_not_taken(gateway):
    for wrong in (("--by", "street"), ("--preset", "thế-kỷ"), ("--preset", "quy", "--from", "2026-01-01"),
                  ("--from", "2026-02-30"), ("--from", "2026-03-02", "--to", "2026-03-01"), ("--close", "28"),
                  ("--format", "pdf"), ("--at", "noon"), ("other",), ("--seed", "S"), ("--n", "3"),
                  ("sample", "--seed", "S", "--by", "agency"), ("sample", "--seed", "S", "--agency", COUNTER),
                  ("sample", "--seed", "S", "--n", "x")):
        assert gateway.cli("report", *wrong, code=USAGE).count("\n") == 1, wrong
    gateway.start_broker()
    gateway.cli("report", "--known-total", "many", code=USAGE)
    gateway.cli("report", "sample", code=USAGE)
    gateway.cli("report", "--store", gateway.path("nowhere"), code=BROKEN)
    assert "H99" in gateway.cli("report", "--agency", "H99", code=1), "a mistyped code is no agency without dossiers"
    assert gateway.cli("report", "--agency", COUNTER, "--json")["all"]["received"] == 0
    empty = gateway.cli("report", "--json")
    assert empty["all"]["received"] == 0 and empty["lines"] == [] and empty["all"]["on_time_share"] is None


def test_a_rating_handed_off_as_a_file(gateway):
    """What a kiosk's program would write; a rating out of bounds is refused with the field."""
    gateway.start_broker()
    counter = gateway.link(COUNTER)
    code = gateway.dossier()
    counter.submit(recipient=POLICE, kind=KIND.FORWARD, dossier_code=code, facts={"status": 2})

    def rating(attitude):
        return json.dumps({"recipient": INSURANCE, "dossier_code": code, "kind": "RATING",
                           "facts": {"rating": {"attitude": attitude, "trips": 1}}})
    gateway.write("rating.json", rating(4))
    gateway.cli("submit", "--as", WARD, gateway.path("rating.json"))
    gateway.write("rating.json", rating(6))
    assert "header.facts.rating" in gateway.cli("submit", "--as", WARD, gateway.path("rating.json"), code=1)

    def counted():
        figures = gateway.cli("report", *last_days(), "--json")["all"]
        return figures if figures["ratings"] else None
    figures = wait_for(counted, 30, "it is not settled")
    assert (figures["ratings"], figures["attitude_average"], figures["cost_average"]) == (1, 4.0, None)


def test_ratings_reach_the_survey(city):
    """The example network: a kiosk of the counter writes a file, the portal speaks for itself; the survey's own system
    gets both over HTTP, without a name, and the city's report has them."""
    city.start_agencies(SURVEY)
    city.replace("adapter.yaml", "rest-forward.yaml", "survey-rating.yaml")
    city.start_adapter()

    def taken():
        return [line["body"] for line in city.agencies[SURVEY].lines() if line.get("acted")]

    code = city.dossier()
    counter, portal = city.link(COUNTER), city.link(PORTAL)
    counter.submit(recipient=POLICE, kind=KIND.FORWARD, dossier_code=code, procedure_code="2.000986", step="residence",
                   facts={"status": 2})
    city.write("rating.json", json.dumps({
        "recipient": SURVEY, "dossier_code": code, "kind": "RATING", "payload": {"name": NAME},
        "facts": {"rating": {"attitude": 4, "cost": 5, "trips": 1}}}))
    city.cli("submit", "--as", COUNTER, city.path("rating.json"))
    wait_for(lambda: len(taken()) == 1, 20, "the survey's system has no rating")
    portal.submit(recipient=SURVEY, kind=KIND.RATING, dossier_code=code, facts={"rating": pb.Rating(attitude=2)})
    wait_for(lambda: len(taken()) == 2, 20, "the portal's rating did not get there")
    with pytest.raises(Refusal) as refusal:
        portal.submit(recipient=SURVEY, kind=KIND.FORWARD, dossier_code=code)
    assert refusal.value.type == PROBLEM.NOT_ALLOWED
    answers = [tuple(body.get(name) for name in ("sender", "attitude", "cost_transparency", "trips"))
               for body in taken()]
    assert answers == [(COUNTER, 4, 5, 1), (PORTAL, 2, None, None)]
    assert NAME not in json.dumps(taken(), ensure_ascii=False)

    def counted():
        figures = city.cli("report", *last_days(), "--json")["all"]
        return figures if figures["ratings"] and figures["attitude_average"] == 2.0 else None
    figures = wait_for(counted, 30, "it is not settled")
    assert figures["ratings"] == 1, "a dossier is rated once: the last word counts"

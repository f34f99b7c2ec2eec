"""The programs as processes: readiness, watchdog, signals, a directory good and broken, one broker per store, a full
store."""
import os
import signal
import subprocess

import pytest

from gateway import BUILD, COUNTER, INSURANCE, POLICE, TAX, WARD, wait_for
from wire import Refusal, Silence
from words import CAUSE, KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT


def submit(link, gateway, to, **fields):
    return link.submit(recipient=to, **{"dossier_code": gateway.dossier(), "kind": KIND.FORWARD, **fields})


def refused(call, *arguments, **options):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **options)
    return caught.value.type


# ---------------------------------------------------------------- systemd, signals

def test_readiness_watchdog_and_stopping_are_told(gateway):
    gateway.start_broker(watchdog_us=400_000)
    wait_for(lambda: gateway.notify.heard("WATCHDOG=1") >= 3, 5, lambda: gateway.notify.said)
    assert gateway.stop_broker() == 0
    assert gateway.notify.heard("STOPPING=1") == 1


def test_sigterm_drains_and_stops_with_0(gateway):
    """Nothing new is taken; what is open with a receiver is waited for; its outcome is on disk."""
    gateway.start_broker()
    counter, police = gateway.link(COUNTER), gateway.link(POLICE, RECEIVER, credit=1)
    accepted = submit(counter, gateway, POLICE)
    delivered = police.deliver()
    gateway.broker.send_signal(signal.SIGTERM)
    wait_for(lambda: gateway.notify.heard("STOPPING=1"), 5, "it says that it stops")
    assert refused(submit, counter, gateway, POLICE) == PROBLEM.STOPPING
    assert police.outcome(delivered, VERDICT.DELIVERED).state == STATE.DELIVERED
    assert gateway.broker.wait(10) == 0
    gateway.start_broker()
    assert gateway.state(accepted.handoff_id) == STATE.DELIVERED


def test_sigterm_of_the_adapter_finishes_what_is_open(gateway):
    gateway.start_broker().start_agencies(TAX)
    gateway.agencies[TAX].rules([{"do": "slow", "seconds": 0.6}])
    gateway.start_adapter()
    accepted = submit(gateway.link(COUNTER), gateway, TAX)
    wait_for(lambda: gateway.agencies[TAX].summary().posts, 10, "the POST is there")
    assert gateway.stop_adapter() == 0
    assert gateway.state(accepted.handoff_id) == STATE.DELIVERED


def test_one_broker_per_store(gateway):
    gateway.start_broker()
    second = subprocess.run([os.path.join(BUILD, "lienthongd"), "--config", gateway.path("broker.yaml")],
                            capture_output=True, timeout=15)
    assert second.returncode == 3
    assert gateway.facts()


def test_a_broker_that_cannot_start_says_so(gateway):
    os.chmod(gateway.path("keys/gateway.secret"), 0o644)
    command = [os.path.join(BUILD, "lienthongd"), "--config", gateway.path("broker.yaml")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=15)
    assert ran.returncode == 2 and "gateway.secret" in ran.stderr
    os.chmod(gateway.path("keys/gateway.secret"), 0o600)
    gateway.replace("directory/agencies.yaml", "class: probe", "class: sometimes")
    ran = subprocess.run(command, capture_output=True, text=True, timeout=15)
    assert ran.returncode == 2 and "agencies.yaml:" in ran.stderr


# ---------------------------------------------------------------- the directory

def hup(gateway):
    gateway.broker.send_signal(signal.SIGHUP)


def version(gateway):
    return int(gateway.facts()["directory_version"])


def test_a_new_directory_takes_force_at_once(gateway):
    """A permit more, a key less: from the next frame on, without a new connection."""
    gateway.start_broker()
    police, ward, before = gateway.link(POLICE), gateway.link(WARD), version(gateway)
    assert refused(submit, police, gateway, TAX) == PROBLEM.NOT_ALLOWED
    gateway.write("directory/permits.yaml", gateway.read("directory/permits.yaml")
                  + "- { from: G01.29.07, to: G12.29.07, kinds: [FORWARD] }\n")
    gateway.replace("directory/agencies.yaml",
                    "keys: [{ public_key_file: ../keys/H29.07.01.public, roles: [sender, receiver] }]", "")
    hup(gateway)
    wait_for(lambda: version(gateway) == before + 1, 5, "the new directory")
    assert submit(police, gateway, TAX).state == STATE.READY
    assert refused(submit, ward, gateway, TAX) in (PROBLEM.NOT_ALLOWED, PROBLEM.NO_HELLO)


def test_a_broken_directory_changes_nothing(gateway):
    """All or nothing: every fault with file and line in the log, the old one stays in force."""
    gateway.start_broker()
    counter, before = gateway.link(COUNTER), version(gateway)
    good = gateway.read("directory/permits.yaml")
    gateway.write("directory/permits.yaml", "- { from: WARD, to: SECTOR, kinds: [FORWORD] }\n- { from: H99.07 }\n")
    hup(gateway)
    wait_for(lambda: gateway.read("broker.log").count("permits.yaml:") >= 2, 5,
             lambda: gateway.tail(gateway.broker_log))
    assert version(gateway) == before
    assert submit(counter, gateway, TAX).state == STATE.READY
    gateway.write("directory/permits.yaml", good)
    hup(gateway)
    gateway.facts()
    assert version(gateway) == before, "the same directory again is no new version"


def test_keys_are_rotated_without_loss(gateway):
    """Two keys are valid for a while; then the old one is taken out."""
    gateway.start_broker()
    old = gateway.link(POLICE, SENDER | RECEIVER, credit=1)
    gateway.cli("keygen", gateway.path("keys/new"), site=False)
    line = "- public_key_file: ../keys/G01.29.07.public\n      roles: [sender, receiver]\n"
    new_line = line.replace("G01.29.07", "new")
    gateway.replace("directory/agencies.yaml",
                    "keys: [{ public_key_file: ../keys/G01.29.07.public, roles: [sender, receiver] }]",
                    f"keys:\n    {line}    {new_line}")
    before = version(gateway)
    hup(gateway)
    wait_for(lambda: version(gateway) == before + 1, 5, "both keys")
    new = gateway.link("new", SENDER | RECEIVER, credit=1)
    assert new.welcome.agency == old.welcome.agency == POLICE
    gateway.replace("directory/agencies.yaml", f"    {line}", "")
    hup(gateway)
    wait_for(lambda: version(gateway) == before + 2, 5, "the new key alone")
    assert refused(old.track, "H29.07-230425-9999") in (PROBLEM.NOT_ALLOWED, PROBLEM.NO_HELLO)
    accepted = submit(gateway.link(COUNTER), gateway, POLICE)
    assert new.outcome(new.deliver(), VERDICT.DELIVERED).handoff_id == accepted.handoff_id


def test_adapter_with_a_broken_configuration_keeps_the_old_one(gateway):
    gateway.start_broker().start_agencies(POLICE)
    gateway.start_adapter()
    wait_for(lambda: gateway.agency(POLICE).sessions, 10, "the adapter's session")
    gateway.replace("adapter.yaml", "dialect: rest", "dialect: nonsense")
    gateway.adapter.send_signal(signal.SIGHUP)
    wait_for(lambda: "nonsense" in gateway.read("adapter.log"), 5, lambda: gateway.tail(gateway.adapter_log))
    accepted = submit(gateway.link(COUNTER), gateway, POLICE)
    gateway.wait_state(accepted.handoff_id, STATE.DELIVERED)


# ---------------------------------------------------------------- frozen, and full

def test_an_adapter_frozen_past_its_lease_does_not_act_on_what_lay_about(gateway):
    """SIGSTOP for longer than the lease: the DELIVER in its socket is stale and goes nowhere. The adapter says so, and
    because it knows that nothing was sent, even tax may be sent its first POST."""
    gateway.start_broker().start_agencies(TAX)
    gateway.start_adapter()
    wait_for(lambda: gateway.agency(TAX).sessions, 10, "the adapter's session")
    gateway.adapter.send_signal(signal.SIGSTOP)
    accepted = submit(gateway.link(COUNTER), gateway, TAX)
    gateway.wait_state(accepted.handoff_id, STATE.UNSURE, seconds=15)
    gateway.adapter.send_signal(signal.SIGCONT)
    other = submit(gateway.link(COUNTER), gateway, TAX)
    gateway.wait_state(other.handoff_id, STATE.DELIVERED, seconds=15)       # so it has read all that lay about
    views = gateway.wait_state(accepted.handoff_id, STATE.DELIVERED, seconds=15)
    posts = [line for line in gateway.agencies[TAX].lines() if line["key"] == f"live-{accepted.handoff_id:016x}"]
    assert (views.attempt, len(posts)) == (2, 1), "the stale one said that it sent nothing; the second one was sent"


def test_full_is_a_designed_state(gateway):
    """Intake is refused early with a reason, while deliveries, outcomes and operators go on."""
    gateway.replace("broker.yaml", "ballast_bytes: 1MiB", "ballast_bytes: 1MiB, bytes_max: 12MiB")
    gateway.start_broker()
    counter, handoffs = gateway.link(COUNTER), []
    for _ in range(200):
        try:
            handoffs.append(submit(counter, gateway, POLICE, payload=os.urandom(200 << 10)))
        except Refusal as problem:
            full = problem
            break
    assert full.type == PROBLEM.FULL and full.retry_after_ms > 0 and full.sentence_vi and full.sentence_en
    assert len(handoffs) > 5
    police = gateway.link(POLICE, RECEIVER, credit=4)
    for _ in handoffs:
        assert police.outcome(police.deliver(), VERDICT.DELIVERED).state == STATE.DELIVERED
    assert gateway.facts()["handoffs_delivered"] == str(len(handoffs))
    assert "intake_closed" in gateway.facts()


def test_the_broker_takes_back_what_was_open_when_it_was_killed(gateway):
    """OFFERED by class at the start: READY, READY and ask first, UNSURE."""
    gateway.start_broker()
    counter, open_ids = gateway.link(COUNTER), {}
    for code in (POLICE, INSURANCE, TAX):
        link = gateway.link(code, RECEIVER, credit=1)
        open_ids[code] = submit(counter, gateway, code).handoff_id
        assert link.deliver().attempt == 1
        link.close()
        assert gateway.handoff(open_ids[code]).attempt == 1
        gateway.kill_broker()
        gateway.start_broker()
        counter = gateway.link(COUNTER)
    assert gateway.state(open_ids[TAX]) == STATE.UNSURE
    for code in (POLICE, INSURANCE):
        link = gateway.link(code, RECEIVER, credit=1)
        again = link.deliver()
        assert (again.handoff_id, again.attempt) == (open_ids[code], 2)
        assert again.routing.ask_first == (code == INSURANCE)
        causes = [event.cause for event in gateway.handoff(open_ids[code]).events]
        assert CAUSE.BROKER_STARTED in causes or CAUSE.SESSION_LOST in causes
        link.outcome(again, VERDICT.DELIVERED)


def test_events_form_a_chain_that_check_store_walks(gateway):
    gateway.start_broker()
    link = gateway.link(COUNTER)
    links = {submit(link, gateway, TAX).link for _ in range(5)}
    assert len(links) == 5, "one link per turn"
    seq = int(gateway.facts()["commit_seq"])
    assert gateway.stop_broker() == 0
    report = gateway.cli("check-store", "--json")
    assert report["faults"] == [] and report["turns"] >= seq and report["handoffs"] == 5


# ---------------------------------------------------------------- the programs' own command lines, and their bounds

def run(*arguments):
    return subprocess.run([os.path.join(BUILD, arguments[0]), *arguments[1:]], capture_output=True, text=True,
                          timeout=15)


def test_check_print_and_wrong_usage(gateway):
    gateway.start_agencies(POLICE)
    config, adapter = gateway.path("broker.yaml"), gateway.path("adapter.yaml")
    assert run("lienthongd", "--config", config, "--check").returncode == 0
    printed = run("lienthongd", "--config", config, "--print-config")
    assert printed.returncode == 0 and "handshakes_per_minute" in printed.stdout
    assert run("lienthong-adapter", "--config", adapter, "--check").returncode == 0
    for program in ("lienthongd", "lienthong-adapter"):
        assert run(program).returncode == run(program, "--nonsense").returncode == 2
        assert run(program, "--version").returncode == run(program, "--help").returncode == 0
    gateway.write("broker.yaml", gateway.read("broker.yaml") + "nonsense: 1\n")
    checked = run("lienthongd", "--config", config, "--check")
    assert checked.returncode == 2 and "broker.yaml:" in checked.stderr and "nonsense" in checked.stderr
    gateway.replace("adapter.yaml", "total_timeout: 1s", "total_timeout: 1 hour")
    checked = run("lienthong-adapter", "--config", adapter, "--check")
    assert checked.returncode == 1 and "adapter.yaml:" in checked.stderr


def test_what_print_config_prints_is_a_configuration(gateway):
    printed = run("lienthongd", "--config", gateway.path("broker.yaml"), "--print-config").stdout
    gateway.write("again.yaml", printed)
    assert run("lienthongd", "--config", gateway.path("again.yaml"), "--print-config").stdout == printed


def test_sessions_of_one_agency_are_bounded(gateway):
    gateway.write("broker.yaml", gateway.read("broker.yaml") + "sessions_per_agency_max: 3\n")
    gateway.start_broker()
    links = [gateway.link(WARD) for _ in range(3)]
    one_more = gateway.link(WARD, hello=False)
    with pytest.raises(Refusal) as caught:
        one_more.hello(SENDER)
    assert caught.value.type == PROBLEM.BUSY and caught.value.retry_after_ms > 0
    assert gateway.link(COUNTER).welcome.agency == COUNTER, "others are not concerned"
    links[0].close()

    def gets_in():
        try:
            return one_more.hello(SENDER)
        except Refusal:
            return None
    assert wait_for(gets_in, 5, "room again").agency == WARD


def test_an_agency_that_reconnects_too_often_is_put_off(gateway):
    gateway.replace("broker.yaml", "handshakes_per_minute: 6000", "handshakes_per_minute: 5")
    gateway.start_broker()
    links = [gateway.link(WARD) for _ in range(5)]
    sixth = gateway.link(WARD, hello=False)
    with pytest.raises(Silence):
        sixth.hello(SENDER, seconds=0.7)
    assert links[0].cursor("still-there") == b"" and gateway.link(COUNTER).welcome.agency == COUNTER


def test_kept_messages_survive_the_sender(gateway, tmp_path):
    """submit --keep: on the sender's disk before anything else; the next process sends what was not answered."""
    files = []
    for number in (1, 2):
        files.append(str(tmp_path / f"{number}.json"))
        with open(files[-1], "w", encoding="utf-8") as file:
            file.write(f'{{"recipient": "{TAX}", "dossier_code": "H29.07-230426-000{number}", "kind": "FORWARD", '
                       '"payload": {}}')
    keep = ("--keep", str(tmp_path / "kept"), "--as", COUNTER)
    gateway.cli("submit", files[0], *keep, "--timeout", "500ms", code=3)
    gateway.start_broker()
    [answer] = gateway.cli("submit", files[1], *keep, "--json")
    assert answer["accepted"]
    codes = wait_for(lambda: {view.dossier_code for view in gateway.handoffs(agency=TAX)}, 5, "both are there")
    assert codes == {"H29.07-230426-0001", "H29.07-230426-0002"}

"""`make wan` says that stories passed only when they did: what it makes of a machine that does not boot, falls over,
hangs or says nothing. No machine is needed for that, only something that speaks like one."""
import subprocess

import pytest

import vm
import wan

UP, GOOD = "vm_init: up 6.1.0-1-amd64", "12 passed, 0 failed"


def follow(script, boot_seconds=20, seconds=20):
    process = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE)
    ended = vm.follow(process, boot_seconds, seconds, lambda line: None)
    process.wait(10)
    process.stdout.close()
    return ended, wan.judge(ended.status, ended.lines, ended.why)


@pytest.mark.parametrize("status, lines, passed, failed", [
    (0, ["12 passed", GOOD], 12, 0),
    (1, ["11 passed, 1 failed"], 11, 1),
    (0, ["skipped: 3", "9 passed, 0 failed"], 9, 3),
    (0, ["nothing ran", "0 passed, 0 failed"], 0, 1),
    (1, [GOOD], 12, 1),
    (0, ["12 passed in 3.0s"], 0, 1),
    (0, [GOOD, "and then something else"], 0, 1),
    (0, [], 0, 1),
    (None, [GOOD], 0, 1),
])
def test_what_counts_as_passed(status, lines, passed, failed):
    assert wan.judge(status, lines)[:2] == (passed, failed)


def test_a_machine_that_does_all_it_should():
    ended, judged = follow(f"echo '{UP}'; echo '{GOOD}'; printf 'vm_init: ended 0\\r\\n'")
    assert (ended.kernel, ended.status, ended.why, ended.lines) == ("6.1.0-1-amd64", 0, "", [GOOD])
    assert judged == (12, 0, "")


def test_a_machine_that_does_not_boot():
    assert follow("exit 1")[1] == (0, 1, "the virtual machine did not boot")
    assert follow("exec sleep 60", boot_seconds=0.2)[1] == (0, 1, "the virtual machine did not boot within 0.2 s")


def test_a_machine_that_falls_over_or_hangs():
    assert follow(f"echo '{UP}'; echo '{GOOD}'")[1] == (0, 1, "the virtual machine fell over")
    hangs = f"echo '{UP}'; exec sleep 60"
    assert follow(hangs, seconds=0.5)[1] == (0, 1, "the virtual machine was not done after 0.5 s")


def test_a_program_that_failed_in_it():
    assert follow(f"echo '{UP}'; echo '{GOOD}'; echo 'vm_init: ended 1'")[1] == (12, 1, "exit status 1")


def test_modules_come_after_what_they_need(tmp_path):
    paths = {}
    for name, needs in (("netfs", ""), ("fscache", "netfs"), ("9p", "9pnet,fscache,netfs"), ("9pnet", "")):
        paths[name] = str(tmp_path / f"{name}.ko")
        (tmp_path / f"{name}.ko").write_bytes(b"\x7fELF\0license=GPL\0depends=" + needs.encode() + b"\0name=x\0")
    assert vm.in_order(["9p"], paths) == [paths[name] for name in ("9pnet", "netfs", "fscache", "9p")]

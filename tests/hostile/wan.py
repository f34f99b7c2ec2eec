#!/usr/bin/python3
"""The stories of test_wan.py over the kernel's own netem, between two network namespaces: here when this kernel has it,
else in a virtual machine with Debian's kernel (vm.py). Root only.

    wan.py [--vm] [WORD]        --vm: in the virtual machine all the same; WORD: only stories whose name contains it

The closing line says how many passed and failed, and by which kernel. What is skipped has failed here."""
import argparse
import os
import re
import shlex
import subprocess
import sys

from vm import HERE, ROOT, Vm

BUILD = os.environ.get("LIENTHONG_BUILD", os.path.join(ROOT, "build"))
SECONDS = 1500              # seven minutes on two cores, most of it waiting for cut lines
SUM = re.compile(r"(\d+) passed, (\d+) failed")


def why_no_netem():
    """Tried in a namespace of its own that ends at once; "" when it is there."""
    tried = subprocess.run(["unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"],
                           capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"exit status {tried.returncode}"


def command(word):
    """For /bin/sh: a namespace of its own is the near end, and the sum is made by the runner of all tests."""
    names = f"netem and {word}" if word else "netem"
    pytest = shlex.join([sys.executable, "-m", "pytest", "-v", "--no-header", "-rfEs", "-p", "no:cacheprovider",
                         "tests/hostile/test_wan.py", "-k", names])
    inside = f"ip link set lo up && exec tests/check/run-tests --stream wan {shlex.quote('wan=' + pytest)}"
    return (f"cd {shlex.quote(ROOT)} && export LIENTHONG_NETEM=1 && "
            f"exec unshare --net /bin/sh -c {shlex.quote(inside)}")


def run_here(word):
    with subprocess.Popen(["/bin/sh", "-c", command(word)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True) as process:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            show(lines[-1])
    return process.returncode, lines


def show(line):
    """As it comes, but for the sum, which is said with the kernel's name at the end."""
    if not SUM.fullmatch(line.strip()):
        print(line, flush=True)


def judge(status, lines, why=""):
    """passed, failed, and the reason where the numbers alone would not be understood. Passed is only what ended well,
    said so, and left nothing out."""
    sums = [SUM.fullmatch(line.strip()) for line in lines if line.strip()]
    if status is None or not sums or not sums[-1]:
        return 0, 1, why or "the tests did not end with their sum"
    passed, failed = map(int, sums[-1].groups())
    skipped = sum(int(found[1]) for line in lines if (found := re.fullmatch(r"skipped: (\d+)", line.strip())))
    if skipped:
        return passed, failed + skipped, f"{skipped} skipped, which counts as failed here"
    if not failed and (status or not passed):
        return passed, 1, f"exit status {status}" if status else "nothing ran"
    return passed, failed, ""


def main():
    options = argparse.ArgumentParser(usage=__doc__)
    options.add_argument("--vm", action="store_true")
    options.add_argument("word", nargs="?", default="")
    options = options.parse_args()
    if os.geteuid() != 0:
        print("network namespaces, and files as they are in the virtual machine, need root")
        print("0 passed, 1 failed; over netem nowhere")
        return 1
    subprocess.run([os.path.join(ROOT, "deploy", "install-dependencies"), "hostile"], check=True)
    lack = why_no_netem()
    if not lack and not options.vm:
        where = f"in this machine's kernel, {os.uname().release}"
        passed, failed, why = judge(*run_here(options.word))
    else:
        reason = f"no netem here: {lack}" if lack else "netem is here, but you ask for it"
        print(f"  {reason}; a virtual machine starts", flush=True)
        vm = Vm(os.path.join(BUILD, "vm"))
        vm.fetch()
        ended = vm.run(command(options.word), SECONDS, show)
        where = f"in a virtual machine with kernel {ended.kernel}" if ended.kernel else "nowhere"
        where += ", its processor emulated" if ended.kernel and ended.how == "tcg" else ""
        passed, failed, why = judge(ended.status, ended.lines, ended.why)
        why += f"; see {os.path.relpath(vm.console)} and qemu.log beside it" if ended.why else ""
    if why:
        print(why)
    print(f"{passed} passed, {failed} failed; over netem {where}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

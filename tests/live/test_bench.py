"""The benchmark that fails before it has begun: it leaves nothing behind."""
import os
import shutil
import signal
import subprocess
import sys

import pytest

from gateway import ROOT


def running_in(folder):
    """The processes whose command line names this folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if os.fsencode(folder) in file.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


@pytest.mark.skipif(not shutil.which("nginx"), reason="no nginx")
def test_a_bench_that_cannot_begin_leaves_no_nginx(tmp_path):
    (tmp_path / "lienthong").symlink_to("/bin/false")
    folder = str(tmp_path / "bench-run")
    ran = subprocess.run([sys.executable, f"{ROOT}/tests/bench/bench.py", "--folder", folder], text=True, timeout=60,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         env={**os.environ, "LIENTHONG_BUILD": str(tmp_path)})
    left = running_in(folder)
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    assert ran.returncode != 0 and "lienthong" in ran.stderr
    assert not left and not os.path.exists(folder)

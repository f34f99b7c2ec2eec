"""A ward at the end of a bad line: packets that are lost, late, out of order; a line that is cut for a while.

The broker runs at the far end, in a network namespace of its own; client library, adapter and agencies here. Counted in
the agencies' books: everything accepted, each once at an idempotent agency, and sessions come back by themselves."""
import os
import shutil
import subprocess
import time

import pytest

from gateway import BUILD, COUNTER, POLICE, Gateway, wait_for
from line import FAR, Line
from test_identity import submit
from words import STATE

pytestmark = pytest.mark.long          # how long a bad line takes is chance
LOAD = os.path.join(BUILD, "bench", "submit_load")


class FarGateway(Gateway):
    """Its broker is run at the other end of the line; unix sockets know nothing of that."""

    def __init__(self, folder, line):
        super().__init__(folder)
        self.endpoint = f"tcp://{FAR}:{self.port}"
        text = self.read("broker.yaml").replace("tcp://127.0.0.1", f"tcp://{FAR}")
        self.write("broker.yaml", text + "allow_remote: true\n")
        program = self.path("lienthongd-at-the-far-end")
        self.write(program, "#!/bin/sh\nexec " + " ".join(line.command(os.path.join(BUILD, "lienthongd"))) + ' "$@"\n')
        os.chmod(program, 0o700)
        self.program = program


@pytest.fixture
def line():
    if os.geteuid() != 0 or not shutil.which("ip") or not os.path.exists("/dev/net/tun"):
        pytest.skip("needs root, iproute2 and /dev/net/tun for a line between two network namespaces")
    made = Line()
    yield made
    made.stop()


@pytest.fixture
def far(tmp_path, line):
    made = FarGateway(tmp_path, line)
    yield made
    assert made.stop_broker() == 0
    assert made.cli("check-store", "--json")["faults"] == []
    made.close()


def start_load(far, count, rate):
    """The C library, one session, until every handoff is accepted."""
    return subprocess.Popen([LOAD, far.endpoint, far.path("keys/gateway.public"), far.path(f"keys/{COUNTER}.secret"),
                             COUNTER,
                             POLICE, str(count), "1024", str(rate), "0"], stdout=subprocess.PIPE, text=True)


def finish_load(process, seconds):
    told, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, told
    return dict(line.split() for line in told.splitlines())


def once_each(far, count):
    """By the agency's own book, and by the gateway's."""
    wait_for(lambda: len(far.agencies[POLICE].summary().acts) >= count, 60, "all is delivered")
    wait_for(lambda: all(view.state == STATE.DELIVERED for view in far.handoffs()), 30, "all is known to be")
    summary = far.agencies[POLICE].summary()
    assert len(summary.acts) == count and summary.doubled == {}
    assert len(far.handoffs()) == count


@pytest.mark.parametrize("count, bad", [
    (60, {"delay_ms": 40, "jitter_ms": 20, "loss": 0.03}),
    (200, {"delay_ms": 150, "jitter_ms": 100, "loss": 0.10}),
], ids=["3-percent", "10-percent"])
def test_loss_and_delay(far, line, capsys, count, bad):
    far.start_broker().start_agencies(POLICE)
    line.order(**bad)
    far.start_adapter()
    told = finish_load(start_load(far, count, 20), 180)
    assert int(told["accepted"]) == count
    once_each(far, count)
    counts = line.order()
    assert counts["lost"] > 0
    with capsys.disabled():
        print(f"\n    {bad}: {count} once each, packets {counts}, "
              f"accept p99 {float(told['accept_p99_us']) / 1000:.0f} ms")


@pytest.mark.parametrize("cut_s", [4, 30])
def test_a_line_that_is_cut_and_comes_back(far, line, cut_s):
    """Longer than a lease, or than the heartbeat: sessions of both sides come back, nothing is done twice."""
    far.start_broker().start_agencies(POLICE)
    line.order(delay_ms=20)
    far.start_adapter()
    count = 150
    load = start_load(far, count, 40)
    summary = far.agencies[POLICE].summary
    wait_for(lambda: len(summary().acts) > 20, 20, "some are delivered")
    line.order(cut=True)
    time.sleep(cut_s)
    assert load.poll() is None
    line.order(cut=False)
    assert int(finish_load(load, 120)["accepted"]) == count
    once_each(far, count)


def test_a_line_that_comes_and_goes(far, line):
    far.start_broker().start_agencies(POLICE)
    line.order(delay_ms=30, loss=0.02)
    far.start_adapter()
    load = start_load(far, 300, 20)
    for seconds in (0.5, 2, 0.2, 5, 1, 3):
        time.sleep(1)
        line.order(cut=True)
        time.sleep(seconds)
        line.order(cut=False)
    assert int(finish_load(load, 120)["accepted"]) == 300
    once_each(far, 300)


def test_a_receiver_whose_network_goes_away(far, line):
    """It holds a delivery when the line is cut, without a FIN: its session ends, the next one gets what it held."""
    far.start_broker()
    first = far.link(POLICE, 2, credit=1)
    sender = far.link(COUNTER)
    accepted = submit(sender, far)
    assert first.deliver().handoff_id == accepted.handoff_id
    line.order(cut=True)
    wait_for(lambda: far.agency(POLICE).sessions == 0, 30, "the session has ended")
    line.order(cut=False)
    second = far.link(POLICE, 2, credit=1)
    assert second.deliver(20).handoff_id == accepted.handoff_id


def test_the_kernel_s_own_netem(far, line):
    """The same with tc netem on top, where the kernel has it."""
    device = subprocess.run(line.command("ip", "-o", "route", "show"), capture_output=True, text=True, check=True)
    name = device.stdout.split(" dev ")[1].split()[0]
    ran = subprocess.run(line.command("tc", "qdisc", "add", "dev", name, "root", "netem", "delay", "50ms", "20ms",
                                      "loss",
                                      "5%"), capture_output=True, text=True, check=False)
    far.start_broker()
    if ran.returncode:
        pytest.skip(f"this kernel has no netem ({ran.stderr.strip()}); line.py's own loss and delay were used instead")
    far.start_agencies(POLICE)
    far.start_adapter()
    finish_load(start_load(far, 60, 20), 120)
    once_each(far, 60)

"""A ward at the end of a bad line: packets that are lost, late, out of order; a line that is cut for a while.

The broker runs at the far end, in a network namespace of its own; client library, adapter and agencies here. Counted in
the agencies' books: everything accepted, each once at an idempotent agency, and sessions come back by themselves.

Each story is told over line.py's relay, and over the kernel's netem (netem.py) where the kernel has it; `make wan`
finds one that has. A story spoils its line by spoil() and cut(), which measure that it is as bad as was ordered."""
import functools
import os
import shutil
import subprocess
import time

import pytest

from echo import Echo
from gateway import BUILD, COUNTER, POLICE, Gateway, wait_for
from line import FAR, Line
from netem import Netem, NoNetem
from test_identity import submit
from words import STATE

LOAD = os.path.join(BUILD, "bench", "submit_load")
LONG = pytest.mark.long                # how long a bad line takes is chance: `make test` has one short story
LINES = {"relay": Line, "netem": Netem, "netem-down": functools.partial(Netem, cut_by="down")}
ALL_LINES = pytest.mark.parametrize("line", [pytest.param(name, marks=LONG) for name in LINES], indirect=True)
MUST_HAVE_NETEM = "LIENTHONG_NETEM" in os.environ                       # `make wan`: to be skipped is to fail


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
        self.program, self.loads = program, []

    def start_load(self, count, rate):
        """The C library, one session, until every handoff is accepted."""
        self.loads.append(subprocess.Popen(
            [LOAD, self.endpoint, self.path("keys/gateway.public"), self.path(f"keys/{COUNTER}.secret"), COUNTER,
             POLICE, str(count), "1024", str(rate), "0"], stdout=subprocess.PIPE, text=True))
        return self.loads[-1]

    def close(self):
        for load in self.loads:
            load.kill()
            load.wait(10)
        super().close()


def make_line(name):
    if os.geteuid() != 0 or not shutil.which("ip") or not (name != "relay" or os.path.exists("/dev/net/tun")):
        raise OSError("needs root, iproute2 and /dev/net/tun for a line between two network namespaces")
    try:
        return LINES[name]()
    except NoNetem as error:
        raise OSError(f"this kernel has no netem ({error}): `make wan` finds one that has") from error


@pytest.fixture(params=["relay", pytest.param("netem", marks=LONG)])
def line(request):
    """For stories without a cut; those with one are told over ALL_LINES."""
    try:
        made = make_line(request.param)
    except OSError as error:
        if MUST_HAVE_NETEM:
            raise
        pytest.skip(str(error))
    try:
        made.echo = Echo(made)
        yield made
        made.echo.stop()
    finally:
        made.stop()


def spoil(line, delay_ms, **bad):
    """A plain round trip takes as much longer as was ordered: else nothing that follows would show anything."""
    before_ms = line.echo.round_trip_ms()
    line.order(delay_ms=delay_ms, **bad)
    after_ms = line.echo.round_trip_ms()
    assert before_ms < delay_ms and after_ms > 1.8 * delay_ms, \
        f"{delay_ms} ms each way: {before_ms:.1f} became {after_ms:.1f} ms"
    return before_ms, after_ms


def cut(line, seconds):
    """Nobody gets through meanwhile."""
    end = time.monotonic() + seconds
    line.order(cut=True)
    assert not line.echo.is_reached(seconds * 0.5)
    time.sleep(max(0, end - time.monotonic()))
    line.order(cut=False)


@pytest.fixture
def far(tmp_path, line):
    made = FarGateway(tmp_path, line)
    try:
        yield made
        assert made.stop_broker() == 0
        assert made.cli("check-store", "--json")["faults"] == []
    finally:
        made.close()


def finish_load(process, seconds):
    told, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, told
    return dict(line.split() for line in told.splitlines())


def once_each(far, count):
    """By the agency's own book, and by the gateway's. With a tenth of the packets lost, TCP pauses for up to half a
    minute at a time."""
    wait_for(lambda: len(far.agencies[POLICE].summary().acts) >= count, 180, "all is delivered")
    wait_for(lambda: all(view.state == STATE.DELIVERED for view in far.handoffs()), 30, "all is known to be")
    summary = far.agencies[POLICE].summary()
    assert len(summary.acts) == count and summary.doubled == {}
    assert len(far.handoffs()) == count


@ALL_LINES
def test_the_line_itself(line, capsys):
    """What is ordered is what a stranger measures, and it ends when it is ordered to end."""
    before_ms, after_ms = spoil(line, 50)
    cut(line, 2)
    assert line.echo.is_reached(20)
    line.order(delay_ms=0)
    again_ms = line.echo.round_trip_ms()
    assert again_ms < 50
    lost = line.order(loss=0.5)["lost"]
    for _ in range(20):
        line.echo.is_reached(0.1)
    assert line.order(loss=0)["lost"] > lost
    with capsys.disabled():
        print(f"\n    round trip {before_ms:.1f} ms, with 50 ms each way {after_ms:.1f} ms, again {again_ms:.1f} ms")


@pytest.mark.parametrize("count, bad", [
    (60, {"delay_ms": 40, "jitter_ms": 20, "loss": 0.03}),
    pytest.param(200, {"delay_ms": 150, "jitter_ms": 100, "loss": 0.10}, marks=LONG),
], ids=["3-percent", "10-percent"])
def test_loss_and_delay(far, line, capsys, count, bad):
    far.start_broker().start_agencies(POLICE)
    _, round_trip_ms = spoil(line, **bad)
    lost = line.order()["lost"]
    far.start_adapter()
    told = finish_load(far.start_load(count, 20), 180)
    assert int(told["accepted"]) == count
    once_each(far, count)
    counts = line.order()
    assert counts["lost"] > lost
    with capsys.disabled():
        print(f"\n    {bad}: {count} once each, packets {counts}, round trip {round_trip_ms:.0f} ms, "
              f"accept p99 {float(told['accept_p99_us']) / 1000:.0f} ms")


@ALL_LINES
@pytest.mark.parametrize("cut_s", [4, 30])
def test_a_line_that_is_cut_and_comes_back(far, line, cut_s):
    """Longer than a lease, or than the heartbeat: sessions of both sides come back, nothing is done twice."""
    far.start_broker().start_agencies(POLICE)
    spoil(line, 20)
    far.start_adapter()
    wait_for(lambda: far.agency(POLICE).sessions, 20, "the adapter is there")
    count = 300         # seven seconds of it: the cut comes in the middle, on a slow processor too
    load = far.start_load(count, 40)
    summary = far.agencies[POLICE].summary
    wait_for(lambda: len(summary().acts) > 20, 20, "some are delivered")
    cut(line, cut_s)
    assert load.poll() is None
    assert int(finish_load(load, 120)["accepted"]) == count
    once_each(far, count)


@ALL_LINES
def test_a_line_that_comes_and_goes(far, line):
    far.start_broker().start_agencies(POLICE)
    spoil(line, 30, loss=0.02)
    far.start_adapter()
    load = far.start_load(300, 20)
    for seconds in (0.5, 2, 0.2, 5, 1, 3):
        time.sleep(1)
        cut(line, seconds)
    assert int(finish_load(load, 120)["accepted"]) == 300
    once_each(far, 300)


@ALL_LINES
def test_a_receiver_whose_network_goes_away(far, line):
    """It holds a delivery when the line is cut, without a FIN: its session ends, the next one gets what it held."""
    far.start_broker()
    first = far.link(POLICE, 2, credit=1)
    sender = far.link(COUNTER)
    accepted = submit(sender, far)
    assert first.deliver().handoff_id == accepted.handoff_id
    line.order(cut=True)
    assert not line.echo.is_reached(1)
    wait_for(lambda: far.agency(POLICE).sessions == 0, 30, "the session has ended")
    line.order(cut=False)
    second = far.link(POLICE, 2, credit=1)
    assert second.deliver(20).handoff_id == accepted.handoff_id

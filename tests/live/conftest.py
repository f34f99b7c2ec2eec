"""Where the tests find their helpers, and the gateways they use."""
import os
import signal
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("client", "agencies"):
    sys.path.insert(0, os.path.join(TESTS, folder))

from gateway import Gateway     # noqa: E402  (needs the path)


def finish(gateway):
    """What must hold at the end of every test: the broker lives, stops when told to, and its store has no fault."""
    try:
        if gateway.broker:
            assert gateway.broker.poll() is None, f"the broker died:\n{gateway.tail(gateway.broker_log)}"
            assert gateway.stop_broker() == 0
        if gateway.adapter:
            assert gateway.adapter.poll() is None, f"the adapter died:\n{gateway.tail(gateway.adapter_log)}"
            assert gateway.end(gateway.adapter, signal.SIGTERM) == 0
        if os.path.exists(gateway.path("store/data.mdb")) or os.listdir(gateway.path("store")):
            report = gateway.cli("check-store", "--json")
            assert report["faults"] == []
    finally:
        gateway.close()


@pytest.fixture
def gateway(tmp_path):
    """A folder ready to run; the test starts what it needs."""
    made = Gateway(tmp_path)
    yield made
    finish(made)


@pytest.fixture
def city(tmp_path):
    """A broker with the example network of 2023."""
    made = Gateway(tmp_path / "city", network="hcmc-2023")
    made.start_broker()
    yield made
    finish(made)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One broker for all tests of a file that do not mind each other: every test has dossiers of its own."""
    made = Gateway(tmp_path_factory.mktemp("running"))
    made.start_broker()
    yield made
    finish(made)

"""Where the tests find their helpers; the gateways are those of tests/live, and end as those do."""
import importlib.util
import os
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("client", "agencies", "live"):
    sys.path.insert(0, os.path.join(TESTS, folder))

found = importlib.util.spec_from_file_location("live_conftest", os.path.join(TESTS, "live", "conftest.py"))
live = importlib.util.module_from_spec(found)
found.loader.exec_module(live)
gateway = live.gateway


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in `make hostile`, not in `make test`")


@pytest.fixture
def peers():
    """Processes of peer.py that the test starts; they end with it."""
    from peers import Peers
    made = Peers()
    yield made
    made.stop()

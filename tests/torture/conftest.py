"""Where the tests find their helpers. CUTS= (20): power cuts in all; SEED= (1): all that is left to chance."""
import os
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("client", "agencies", "live"):
    sys.path.insert(0, os.path.join(TESTS, folder))

from place import Place         # noqa: E402  (needs the path)


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in `make torture`, not in `make test`")


@pytest.fixture
def place(tmp_path):
    """A gateway's folder whose broker can be watched and misled; the test starts what it needs."""
    made = Place(tmp_path)
    yield made
    made.close()

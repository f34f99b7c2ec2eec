"""Where the tests find their helpers: the client, the agencies, the built programs."""
import os
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("client", "agencies"):
    sys.path.insert(0, os.path.join(TESTS, folder))

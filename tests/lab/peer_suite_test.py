"""OONI's own web-connectivity scenarios on real sockets, with the layers and causes we expect."""

import sys

import suite
from scenarios import peer_success

SCENARIOS = (*peer_success.SCENARIOS,)

if __name__ == "__main__":
    sys.exit(suite.main(SCENARIOS))

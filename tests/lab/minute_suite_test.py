#!/usr/bin/python3
"""A round of a minute full of dead endpoints; apart from the others because it takes that long."""

import sys

import suite
from scenarios import firewall_many

SCENARIOS = (firewall_many.FULL,)

if __name__ == "__main__":
    sys.exit(suite.main(SCENARIOS))

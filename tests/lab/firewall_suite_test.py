#!/usr/bin/python3
"""What the Chinese firewall does, and what may confound a probe, on real kernel filters."""

import sys

import suite
from scenarios import confounders, firewall_dns, firewall_many, firewall_path

SCENARIOS = (*firewall_path.SCENARIOS, *firewall_dns.SCENARIOS, firewall_many.QUICK,
             *confounders.SCENARIOS)

if __name__ == "__main__":
    sys.exit(suite.main(SCENARIOS))

#!/usr/bin/python3
"""OONI's own web-connectivity scenarios on real sockets, with the layers and causes we expect."""

import sys

import suite
from scenarios import peer_dns, peer_redirect, peer_success, peer_tcp_tls_http

SCENARIOS = (*peer_success.SCENARIOS, *peer_dns.SCENARIOS, *peer_tcp_tls_http.SCENARIOS,
             *peer_redirect.SCENARIOS)

if __name__ == "__main__":
    sys.exit(suite.main(SCENARIOS))

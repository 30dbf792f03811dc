"""A small internet for one scenario: a client, two routers with censors, and servers.

    client ── province ── border ── world        addresses and names: places.py
                 │
               inner                             a server inside the province

Everything lives in network namespaces of the test's own process tree and vanishes with it.
"""

#!/usr/bin/env python3
"""Prints where each service is reachable, one line a region: the API of Sightline from Python.

    python3 proto/examples/summary.py collector.example:7443 CN

proto/README.md says how the modules of sightline.v1 are made.
"""

import argparse
import pathlib
import sys

import grpc
from sightline.v1 import summaries_pb2_grpc, summary_pb2


def short(enum, value):
    """SCOPE_LOCAL is "LOCAL"."""
    return enum.Name(value).split("_", enum.Name(0).count("_"))[-1]


def rows(response):
    """(target, scope, region, state, share) of every region with a state."""
    for verdict in response.verdicts:
        scope = short(summary_pb2.Scope, verdict.scope)
        for region in verdict.regions:
            state = short(summary_pb2.AccessState, region.access.state)
            # Of a region that is UNKNOWN nothing is known: its share is only where doubt starts.
            told = region.access.buckets_open + region.access.buckets_blocked > 0
            share = (f"{region.access.rate_mean:.0%} ({region.access.rate_low:.0%} to "
                     f"{region.access.rate_high:.0%})" if told else "-")
            yield verdict.target_id, scope, region.region, state, share


def main():
    """Asks once and prints, or says why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collector", help="HOST:PORT")
    parser.add_argument("country", help="ISO 3166-1 code, such as CN")
    parser.add_argument("--roots", help="PEM certificates to trust instead of the system's")
    arguments = parser.parse_args()
    roots = pathlib.Path(arguments.roots).read_bytes() if arguments.roots else None
    with grpc.secure_channel(arguments.collector, grpc.ssl_channel_credentials(roots)) as channel:
        reader = summaries_pb2_grpc.SummariesStub(channel)
        try:
            response = reader.GetSummary(summary_pb2.GetSummaryRequest(country=arguments.country),
                                         timeout=15)
        except grpc.RpcError as error:
            # The collector's own words: which field was wrong, or when to ask again.
            print(f"summary.py: {error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    print(f"# {response.country}, window from {response.window_start_time.ToJsonString()}")
    for row in rows(response):
        print("\t".join(row))
    return 0


if __name__ == "__main__":
    sys.exit(main())

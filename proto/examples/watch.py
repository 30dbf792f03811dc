#!/usr/bin/env python3
"""Prints every change of what Sightline says, once, across restarts and broken connections.

    python3 proto/examples/watch.py collector.example:7443 CN --state token.txt

proto/README.md says how the modules of sightline.v1 are made.
"""

import argparse
import os
import pathlib
import sys
import threading
import time

import grpc
from sightline.v1 import change_pb2, summaries_pb2_grpc, summary_pb2

# The collector sends a heartbeat every 15 s when nothing changed: a longer silence is a break.
SILENCE_S = 60
DELAY_MIN_S, DELAY_MAX_S = 1, 60
# Another attempt may find these otherwise.
GOES_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED,
             grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED,
             grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


def short(enum, value):
    """SCOPE_LOCAL is "LOCAL"."""
    return enum.Name(value).split("_", enum.Name(0).count("_"))[-1]


def lines(message):
    """What a message says; a heartbeat says nothing."""
    if message.HasField("summary"):
        for verdict in message.summary.verdicts:
            yield "\t".join(("now", message.summary.window_start_time.ToJsonString(),
                             verdict.target_id, short(summary_pb2.Scope, verdict.scope)))
    if message.HasField("change"):
        change = message.change
        kinds = ",".join(short(change_pb2.ChangeKind, kind) for kind in change.kinds)
        yield "\t".join(("change", change.window_start_time.ToJsonString(), change.target_id,
                         kinds, change.text))


class Token:
    """The place in the stream. Kept in a file, it survives a restart."""

    def __init__(self, path):
        self.path = pathlib.Path(path) if path else None
        self.text = ""
        if self.path and self.path.exists():
            self.text = self.path.read_text(encoding="ascii").strip()

    def keep(self, text):
        """Call once the message is taken care of: what comes after it is what comes next."""
        if text == self.text:
            return
        self.text = text
        if self.path:
            # In one step: a crash leaves the old token or the new one.
            new = self.path.with_name(self.path.name + ".new")
            new.write_text(text + "\n", encoding="ascii")
            os.replace(new, self.path)


def follow(channel, arguments, token):
    """Prints what one stream brings. Yields for every message, and returns when it is silent."""
    reader = summaries_pb2_grpc.SummariesStub(channel)
    stream = reader.WatchSummaries(change_pb2.WatchSummariesRequest(
        country=arguments.country, target_ids=arguments.target, resume_token=token.text))
    try:
        while True:
            alarm = threading.Timer(SILENCE_S, stream.cancel)
            alarm.daemon = True
            alarm.start()
            try:
                message = next(stream)
            except StopIteration:
                return
            finally:
                alarm.cancel()
            for line in lines(message):
                print(line, flush=True)
            token.keep(message.resume_token)
            yield message
    finally:
        stream.cancel()


def run(arguments):
    """Watches until there is an error that does not go away, or enough changes were printed."""
    roots = pathlib.Path(arguments.roots).read_bytes() if arguments.roots else None
    token = Token(arguments.state)
    changes, delay = 0, DELAY_MIN_S
    while True:
        reason = "the stream ended"
        with grpc.secure_channel(arguments.collector,
                                 grpc.ssl_channel_credentials(roots)) as channel:
            try:
                for message in follow(channel, arguments, token):
                    delay = DELAY_MIN_S
                    changes += message.HasField("change")
                    if arguments.count and changes >= arguments.count:
                        return 0
            except grpc.RpcError as error:
                # The collector's own words: which field was wrong, or when to ask again.
                reason = f"{error.code().name}: {error.details()}"
                if error.code() not in GOES_AWAY:
                    print(f"watch.py: {reason}", file=sys.stderr)
                    return 1
        print(f"watch.py: {reason}; trying again in {delay} s", file=sys.stderr, flush=True)
        time.sleep(delay)
        delay = min(2 * delay, DELAY_MAX_S)


def main():
    """Reads the arguments and watches."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collector", help="HOST:PORT")
    parser.add_argument("country", help="ISO 3166-1 code, such as CN")
    parser.add_argument("--target", action="append", default=[],
                        help="only this target; repeat for more")
    parser.add_argument("--state", help="file that keeps the token from one run to the next")
    parser.add_argument("--count", type=int, default=0, help="end after so many changes")
    parser.add_argument("--roots", help="PEM certificates to trust instead of the system's")
    try:
        return run(parser.parse_args())
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

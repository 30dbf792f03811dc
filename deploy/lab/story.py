#!/usr/bin/python3
"""The story that Sightline was made for, live in the lab: WhatsApp opens in two of six cities.

Run by deploy/quickstart once everything is built. Only the summary goes to standard output.
"""

import argparse
import datetime
import pathlib
import shlex
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
from sightline_lab import Lab, LabError, NotAllowedError
from sightline_lab.topology import COLLECTOR, COLLECTOR_HTTP, COLLECTOR_PORT

OPENED = ("CN-BJ", "CN-SH")
WINDOW_S = 10
GRACE_S = 4
# Three windows and the grace: more than any verdict needs.
VERDICT_TIMEOUT_S = 90
EXIT_NOT_ALLOWED = 77


def tell(text: str) -> None:
    """Progress, for a person."""
    print(f"quickstart: {text}", file=sys.stderr, flush=True)


def window_start(summary: dict) -> float:
    """Start of the summary's window, in seconds since 1970."""
    text = summary["window_start_time"].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(text).timestamp()


def wait_for_window_after(lab: Lab, moment: float) -> None:
    """Waits for the first complete window that began after `moment`."""
    lab.wait_for(lambda: window_start(lab.summary()) >= moment, VERDICT_TIMEOUT_S,
                 "a complete window after the policy change", interval_s=0.5)


def tell_and_open(lab: Lab) -> None:
    """Starts the lab and opens WhatsApp in two cities."""
    lab.up(window=f"{WINDOW_S}s", grace=f"{GRACE_S}s", progress=tell)
    tell("WhatsApp, Signal and Instagram are blocked everywhere; opening WhatsApp in "
         + " and ".join(OPENED))
    for region in OPENED:
        lab.open("whatsapp", region)
    opened = time.time()
    tell(f"waiting for the first whole window ({WINDOW_S} s) after that")
    wait_for_window_after(lab, opened)


def show(lab: Lab, output_format: str) -> None:
    """Prints the newest summary as the command line gives it."""
    sys.stdout.flush()
    lab.print_summary(output_format)


def write_reader_env(lab: Lab, http: str) -> pathlib.Path:
    """A file for another terminal's shell: where proto/README.md finds this lab."""
    roots = lab.directory / "certificates" / "ca-lab.pem"
    values = {
        "SIGHTLINE_COLLECTOR": f"localhost:{lab.open_door(COLLECTOR, COLLECTOR_PORT)}",
        "SIGHTLINE_ROOTS": roots,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": roots,
        "SIGHTLINE_HTTP": http,
        "SIGHTLINE_STORE": f"sqlite:{lab.directory / 'collector.db'}",
        "SIGHTLINE_OPERATOR_KEY": lab.directory / "operator.pub.pem",
        "SIGHTLINE_LAB": lab.directory,
    }
    file = lab.directory / "reader.env"
    file.write_text("".join(f"export {name}={shlex.quote(str(value))}\n"
                            for name, value in values.items()))
    return file


def stay(lab: Lab, output_format: str) -> None:
    """Shows each new window until Ctrl-C."""
    shown = 0.0
    http = f"http://127.0.0.1:{lab.open_door(*COLLECTOR_HTTP)}"
    reader_env = write_reader_env(lab, http)
    tell(f"the dashboard: {http}/; for the API: . {reader_env}")
    while True:
        start = window_start(lab.summary())
        if start != shown:
            shown = start
            if output_format == "table" and sys.stdout.isatty():
                print("\033[2J\033[H", end="", flush=True)
            show(lab, output_format)
            if output_format == "table":
                where = f"--dir {lab.directory}"
                print(f"\nThe same in a browser: {http}/\n"
                      f"From a program, as proto/README.md says, in another terminal:\n"
                      f"  . {reader_env}\n"
                      f"Change the policy from another terminal and watch the next windows:\n"
                      f"  deploy/lab/lab open whatsapp all {where}\n"
                      f"  deploy/lab/lab close whatsapp CN-SH/4134 {where}\n"
                      f"  deploy/lab/lab stop-service whatsapp {where}\n"
                      f"  deploy/lab/lab cut CN-GD {where}\n"
                      f"  deploy/lab/lab --help\n"
                      f"Ctrl-C ends it and cleans up.", flush=True)
        time.sleep(1)


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="quickstart", description="Run Sightline in a small internet on this machine: 48 "
        "agents in six cities, three controls outside, one collector; WhatsApp opens in two.")
    parser.add_argument("--once", action="store_true", help="print one summary and end")
    parser.add_argument("--format", choices=("table", "json"), default="table",
                        help="form of the summary (default: %(default)s)")
    parser.add_argument("--bin", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell starts background jobs with SIGINT ignored; here it must always clean up.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="sightline-quickstart-") as folder:
        try:
            with Lab(pathlib.Path(folder) / "lab", arguments.bin) as lab:
                tell_and_open(lab)
                if arguments.once:
                    show(lab, arguments.format)
                else:
                    stay(lab, arguments.format)
        except NotAllowedError as error:
            tell(str(error))
            return EXIT_NOT_ALLOWED
        except (LabError, TimeoutError) as error:
            tell(str(error))
            return 1
        except KeyboardInterrupt:
            tell("ended; nothing is left behind")
            return 0 if not arguments.once else 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

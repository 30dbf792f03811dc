"""The command line of the lab."""

import argparse
import json
import pathlib
import sys
from typing import Any, Dict, List

from . import policy, topology
from .client import Lab, default_bin
from .home import LabError, LabUsageError, NotAllowedError, default_directory
from .supervisor import init

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_ALLOWED = 77


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab", description="A small internet with censors, in namespaces of this machine.",
        epilog=f"Targets: {', '.join(policy.MECHANISMS)}. "
        f"Places: REGION, REGION/ASN, all or all/ASN; regions {', '.join(topology.CITIES)}; "
        f"networks {', '.join(map(str, topology.NETWORKS))}.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--dir", default=default_directory(), type=pathlib.Path,
                        help="where the lab keeps its files (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    up = command("up", "start the lab, with everything closed")
    up.add_argument("--bin", default=default_bin(), type=pathlib.Path,
                    help="where the programs are (default: %(default)s)")
    up.add_argument("--store", default="sqlite", 
                    help="sqlite or postgresql://... (default: sqlite)")
    up.add_argument("--no-sightline", action="store_true", help="servers and censors only")
    up.add_argument("--window", default="10s", help="unit of time of a verdict (default: 10s)")
    up.add_argument("--grace", default="4s", help="how long a window waits (default: 4s)")
    down = command("down", "end the lab; nothing is left behind")
    down.add_argument("--keep-logs", action="store_true", help="leave DIR/logs")
    for name, text in (("open", "lift the censorship of a target"), ("close", "censor a target")):
        sub = command(name, text)
        sub.add_argument("target")
        sub.add_argument("place", metavar="REGION[/ASN]|all[/ASN]")
    for name, text in (("cut", "cut the uplink of a city"), ("restore", "mend the uplink")):
        command(name, text).add_argument("place", metavar="REGION[/ASN]|all[/ASN]")
    for name, text in (("stop-service", "stop a service's servers"),
                       ("start-service", "start them")):
        command(name, text).add_argument("service")
    command("status", "show policy, services and Sightline").add_argument(
        "--format", choices=("text", "json"), default="text")
    execute = command("exec", "run a command on one of the lab's machines")
    execute.add_argument("ns", help="inet, domestic, a router (bj-4134), an agent (bj-4134-1)")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD...")
    command("collector", "end or start the collector on its store").add_argument(
        "action", choices=("kill", "stop", "start"))
    command("agents", "end or start all agents").add_argument("action", choices=("stop", "start"))
    return parser


def _print_status(status: Dict[str, Any]) -> None:
    print(f"{'REGION':8}{'NETWORK':10}{'LINE':6}CLOSED")
    for place in status["places"]:
        line = "cut" if place["cut"] else "up"
        print(f"{place['region']:8}AS{place['asn']:<8}{line:6}{', '.join(place['closed']) or '-'}")
    print()
    for name in ("resolver", "relay", "injector"):
        print(f"{name:12}{status[name]}")
    for name, state in status["services"].items():
        print(f"{name:12}{state}")
    if status["sightline"]:
        states: List[str] = list(status["sightline"]["agents"].values())
        print(f"{'collector':12}{status['sightline']['collector']}")
        print(f"{'agents':12}{states.count('running')} of {len(states)} running")


def _run(arguments: argparse.Namespace) -> int:
    lab = Lab(arguments.dir, getattr(arguments, "bin", None))
    name = arguments.command
    if name == "up":
        lab.up(sightline=not arguments.no_sightline, store=arguments.store, window=arguments.window,
               grace=arguments.grace, progress=lambda text: print(f"lab: {text}", file=sys.stderr))
        print(f"lab: up in {lab.directory}", file=sys.stderr)
    elif name == "down":
        lab.down(keep_logs=arguments.keep_logs)
    elif name in ("open", "close"):
        getattr(lab, name)(arguments.target, arguments.place)
    elif name in ("cut", "restore"):
        getattr(lab, name)(arguments.place)
    elif name in ("stop-service", "start-service"):
        getattr(lab, name.replace("-", "_"))(arguments.service)
    elif name == "status":
        status = lab.status()
        if arguments.format == "json":
            print(json.dumps(status, indent=2))
        else:
            _print_status(status)
    elif name == "exec":
        argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
        if not argv:
            raise LabUsageError("exec: no command given")
        status = lab.attach(arguments.ns, argv, (0, 1, 2))
        return status if status >= 0 else 128 - status
    else:
        getattr(lab, name)(arguments.action)
    return 0


def main(argv: List[str]) -> int:
    """Runs one command; returns 0, or one of the EXIT_ values above, or what `exec` ended with."""
    if argv[:1] == ["init"]:
        directory, options, ready_fd, lock_fd = argv[1:]
        init(pathlib.Path(directory), json.loads(options), int(ready_fd), int(lock_fd))
    try:
        return _run(_parser().parse_args(argv))
    except NotAllowedError as error:
        print(f"lab: {error}", file=sys.stderr)
        return EXIT_NOT_ALLOWED
    except LabUsageError as error:
        print(f"lab: {error}", file=sys.stderr)
        return EXIT_USAGE
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130

"""Runs scenarios as tests, several at a time, in namespaces of their own process tree.

Options of a suite: --unprivileged gives up root first, --only NAME... runs some, --workers N.
Exits with 77 and says why where namespaces are not allowed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import traceback
import unittest
from typing import Callable, List, Sequence

sys.dont_write_bytecode = True
_HERE = pathlib.Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
sys.path[:0] = [str(_HERE), str(_ROOT / "deploy" / "lab")]

# pylint: disable=wrong-import-position
from sightline_lab import netns
from sightline_lab.client import default_bin
from smallnet.certificates import Chest
from smallnet.sandbox import Sandbox, ScenarioError
from smallnet.scenario import Scenario
from smallnet.verify import observations, problems

_INSIDE = "SIGHTLINE_SUITE_INSIDE"
_TOOLS = ("unshare", "ip", "tc", "iptables", "nft", "openssl", "mount")
_PROGRAMS = ("sightline-agent", "sightline-lab-injector")
# Exists everywhere, and what is mounted on it here is seen by nobody else.
_WORK = pathlib.Path("/media")
_WORKERS = 4
_SKIPPED = 77

Judge = Callable[[Scenario, List[dict]], List[str]]


def main(scenarios: Sequence[Scenario], judge: Judge = problems) -> int:
    """Runs the suite; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--unprivileged", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--workers", type=int, default=_WORKERS)
    options = parser.parse_args()
    known = {scenario.name: scenario for scenario in scenarios}
    unknown = [name for name in options.only if name not in known]
    if unknown:
        parser.error(f"no scenario {', '.join(unknown)}; known: {', '.join(known)}")
    if os.environ.get(_INSIDE) != "1":
        return _enter(options.unprivileged)
    chosen = [known[name] for name in options.only] or list(scenarios)
    return _run(chosen, judge, options.workers)


def _enter(unprivileged: bool) -> int:
    """Starts this program again, as the first process of its own namespaces."""
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    missing += [name for name in _PROGRAMS if not os.access(default_bin() / name, os.X_OK)]
    if missing:
        print(f"not there: {', '.join(missing)}; run deploy/deps and build", file=sys.stderr)
        return 1
    if unprivileged and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        if not os.access(__file__, os.R_OK) or not os.access(default_bin() / _PROGRAMS[0], os.X_OK):
            print(f"skipped: the user nobody cannot read {_ROOT}", file=sys.stderr)
            return _SKIPPED
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    argv = ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc"]
    tried = subprocess.run([*argv, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        print(f"skipped: namespaces are not allowed here: {tried.stderr.strip()}; run as root or "
              "allow unprivileged user namespaces", file=sys.stderr)
        return _SKIPPED
    os.environ[_INSIDE] = "1"
    os.execvp(argv[0], [*argv, "/usr/bin/python3", *sys.argv])
    return 1  # Not reached.


def _run(scenarios: Sequence[Scenario], judge: Judge, workers: int) -> int:
    netns.mount_tmpfs(_WORK)
    chest = Chest(_WORK / "certificates")
    chest.make()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        outcomes = {scenario.name: pool.submit(_play, number, scenario, chest)
                    for number, scenario in enumerate(scenarios)}
        tests = unittest.TestSuite(_Test(scenario, outcomes[scenario.name], judge)
                                   for scenario in scenarios)
        result = unittest.TextTestRunner(verbosity=2).run(tests)
    return 0 if result.wasSuccessful() else 1


def _play(number: int, scenario: Scenario, chest: Chest):
    """Reports of one scenario, and how long it took in seconds."""
    started = time.monotonic()
    with Sandbox(scenario, _WORK / str(number), chest, default_bin().absolute()) as sandbox:
        reports = sandbox.probe()
    return reports, time.monotonic() - started


class _Test(unittest.TestCase):
    """One scenario."""

    def __init__(self, scenario: Scenario, played: concurrent.futures.Future, judge: Judge):
        super().__init__("compare")
        self._scenario = scenario
        self._played = played
        self._judge = judge

    def id(self) -> str:
        return self._scenario.name

    def __str__(self) -> str:
        return self._scenario.name

    def shortDescription(self) -> None:
        return None

    def compare(self) -> None:
        """Waits for the scenario and compares."""
        if self._scenario.tunnel and not os.access("/dev/net/tun", os.W_OK):
            self.skipTest("this user may not open /dev/net/tun")
        try:
            reports, took_s = self._played.result()
        except (ScenarioError, OSError, RuntimeError):
            self.fail(traceback.format_exc())
        found = self._judge(self._scenario, reports)
        if found:
            seen = [observations(report) for report in reports]
            self.fail(f"after {took_s:.1f} s\n" + "\n".join(found) + "\n" +
                      json.dumps(seen, indent=1))

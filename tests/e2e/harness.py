"""What the end-to-end tests share: a running lab, and words to ask the verdict in."""

import datetime
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "lab"))
sys.path.insert(0, str(ROOT / "tests" / "collector" / "store"))

# pylint: disable=wrong-import-position
from sightline_lab import Lab, LabError, NotAllowedError
from sightline_lab.topology import all_agents

WINDOW_S = 10
GRACE_S = 5
# A change of policy shows in the first whole window after it; a few more for a slow machine.
VERDICT_TIMEOUT_S = 120
EXIT_NOT_ALLOWED = 77


def start_lab(directory, store="sqlite"):
    """A lab with Sightline in it, everything closed."""
    lab = Lab(pathlib.Path(directory) / "lab")
    lab.up(store=store, window=f"{WINDOW_S}s", grace=f"{GRACE_S}s",
           progress=lambda text: print(f"lab: {text}", file=sys.stderr, flush=True))
    return lab


def window_start(summary):
    """Start of the summary's window, in seconds since 1970."""
    text = summary["window_start_time"].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(text).timestamp()


def verdict(summary, target):
    """The verdict on one target."""
    return next(each for each in summary["verdicts"] if each["target_id"] == target)


def scope(summary, target):
    """Scope in one word, such as "LOCAL"."""
    return verdict(summary, target)["scope"].removeprefix("SCOPE_")


def region_state(summary, target, region):
    """State in one word, such as "OPEN"."""
    return next(each["access"]["state"].removeprefix("ACCESS_STATE_")
                for each in verdict(summary, target)["regions"] if each["region"] == region)


def settled(lab, change, holds):
    """Makes a change; returns the first summary of a window wholly after it for which `holds`.

    A summary that does not hold yet is asked for again in later windows until the time is up.
    """
    change()
    changed = time.time()
    last = {}

    def look():
        summary = lab.summary()
        last["summary"] = summary
        return summary if window_start(summary) >= changed and holds(summary) else None

    try:
        return lab.wait_for(look, VERDICT_TIMEOUT_S, "the verdict", interval_s=0.5)
    except TimeoutError:
        short = [(each["target_id"], each["scope"], each["service_state"], each["open_regions"],
                  each["reasons"]) for each in last.get("summary", {}).get("verdicts", [])]
        raise AssertionError(f"no window after the change has the verdict; last: {short}") from None


def check_logs(test, lab):
    """No program of the lab printed a sanitizer's report."""
    for log in sorted((lab.directory / "logs").glob("*.log")):
        text = log.read_text(errors="replace")
        for word in ("Sanitizer", "runtime error:"):
            test.assertNotIn(word, text, f"{log.name}:\n{text[-4000:]}")


def agent_status(lab, host):
    """`sightline-agent status --format json` of one agent."""
    state = lab.directory / "agents" / host.ns
    done = lab.exec(host.ns, [str(lab.bin / "sightline-agent"), "status", "--state", str(state),
                              "--format", "json"])
    if done.returncode != 0:
        raise LabError(f"status of {host.ns}: {done.stderr}")
    return json.loads(done.stdout)


def end_cleanly(test, lab):
    """Stops every program of Sightline with SIGTERM, so that leaks are looked for, and checks."""
    lab.agents("stop")
    lab.collector("stop")
    state = lab.status()["sightline"]
    test.assertEqual(state["collector"], "stopped")
    test.assertEqual(set(state["agents"].values()), {"stopped"})
    check_logs(test, lab)


def main():
    """Runs the tests; says so and ends with 77 where namespaces are not allowed."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            lab = Lab(pathlib.Path(folder) / "lab")
            lab.up(sightline=False)
            lab.down()
        except NotAllowedError as error:
            print(f"skipped: {error}", file=sys.stderr)
            sys.exit(EXIT_NOT_ALLOWED)
    unittest.main(verbosity=2)


__all__ = ["ROOT", "all_agents", "agent_status", "check_logs", "end_cleanly", "main", "os",
           "region_state", "scope", "settled", "start_lab", "verdict", "window_start", "Lab",
           "LabError", "json"]

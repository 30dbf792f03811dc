"""One run: faults one after the other while agents send, and the proof at the end of it."""

import os
import random
import sys
import time
import unittest

from world import DRAIN_S, SETTLE_TIMEOUT_S, VOLUNTEERS, CONTROLS, KillablePostgres, World, wait_for

FAULTS = int(os.environ.get("SIGHTLINE_FAULT_RUNS", "2"))
SEED = int(os.environ.get("SIGHTLINE_FAULT_SEED", "0")) or random.randrange(1, 1 << 32)
# After so many faults everything is delivered and checked, then it goes on.
FAULTS_BETWEEN_CHECKS = 10
# What must have come in again before the next fault.
PROGRESS_BATCHES = 40
AGENTS = sum(group[2] for group in VOLUNTEERS + CONTROLS)
# Problems that a fold which is not ready yet explains; all others never pass.
OF_THE_FOLD = {"AUDIT_PROBLEM_KIND_VERDICT", "AUDIT_PROBLEM_KIND_CELLS",
               "AUDIT_PROBLEM_KIND_VERDICT_SET", "AUDIT_PROBLEM_KIND_EVENT",
               "AUDIT_PROBLEM_KIND_TIMELINE"}

RESULTS = []


def say(text):
    """To whoever watches."""
    print(text, file=sys.stderr, flush=True)


class FaultCase(unittest.TestCase):
    """A world, and what must hold in it."""

    postgres = None

    @classmethod
    def tearDownClass(cls):
        if FaultCase.postgres is not None:
            FaultCase.postgres.__exit__(None, None, None)
            FaultCase.postgres = None

    def setUp(self):
        # Each scenario has its own seed, so that one can be repeated alone.
        self.seed = random.Random(f"{SEED} {self.id()}").randrange(1, 1 << 32)
        say(f"{self.id()}: SIGHTLINE_FAULT_SEED={SEED} SIGHTLINE_FAULT_RUNS={FAULTS}")
        self.began = time.monotonic()
        self.faults = 0
        self.world = World(self.seed)
        self.addCleanup(self.world.__exit__, None, None, None)
        self.world.__enter__()

    def sqlite(self):
        """URL of a store of this test's own."""
        return f"sqlite:{self.world.disk}/log.db"

    def database(self):
        """URL of an empty PostgreSQL database; one server for all tests."""
        if FaultCase.postgres is None:
            FaultCase.postgres = KillablePostgres().__enter__()
        name = f"d{self.seed}"
        self.postgres.query(f"CREATE DATABASE {name}")
        return self.postgres.url.replace("/sightline?", f"/{name}?")

    def far_database(self):
        """The same behind a proxy: its URL, and the road on which commits take their time."""
        name = self.database().split("/")[3].split("?")[0]
        road = self.world.proxy.add(f"{self.postgres.folder}/.s.PGSQL.5432", watch_commit=True)
        return f"postgresql://sightline@127.0.0.1:{road.port}/{name}?sslmode=disable", road

    def moment(self, low_s, high_s):
        """Lets a random time pass: when a fault comes is what is random, not what is waited for."""
        time.sleep(self.world.random.uniform(low_s, high_s))

    def wait_for_progress(self, fleet):
        """Returns when more batches have been acknowledged."""
        before = fleet.acked()
        wait_for(lambda: fleet.acked() >= before + PROGRESS_BATCHES, DRAIN_S,
                 f"{PROGRESS_BATCHES} more batches acknowledged")

    def repeat(self, fleet, fault, at_most=FAULTS):
        """Faults, and a check now and then."""
        count = min(FAULTS, at_most)
        if count < FAULTS:
            say(f"{self.id()}: {count} faults, for there cannot be {FAULTS}")
        for number in range(1, count + 1):
            self.wait_for_progress(fleet)
            fault()
            self.faults += 1
            if number % FAULTS_BETWEEN_CHECKS == 0 and number < count:
                self.wait_for_progress(fleet)
                self.check(fleet)
                fleet.resume()
        self.wait_for_progress(fleet)

    def check(self, fleet, others=()):
        """Everything sealed is stored once, in order, and nothing else; verdicts are the log's.

        `others` are ids of agents that are not in the fleet. Leaves the agents paused.
        """
        sealed = fleet.report(drain=True)
        late = [(agent["agent_id"][:12], agent["waiting"], agent["state"],
                 bytes.fromhex(agent["detail_hex"]).decode(errors="replace"))
                for agent in sealed if agent["waiting"] > 0]
        self.assertEqual(late[:3], [], f"{len(late)} agents not done within {DRAIN_S} s")
        report = self.settled()
        stored = {agent["agent_id"]: agent for agent in report["agent_chains"]}
        for agent in sealed:
            chain = stored.pop(agent["agent_id"])
            self.assertEqual((int(chain["last_seq"]), chain["head"]),
                             (agent["sealed"], agent["head"]), agent["agent_id"])
            if agent["lost"] == 0:
                self.assertEqual(int(chain["records"]), agent["sealed"], agent["agent_id"])
            else:
                self.assertLess(int(chain["records"]), agent["sealed"], agent["agent_id"])
        self.assertEqual(set(stored), set(others))
        # A comparison of nothing would prove nothing.
        self.assertGreater(int(report["verdicts_compared"]), 0)
        self.assertGreater(int(report["cells_compared"]), 0)
        self.check_summaries()
        return report

    def settled(self):
        """The audit, once the fold has caught up."""
        last = {}

        def clean():
            report = self.world.audit()
            last["report"] = report
            hard = [each for each in report["problems"] if each["kind"] not in OF_THE_FOLD]
            self.assertEqual(hard, [])
            return report if (int(report["problems_total"]) == 0
                              and int(report["verdicts_behind"]) == 0
                              and int(report["events_behind"]) == 0
                              and int(report["windows_without_verdicts"]) == 0) else None

        try:
            report = wait_for(clean, SETTLE_TIMEOUT_S, "the verdicts are what the log says")
        except AssertionError:
            report = {key: value for key, value in last["report"].items() if key != "agent_chains"}
            report["problems"] = report["problems"][:5]
            raise AssertionError(f"the audit does not come out clean: {report}") from None
        return report

    def check_summaries(self):
        """Every collector tells readers the same."""
        running = [each for each in self.world.collectors if each.running]

        def agree():
            answers = [self.world.summary(collector) for collector in running]
            return answers if all(answers) and all(each == answers[0] for each in answers) else None

        wait_for(agree, SETTLE_TIMEOUT_S, "the collectors agree")

    def finish(self, fleet, others=()):
        """The last check, and a clean end of all processes."""
        report = self.check(fleet, others)
        fleet.quit()
        for collector in self.world.collectors:
            collector.stop()
        self.world.check_logs()
        RESULTS.append({
            "scenario": self.id().rsplit(".", maxsplit=1)[-1].removeprefix("test_"),
            "faults": self.faults, "batches": report["records"],
            "tombstones": report["tombstones"], "agents": report["agents"],
            "windows": report["windows_compared"], "verdicts": report["verdicts_compared"],
            "cells": report["cells_compared"], "wrong": report["problems_total"],
            "seconds": round(time.monotonic() - self.began), "seed": SEED})
        return report


def print_table():
    """What was done, for a person."""
    if not RESULTS:
        return
    columns = list(RESULTS[0])
    rows = [columns] + [[str(row[column]) for column in columns] for row in RESULTS]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())

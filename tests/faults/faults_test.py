"""Collectors, databases, connections and disks fail at random moments; nothing is lost, nothing is
stored twice, and every verdict is what the log says. README.md tells what is broken and how."""

import os
import pathlib
import shutil
import subprocess
import unittest

from scenario import FaultCase, print_table
from world import BIN, DRAIN_S, Fleet, wait_for

CUTS = ("both", "mute", "deaf", "orphan")
COMMIT_CUTS = ("before", "after", "doubt", "late")
DISK_BYTES = 256 << 20


class CollectorKilledTest(FaultCase):
    """SIGKILL of the only collector."""

    def run_with(self, store):
        """The same for each store."""
        collector = self.world.add_collector(store)
        # The more is on its way at a moment, the more can go wrong then.
        fleet = self.world.start_all(pace_ms=50)

        def kill():
            self.moment(0, 1)
            collector.kill()
            self.moment(0, 0.5)
            collector.start()

        self.repeat(fleet, kill)
        self.finish(fleet)

    def test_collector_killed_sqlite(self):
        """On the embedded store."""
        self.run_with(self.sqlite())

    def test_collector_killed_postgresql(self):
        """On PostgreSQL, which outlives it."""
        self.run_with(self.far_database()[0])


class PostgresKilledTest(FaultCase):
    """SIGKILL of every process of PostgreSQL."""

    def test_postgresql_killed(self):
        """The collector lives on and connects again."""
        self.world.add_collector(self.far_database()[0])
        fleet = self.world.start_all()

        def kill():
            self.moment(0, 1)
            self.postgres.kill()
            self.moment(0, 0.5)
            self.postgres.start()

        self.repeat(fleet, kill)
        self.finish(fleet)


class CutTest(FaultCase):
    """Connections break."""

    def test_agents_cut_off(self):
        """Between agents and two collectors: batches get lost on the way, acknowledgements too."""
        store = self.database()
        self.world.add_collector(store)
        self.world.add_collector(store)
        fleet = self.world.start_all()

        def cut():
            # One fault is many cuts: each hits the streams of a few agents, in whatever state.
            for _ in range(10):
                self.moment(0, 0.1)
                some = self.world.random.sample(self.world.roads, 8)
                roads = [road for roads in some for road in roads]
                self.world.proxy.cut(roads, self.world.random.choice(CUTS))

        self.repeat(fleet, cut)
        self.finish(fleet)

    def test_postgresql_cut_off(self):
        """Between collector and PostgreSQL: before COMMIT arrives, and before its answer does."""
        store, road = self.far_database()
        self.world.add_collector(store)
        fleet = self.world.start_all()

        def cut():
            for how in self.world.random.sample(COMMIT_CUTS, len(COMMIT_CUTS)):
                self.moment(0, 0.3)
                before = road.commits_cut
                road.armed = how
                wait_for(lambda: road.commits_cut > before, 20, f"a COMMIT to cut {how}")

        self.repeat(fleet, cut)
        self.assertGreater(road.commits_cut, 0)
        self.finish(fleet)


class TwoCollectorsTest(FaultCase):
    """Two collectors on one PostgreSQL; every agent is now with one, now with the other."""

    def start(self):
        """Both, and agents that know both."""
        self.store, _ = self.far_database()
        for _ in range(2):
            self.world.add_collector(self.store)
        return self.world.start_all()

    def query(self, sql):
        """Lines of text from the store."""
        done = subprocess.run(["psql", "--no-psqlrc", "-At", self.store, "-c", sql], check=True,
                              capture_output=True, text=True)
        return done.stdout.splitlines()

    def wait_for_leader(self, but=None):
        """Returns the collector that holds the lease, once it is another than `but`."""
        def found():
            holder = self.query("SELECT holder FROM leases")
            leader = next((each for each in self.world.collectors if [each.node] == holder), None)
            return leader if leader is not but else None
        try:
            return wait_for(found, 30, "a leader of the fold")
        except AssertionError:
            rows = self.query("SELECT state, wait_event, now() - xact_start, query "
                              "FROM pg_stat_activity WHERE xact_start IS NOT NULL")
            raise AssertionError(f"nobody takes over; transactions: {rows}") from None

    def test_leader_killed(self):
        """The standby takes over; later the dead one returns."""
        fleet = self.start()

        def kill():
            leader = self.wait_for_leader()
            self.moment(0, 1.5)
            leader.kill()
            # Sometimes it is back before anybody took over.
            if self.world.random.random() < 0.7:
                self.wait_for_leader(but=leader)
            self.moment(0, 0.5)
            leader.start()

        self.repeat(fleet, kill)
        self.finish(fleet)

    def test_leader_stopped(self):
        """The leader sleeps for longer than its lease, and wakes up believing that it leads."""
        fleet = self.start()

        def freeze():
            leader = self.wait_for_leader()
            self.moment(0, 1.5)
            leader.freeze()
            self.wait_for_leader(but=leader)
            self.moment(0, 1)
            leader.go_on()

        self.repeat(fleet, freeze)
        self.finish(fleet)


class DiskFullTest(FaultCase):
    """The disk of a SQLite store is full for a while."""

    def setUp(self):
        super().setUp()
        mount = self.world.folder / "disk"
        mount.mkdir()
        script = (f"mount -t tmpfs -o size={DISK_BYTES} tmpfs {mount} && echo mounted && "
                  "exec sleep infinity")
        unshare = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "-r"])
        self.holder = self.world.popen("holder", [*unshare, "sh", "-c", script],
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.holder.stdout.close)
        if self.holder.stdout.readline().strip() != "mounted":
            self.skipTest(f"no mount namespace of one's own: {self.world.log_tail('holder')}")
        self.mount = mount
        self.seen = pathlib.Path(f"/proc/{self.holder.pid}/root{mount}")
        self.enter = ["nsenter", f"--target={self.holder.pid}", "--mount"]
        if os.geteuid() != 0:
            self.enter += ["--user", "--preserve-credentials"]
        self.world.audit_prefix = self.enter

    def fill(self):
        """Takes all room that is left."""
        with open(self.seen / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 65536)
            except OSError:
                return

    def test_disk_full(self):
        """The collector says so, the agents keep their batches, and all arrive when there is room."""
        collector = self.world.add_collector(f"sqlite:{self.mount}/log.db")
        collector.prefix = self.enter
        fleet = self.world.start_all(pace_ms=200)
        log = self.world.folder / f"{collector.node}.log"

        def refusals():
            return log.read_text(errors="replace").count("RESOURCE_EXHAUSTED")

        def fill():
            self.moment(0, 0.5)
            before = refusals()
            self.fill()
            wait_for(lambda: refusals() > before, 30, "the collector says that its disk is full")
            self.assertTrue(collector.running)
            self.moment(0, 1)
            (self.seen / "ballast").unlink()

        self.repeat(fleet, fill)
        self.finish(fleet)


class CopiedAgentTest(FaultCase):
    """An agent's folder is restored from a copy, or used twice."""

    def copy_of(self, name):
        """A folder of states that holds a copy of one agent's."""
        target = self.world.folder / f"copy-{name}-{self.faults}"
        target.mkdir()
        shutil.copytree(self.world.fleets[0].state / name, target / name)
        (target / name / "lock").unlink(missing_ok=True)
        return target

    def start_copy(self, name, state, *words):
        """An agent on that folder."""
        road = self.world.roads[int(name[1:])][0]
        roster = [[name, "-", "-", f"127.0.0.1:{road.port}", *words]]
        fleet = Fleet(self.world, state.name, roster, self.world.random.randrange(1 << 32), 100,
                      state)
        self.world.fleets.append(fleet)
        return fleet

    def wait_until_refused(self, fleets):
        """Returns the reports of the first fleet that is not served any more."""
        seen = []

        def refused():
            seen[:] = [fleet.report()[0] for fleet in fleets]
            return next((agent for agent in seen if agent["state"] in ("diverged", "refused")), None)

        try:
            return wait_for(refused, 30, "the copy is turned away")
        except AssertionError:
            for agent in seen:
                agent["detail"] = bytes.fromhex(agent["detail_hex"]).decode()
            raise AssertionError(f"nobody is turned away: {seen}") from None

    def test_copied_agents(self):
        """Defined outcomes, and nobody else is harmed."""
        collector = self.world.add_collector(self.sqlite())
        fleet = self.world.start_all()
        flagged = set()
        numbers = [number for number in range(20) if number not in (2, 9)]

        def copy():
            # Each lies once: who does it again is kept waiting before anything else is looked at.
            picked = self.world.random.sample(numbers, 2)
            numbers.remove(picked[1])
            names = [f"a{number}" for number in picked]
            before = fleet.report(drain=True)
            ids = {f"a{place}": agent["agent_id"] for place, agent in enumerate(before)}
            honest, blind = (self.copy_of(name) for name in names)
            fleet.resume()

            def moved_on():
                now = fleet.report()
                return all(now[place]["sealed"] - now[place]["waiting"] > before[place]["sealed"]
                           for place in picked)

            wait_for(moved_on, DRAIN_S, "the agents that were copied deliver more")
            # Restored from a backup: it sees that the collector has more than the folder, and sends
            # nothing.
            restored = self.start_copy(names[0], honest)
            turned_away = self.wait_until_refused([restored])
            self.assertEqual(turned_away["state"], "diverged", turned_away)
            restored.end()
            # A liar: it sends another history. Refused by name, and flagged.
            liar = self.start_copy(names[1], blind, "blind")
            turned_away = self.wait_until_refused([liar])
            self.assertIn("EQUIVOCATION", bytes.fromhex(turned_away["detail_hex"]).decode())
            liar.end()
            flagged.add(ids[names[1]])

        self.repeat(fleet, copy, at_most=len(numbers) - 1)
        racer = self.race(collector)
        report = self.finish(fleet, others=[racer])
        equivocated = {agent["agent_id"] for agent in report["agent_chains"]
                       if agent["equivocated"]}
        self.assertEqual(equivocated - {racer}, flagged)

    def race(self, collector):
        """One folder used twice at once: one of both goes on, the other one is turned away."""
        road = self.world.proxy.add(collector.port, "127.10.200.1")
        invite = self.world.cli("invite", "--admin", collector.admin, "--count", 1).strip()
        roster = [["racer", "CN-BJ", invite, f"127.0.0.1:{road.port}"]]
        first = Fleet(self.world, "racer", roster, self.world.random.randrange(1 << 32), 10)
        self.world.fleets.append(first)
        wait_for(lambda: first.acked() > 5, 30, "the racer has sent something")
        agent_id = first.report(drain=True)[0]["agent_id"]
        first.quit()
        shutil.copytree(first.state, self.world.folder / "twin.state")
        twins = [Fleet(self.world, name, roster, self.world.random.randrange(1 << 32), 10)
                 for name in ("racer", "twin")]
        self.world.fleets += twins
        self.wait_until_refused(twins)
        for twin in twins:
            twin.end()
        return agent_id


class TellingResult(unittest.TextTestResult):
    """Says at once what is wrong: the rest may take an hour."""

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.stream.writeln(self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.stream.writeln(self.errors[-1][1])


if __name__ == "__main__":
    if not (BIN / "fault_agents").exists():
        raise SystemExit(f"{BIN} has no fault_agents; build it first, or set SIGHTLINE_BIN")
    program = unittest.main(
        testRunner=unittest.TextTestRunner(resultclass=TellingResult, verbosity=2,
                                           warnings="ignore"), exit=False)
    print_table()
    raise SystemExit(not program.result.wasSuccessful())

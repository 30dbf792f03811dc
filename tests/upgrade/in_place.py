"""The collector on SQLite and its agents stop, and start again with the new programs."""

import hashlib
import sqlite3
import subprocess

from release_case import NEW, OLD, Agent, UpgradeCase, say, wait_for
from world import Fleet

VERDICT_TIMEOUT_S = 40
OUTAGE_TIMEOUT_S = 30
WAITING_BATCHES = 3
WINDOWS_BEFORE = 6  # so many that what changes then is an event
WINDOWS_ALONE = 3
# What a collector changes by running, without being told anything.
MOVES = {"leases", "fold_positions", "fold_windows", "window_revisions", "schema_migrations",
         "sqlite_sequence", "sqlite_stat1"}
# What grows, and of which no row may change while no agent reports.
GROWS = {"verdicts", "cells", "changes"}
# One row for each target, which is about its whole history.
ONE_ROW = {"timelines", "statements", "events"}


class UpgradedFleet(Fleet):
    """Agents on folders of the last release. A new process does not count what an older one lost."""

    lost_before = {}

    def report(self, drain=False):
        agents = super().report(drain)
        for agent in agents:
            agent["lost"] += self.lost_before.get(agent["agent_id"], 0)
        return agents


class InPlaceTest(UpgradeCase):
    """Identity, spool, log, verdicts and events are kept."""

    def rows(self):
        """{table: {row}} of the store, as far as the last release has columns."""
        path = self.world.disk / "log.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
            names = [row[0] for row in store.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")]
            self.columns = self.columns or {
                name: [row[1] for row in store.execute(f"PRAGMA table_info({name})")]
                for name in names if name not in MOVES}
            return {name: set(store.execute(f"SELECT {', '.join(columns)} FROM {name}"))
                    for name, columns in self.columns.items()}

    def windows(self):
        """How many windows have verdicts."""
        path = self.world.disk / "log.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
            return store.execute(
                "SELECT count(DISTINCT window_start_ms) FROM verdicts").fetchone()[0]

    def schema(self):
        """Version of the store's schema."""
        path = self.world.disk / "log.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
            return store.execute("SELECT max(version) FROM schema_migrations").fetchone()[0]

    @staticmethod
    def files(folder):
        """{path: hash} of what must not change in an agent's folder: key, identity and plan."""
        return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in folder.rglob("*")
                if path.name in ("agent.key", "identity.toml", "plan.pb")}

    def setUp(self):
        super().setUp()
        self.columns = None

    def fill(self):
        """The last release's collector and agents, until there is something to keep."""
        self.publish(1)
        self.collector = self.world.add_collector(self.sqlite())
        self.fleet = self.world.start_all()
        wait_for(self.blocked_everywhere, VERDICT_TIMEOUT_S, "whatsapp is blocked")
        self.wait_for_windows(WINDOWS_BEFORE)
        self.publish(2, self.collector, rule="ANY_OF")
        self.agent = Agent(self.world, OLD, "real")
        self.agent.enroll(self.collector)
        self.agent.start()
        self.agent.wait_acked()
        wait_for(lambda: self.rows()["events"], VERDICT_TIMEOUT_S, "an event")

    def blocked_everywhere(self):
        """Whether readers are told so of whatsapp."""
        summary = self.world.summary(self.collector)
        return summary and any(each["target_id"] == "whatsapp" and each["scope"] == "SCOPE_NOWHERE"
                               for each in summary["verdicts"])

    def wait_for_windows(self, count):
        """Returns when so many more windows have verdicts."""
        before = self.windows()
        wait_for(lambda: self.windows() >= before + count, VERDICT_TIMEOUT_S,
                 f"verdicts of {count} more windows")

    def leave_waiting(self):
        """The collector judges all that it has and goes, agents go on sealing, and go with batches in
        the spool. Returns the rows of the store."""
        self.fleet.report(drain=True)
        self.agent.stop()
        self.settled()
        self.collector.stop()
        rows = self.rows()
        self.fleet.resume()
        self.agent.start()
        wait_for(lambda: all(each["waiting"] >= WAITING_BATCHES for each in self.fleet.report()),
                 OUTAGE_TIMEOUT_S, "every agent has batches waiting")
        self.agent.wait(lambda status: status["spool_batches"] >= WAITING_BATCHES,
                        "the real agent has batches waiting")
        self.fleet.pause()
        self.sealed = self.fleet.report()
        self.fleet.quit()
        self.agent.stop()
        self.status = self.agent.status()
        return rows

    def assert_kept(self, before, after, table):
        """Says how many rows are lost or changed; they are long."""
        lost = len(before[table] - after[table])
        self.assertEqual(lost, 0, f"of {len(before[table])} rows of {table}")

    def check_store_alone(self, before):
        """The new collector by itself: it says what the old one said, and goes on from there."""
        held = self.schema()
        subprocess.run([str(NEW / "sightline-collector"), "migrate", "--store",
                        self.collector.store], check=True, capture_output=True)
        self.assertTrue(self.rows() == before, "migrate changes what is stored")
        say(f"schema {held} of the last release, now {self.schema()}"
            + (": it did not change" if held == self.schema() else ""))
        self.collector.bin = NEW
        self.collector.start()
        self.wait_for_windows(WINDOWS_ALONE)
        after = self.rows()
        for table in sorted(before.keys() - ONE_ROW):
            self.assert_kept(before, after, table)
            if table not in GROWS:
                self.assert_kept(after, before, table)
        keys = self.columns["events"].index("event_id"), self.columns["events"].index("onset_ms")
        self.assertLessEqual({tuple(row[key] for key in keys) for row in before["events"]},
                             {tuple(row[key] for key in keys) for row in after["events"]})

    def check_spools(self):
        """What waited is in the log, with the chain that it was sealed with."""
        with sqlite3.connect(f"file:{self.world.disk}/log.db?mode=ro", uri=True) as store:
            for agent in self.sealed:
                if agent["lost"] > 0:
                    continue  # A tombstone may have taken its place; check() looks at the chain.
                row = store.execute(
                    "SELECT lower(hex(chain_hash)) FROM batches "
                    "WHERE agent_id = ? AND batch_seq = ?",
                    (bytes.fromhex(agent["agent_id"]), agent["sealed"])).fetchone()
                self.assertEqual(row, (agent["head"],), agent["agent_id"])

    def test_sqlite_with_waiting_spools(self):
        """Old programs, new programs, one store, the same agents."""
        world = self.world
        self.fill()
        before = self.leave_waiting()
        for table in ("batches", "verdicts", "cells", "events", "agents", "plans"):
            self.assertTrue(before[table], f"{table} is empty: nothing to compare")
        folders = [self.agent.state, self.fleet.state]
        identity = [self.files(folder) for folder in folders]

        self.check_store_alone(before)

        world.bin = self.agent.bin = NEW
        status = self.agent.status()
        for name in ("agent_id", "sealed_seq", "acked_seq", "spool_batches", "plan_version"):
            self.assertEqual(status[name], self.status[name], name)
        roster = [line.split() for line in
                  (world.folder / "agents.roster").read_text().splitlines()]
        fleet = UpgradedFleet(world, "new-agents", roster, world.random.randrange(1 << 32), 100,
                              self.fleet.state)
        fleet.lost_before = {agent["agent_id"]: agent["lost"] for agent in self.sealed}
        world.fleets.append(fleet)
        self.agent.start()
        sealed = self.status["sealed_seq"]
        self.agent.wait(lambda status: status["acked_seq"] > sealed, "the spool is delivered")
        self.wait_for_progress(fleet)
        self.agent.stop()
        self.assertEqual([self.files(folder) for folder in folders], identity)
        report = self.finish(fleet, others=[self.status["agent_id"]])
        self.check_spools()
        say(f"{len(before['batches'])} batches, {len(before['verdicts'])} verdicts and "
            f"{len(before['events'])} events kept; "
            f"{sum(each['waiting'] for each in self.sealed) + status['spool_batches']} batches "
            f"waited in spools; {report['records']} batches at the end")

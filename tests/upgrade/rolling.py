"""Two collectors on one PostgreSQL are replaced in turn; agents report, readers read."""

import json
import subprocess
import threading
import time

from release_case import NEW, UpgradeCase, say, wait_for

VERDICT_TIMEOUT_S = 30
POLL_S = 0.2
# What a reader may need beyond the time in which a collector is away.
RECONNECT_S = 2
# How long both releases serve side by side.
WINDOWS_TOGETHER = 3


class Reader(threading.Thread):
    """Asks every collector again and again; notes who did not answer when."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.answers = 0
        self.failures = {collector.node: [] for collector in world.collectors}
        self.none_answered = []
        self._stopping = threading.Event()

    def run(self):
        while not self._stopping.wait(POLL_S):
            missed = []
            for collector in self.world.collectors:
                began = time.monotonic()
                if self.world.summary(collector) is None:
                    missed.append(collector)
                    self.failures[collector.node].append((began, time.monotonic()))
                else:
                    self.answers += 1
            if len(missed) == len(self.world.collectors):
                self.none_answered.append(time.monotonic())

    def end(self):
        """Returns when it has stopped."""
        self._stopping.set()
        self.join()


class Watcher:
    """`sightline watch`, which goes on by itself after a broken connection."""

    def __init__(self, world, collector):
        self.path = world.folder / "watch.jsonl"
        with open(self.path, "wb") as out:
            self._process = world.popen("watch", [
                world.bin / "sightline", "watch", "--format", "json", "--heartbeats",
                "--collector", f"127.0.0.1:{collector.port}", "--country", "CN",
                "--roots", world.certificates.certificate("ca-lab")], stdout=out)

    def changes(self):
        """change_seq of every change so far, in the order in which they came."""
        lines = self.path.read_text().splitlines(keepends=True)
        messages = [json.loads(line) for line in lines if line.endswith("\n")]
        return [int(each["change"]["change_seq"]) for each in messages if each.get("change")]

    @property
    def running(self):
        """Whether it still watches."""
        return self._process.poll() is None


class RollingTest(UpgradeCase):
    """Nobody notices but for a reconnect."""

    def setUp(self):
        super().setUp()
        self.store = self.database()

    def query(self, sql):
        """Rows of the store, as lists of text."""
        done = subprocess.run(["psql", "--no-psqlrc", "-At", "-F", "\t", self.store, "-c", sql],
                              check=True, capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def schema(self):
        """Version of the store's schema."""
        return int(self.query("SELECT max(version) FROM schema_migrations")[0][0])

    def windows(self):
        """Start of every window that has verdicts, in milliseconds."""
        rows = self.query("SELECT DISTINCT window_start_ms FROM verdicts ORDER BY window_start_ms")
        return [int(row[0]) for row in rows]

    def wait_for_windows(self, count):
        """Returns when so many more windows have verdicts."""
        before = len(self.windows())
        wait_for(lambda: len(self.windows()) >= before + count, VERDICT_TIMEOUT_S,
                 f"verdicts of {count} more windows")

    def replace(self, collector):
        """The new release in place of the old one; when it was away."""
        began = time.monotonic()
        collector.stop()
        collector.bin = NEW
        collector.start()
        return began, time.monotonic()

    def restart_old(self, collector, held):
        """The last release's collector starts beside the new one, or refuses clearly."""
        collector.kill()
        began = time.monotonic()
        if self.refuses_newer_schema(self.store):
            self.assertGreater(self.schema(), held)
            say("the last release's collector refuses the new schema; the one that ran went on")
        else:
            collector.start()
        return began, time.monotonic()

    def test_two_collectors_on_postgresql(self):
        """At least one of them serves all the time; every batch is in the log once."""
        world = self.world
        old, older = (world.add_collector(self.store) for _ in range(2))
        fleet = world.start_all()
        held = self.schema()
        for collector in world.collectors:
            wait_for(lambda collector=collector: world.summary(collector), VERDICT_TIMEOUT_S,
                     "a first summary")
        reader = Reader(world)
        watcher = Watcher(world, older)
        reader.start()
        self.wait_for_progress(fleet)

        away = {old.node: [self.replace(old)]}
        wait_for(lambda: self.windows() and watcher.changes(), VERDICT_TIMEOUT_S, "a change")
        self.wait_for_progress(fleet)
        self.wait_for_windows(WINDOWS_TOGETHER)
        self.assertTrue(older.running)
        schema = self.schema()
        away[older.node] = [self.restart_old(older, held)]
        self.wait_for_progress(fleet)
        away[older.node].append(self.replace(older))
        changes = len(watcher.changes())
        self.wait_for_progress(fleet)
        self.wait_for_windows(WINDOWS_TOGETHER)
        wait_for(lambda: len(watcher.changes()) > changes, VERDICT_TIMEOUT_S, "one more change")
        reader.end()

        self.check_reader(reader, away)
        self.check_watcher(watcher)
        world.bin = NEW
        report = self.finish(fleet)
        self.check_windows()
        say(f"schema {held} of the last release, now {schema}"
            + (": it did not change, so nothing was migrated" if held == schema else "")
            + f"; {report['records']} batches, {len(self.windows())} windows, "
            f"{reader.answers} answers to a reader")

    def check_reader(self, reader, away):
        """Somebody always answered, and each collector did but for the time it was away."""
        self.assertEqual(reader.none_answered, [])
        self.assertGreater(reader.answers, 20)
        for node, failures in reader.failures.items():
            for began, ended in failures:
                excused = any(ended >= start and began <= end + RECONNECT_S
                              for start, end in away[node])
                self.assertTrue(excused, f"{node} did not answer from {began} to {ended}, "
                                f"and was away {away[node]}")

    def check_watcher(self, watcher):
        """Every change once, in order, across two restarts of its collector."""
        self.assertTrue(watcher.running)
        seen = watcher.changes()
        rows = self.query("SELECT change_seq FROM changes WHERE country = 'CN' "
                          f"AND change_seq BETWEEN {seen[0]} AND {seen[-1]} ORDER BY change_seq")
        self.assertEqual(seen, [int(row[0]) for row in rows])

    def check_windows(self):
        """No window between the first and the last is without verdicts."""
        windows = self.windows()
        step = windows[1] - windows[0]
        self.assertEqual(windows, list(range(windows[0], windows[-1] + step, step)))

    def test_older_program_refuses_newer_schema(self):
        """Also when this release did not change the schema: a step that it does not know is one."""
        subprocess.run([str(NEW / "sightline-collector"), "migrate", "--store", self.store],
                       check=True, capture_output=True)
        self.query(f"INSERT INTO schema_migrations (version) VALUES ({self.schema() + 1})")
        self.assertTrue(self.refuses_newer_schema(self.store))
        collector = self.world.add_collector(self.store)
        with self.assertRaisesRegex(AssertionError, "run the newer program that made it"):
            collector.start()

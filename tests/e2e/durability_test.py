"""The collector is killed in the middle of a run: every sealed batch arrives exactly once."""

import collections
import hashlib
import random
import sqlite3
import subprocess
import tempfile
import time
import unittest

import harness
from private_postgres import PrivatePostgres

KILLS = 3
DRAIN_TIMEOUT_S = 120
BYTES = ("agent_id", "prev_hash", "chain_hash", "batch")


def query(to_hex):
    """The log in order, bytes as hexadecimal text; `to_hex` is the store's way to write them."""
    columns = ", ".join(to_hex.format(column) for column in BYTES)
    return f"SELECT first_seq, batch_seq, {columns} FROM batches ORDER BY agent_id, batch_seq"


def rows_of_sqlite(path):
    """Every batch in the log of a SQLite store."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return connection.execute(query("lower(hex({}))")).fetchall()


def rows_of_postgres(url):
    """Every batch in the log of a PostgreSQL store."""
    done = subprocess.run(["psql", "--no-psqlrc", "-At", "-F", " ", url, "-c",
                           query("encode({}, 'hex')")],
                          check=True, capture_output=True, text=True)
    rows = [line.split(" ") for line in done.stdout.splitlines()]
    return [(int(first), int(last), *rest) for first, last, *rest in rows]


class DurabilityTest(unittest.TestCase):
    """One run for each store."""

    def run_with_kills(self, store, read_rows):
        """Kills and restarts the collector while agents send; compares both ends."""
        with tempfile.TemporaryDirectory() as folder:
            lab = harness.start_lab(folder, store)
            try:
                self.kill_and_restart(lab)
                sealed = {host.ns: harness.agent_status(lab, host) for host in harness.all_agents()}
                self.wait_until_stored(lab, sealed)
                lab.agents("stop")
                self.compare(sealed, read_rows(lab))
                harness.end_cleanly(self, lab)
            finally:
                lab.down()

    def kill_and_restart(self, lab):
        """SIGKILL at moments that nobody chose, each after batches have come in again."""
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        moments = random.Random(seed)
        for _ in range(KILLS):
            before = self.stored(lab)
            lab.wait_for(lambda: sum(self.stored(lab).values()) > sum(before.values()) + 60, 90,
                         "60 more batches in the log")
            time.sleep(moments.uniform(0, 2))
            lab.collector("kill")
            time.sleep(moments.uniform(0, 4))
            lab.collector("start")

    def stored(self, lab):
        """Highest stored batch of each agent, by the collector's word."""
        done = lab.exec("inet", [str(lab.bin / "sightline"), "agents", "--admin",
                                 str(lab.directory / "admin.sock"), "--format", "json"])
        if done.returncode != 0:
            raise harness.LabError(done.stderr)
        agents = harness.json.loads(done.stdout)["agents"]
        return {agent["agent_id"]: int(agent["last_seq"]) for agent in agents}

    def wait_until_stored(self, lab, sealed):
        """Waits until everything that was sealed at a moment is in the log."""
        wanted = sum(int(status["sealed_seq"]) for status in sealed.values())
        self.assertGreater(wanted, KILLS * 60)

        def all_there():
            acknowledged = [harness.agent_status(lab, host)["acked_seq"]
                            >= sealed[host.ns]["sealed_seq"] for host in harness.all_agents()]
            return all(acknowledged)

        lab.wait_for(all_there, DRAIN_TIMEOUT_S, "every sealed batch acknowledged", interval_s=2)

    def compare(self, sealed, rows):
        """Each agent's chain in the log is whole, and reaches what the agent had sealed."""
        chains = collections.defaultdict(list)
        for first, last, agent_id, *row in rows:
            chains[agent_id].append((first, last, *row))
        self.assertEqual(len(chains), len(sealed))
        for ns, status in sealed.items():
            chain = chains[status["agent_id"]]
            self.assertGreaterEqual(len(chain), status["sealed_seq"], ns)
            head = "00" * 32
            for position, (first, last, prev_hash, chain_hash, body) in enumerate(chain, start=1):
                self.assertEqual((first, last), (position, position), ns)
                self.assertEqual(prev_hash, head, ns)
                head = hashlib.sha256(bytes.fromhex(body)).hexdigest()
                self.assertEqual(chain_hash, head, ns)
        print(f"{sum(map(len, chains.values()))} batches of {len(chains)} agents, each once",
              flush=True)

    def test_sqlite(self):
        """On the embedded store."""
        self.run_with_kills("sqlite", lambda lab: rows_of_sqlite(lab.directory / "collector.db"))

    def test_postgresql(self):
        """On PostgreSQL."""
        with PrivatePostgres() as postgres:
            self.run_with_kills(postgres.url, lambda lab: rows_of_postgres(postgres.url))


if __name__ == "__main__":
    harness.main()

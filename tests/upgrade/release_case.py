"""What the upgrade tests share: the programs of two releases, and a world in which one follows the
other. Runs in a network namespace of its own, where probes of a real agent lead nowhere."""

import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "faults"))

# pylint: disable=wrong-import-position
from scenario import FaultCase, say
from world import BIN as NEW, plan_text, wait_for

OLD = pathlib.Path(os.environ.get("SIGHTLINE_PREVIOUS_BIN",
                                  ROOT / "build" / "previous" / "bin")).resolve()
PROGRAMS = ("sightline", "sightline-agent", "sightline-collector", "fault_agents")
# Batches of a real agent, one a second, that show that it is served.
SOME_BATCHES = 3
AGENT_TIMEOUT_S = 30
STOPS_MAX = 10
CHECKS = 4  # of whatsapp


class Agent:
    """sightline-agent on one state folder, of one release after the other."""

    def __init__(self, world, folder, name):
        self.world = world
        self.bin = folder
        self.name = name
        self.state = world.folder / f"{name}.state"
        self._process = None

    def command(self, *arguments):
        """Runs `sightline-agent ... --state FOLDER` to its end; its standard output."""
        done = subprocess.run([str(self.bin / "sightline-agent"), *arguments,
                               "--state", str(self.state)],
                              check=False, capture_output=True, text=True, timeout=AGENT_TIMEOUT_S)
        if done.returncode != 0:
            raise AssertionError(f"sightline-agent {arguments[0]}: {done.stderr}")
        return done.stdout

    def enroll(self, collector):
        """Joins with an invite of the collector's."""
        invite = self.world.cli("invite", "--admin", collector.admin, "--count", 1).strip()
        self.command("enroll", "--invite", invite, "--region", "CN-BJ", "--accept")

    def start(self):
        """Probes and reports from now on."""
        self._process = self.world.popen(self.name, [self.bin / "sightline-agent", "run",
                                                     "--state", self.state])

    def stop(self):
        """SIGTERM; it must end cleanly."""
        self._process.terminate()
        code = self._process.wait(timeout=AGENT_TIMEOUT_S)
        if code != 0:
            raise AssertionError(f"{self.name} ended with {code}: {self.world.log_tail(self.name)}")

    def stop_empty(self):
        """Stops it at a moment when no report waits, as a change of its key wants it."""
        for _ in range(STOPS_MAX):
            self.wait(lambda status: status["spool_batches"] == 0, "no report waits")
            self.stop()
            if self.status()["spool_batches"] == 0:
                return
            self.start()
        raise AssertionError(f"a report waited at each of {STOPS_MAX} stops")

    def status(self):
        """What it says of itself, running or not."""
        return json.loads(self.command("status", "--format", "json"))

    def wait(self, condition, what):
        """Returns the first status for which the condition holds."""
        def holds():
            status = self.status()
            return status if condition(status) else None
        try:
            return wait_for(holds, AGENT_TIMEOUT_S, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.status()}\n"
                                 f"{self.world.log_tail(self.name)}") from None

    def wait_acked(self, more=SOME_BATCHES):
        """Returns its status once so many more batches are acknowledged."""
        before = self.status().get("acked_seq", 0)
        return self.wait(lambda status: status.get("acked_seq", 0) >= before + more,
                         f"{more} more batches acknowledged")


class UpgradeCase(FaultCase):
    """A world that begins with the last release's programs."""

    def setUp(self):
        super().setUp()
        self.world.bin = OLD

    def publish(self, version, collector=None, rule="ALL_OF"):
        """A plan with a round every second, signed, and published by a collector when there is one.

        Each of whatsapp's checks fails now and then with a made-up agent: whatsapp is blocked when
        all must work (ALL_OF), and open when one is enough (ANY_OF).
        """
        lines = plan_text().replace("version: 1\n", f"version: {version}\n")
        lines = lines.replace("round_interval { seconds: 60 }", "round_interval { seconds: 1 }")
        lines = lines.replace("check_timeout { seconds: 2 }", "check_timeout { seconds: 1 }")
        text = "".join(line for line in lines.splitlines(keepends=True) if '"whatsapp"' not in line)
        text += ('targets { target_id: "whatsapp" display_name: "whatsapp" '
                 'kind: TARGET_KIND_SERVICE '
                 f'features {{ feature_id: "web" essential: true rule: FEATURE_RULE_{rule}\n')
        for number in range(CHECKS):
            text += (f'checks {{ check_id: "whatsapp-{number}" protocol: CHECK_PROTOCOL_HTTPS '
                     f'host: "w{number}.whatsapp.com" port: 443 path: "/" }}\n')
        folder = self.world.folder
        (folder / "plan.txtpb").write_text(text + "} }\n")
        self.world.cli("plan", "sign", "--key", folder / "operator.pem",
                       "--in", folder / "plan.txtpb", "--out", folder / "plan.signed")
        if collector is not None:
            self.world.cli("plan", "publish", folder / "plan.signed", "--admin", collector.admin)

    def read(self, folder, collector, *arguments):
        """JSON that a reader with the programs of `folder` gets."""
        self.world.bin = folder
        return json.loads(self.world.cli(
            *arguments, "--format", "json", "--collector", f"127.0.0.1:{collector.port}",
            "--country", "CN", "--roots", self.world.certificates.certificate("ca-lab")))

    def refuses_newer_schema(self, store):
        """Whether the last release's collector says that the store is too new for it.

        Fails when it neither says so nor would serve.
        """
        done = subprocess.run([str(OLD / "sightline-collector"), "migrate", "--store", store,
                               "--dry-run"], check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return False
        self.assertIn("run the newer program", done.stderr + done.stdout)
        return True


__all__ = ["NEW", "OLD", "PROGRAMS", "ROOT", "SOME_BATCHES", "Agent", "UpgradeCase", "say",
           "wait_for"]

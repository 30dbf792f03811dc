"""What the fault tests share: real collectors, a private PostgreSQL, honest agents, proxies."""

import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "lab"))
sys.path.insert(0, str(ROOT / "tests" / "collector" / "store"))

# pylint: disable=wrong-import-position
from private_postgres import PrivatePostgres
from proxy import Proxy
from sightline_lab.certificates import Certificates

BIN = pathlib.Path(os.environ.get("SIGHTLINE_BIN", ROOT / "build" / "dev" / "bin")).resolve()
WINDOW = {"--window": "2s", "--grace": "1s", "--retain": "60s"}
# So that a fault of the leader does not take longer than its lesson.
LEASE = {"--fold-lease": "1s"}
LEAKS = "suppressions={}/leaks:print_suppressions=0"
START_TIMEOUT_S = 60
DRAIN_S = 30
SETTLE_TIMEOUT_S = 40
# Region, network and how many agents: each agent is an origin of its own.
VOLUNTEERS = [("CN-BJ", 4134, 4), ("CN-BJ", 4837, 3), ("CN-SH", 4134, 4), ("CN-SH", 4837, 3),
              ("CN-GD", 4134, 4), ("CN-GD", 9808, 3)]
CONTROLS = [("DE", 3320, 3)]
SMALL_SPOOLS = (2, 9)  # which agents have room for a few batches only
TARGETS = [("whatsapp", "SERVICE"), ("signal", "SERVICE"), ("instagram", "SERVICE"),
           ("wechat", "DOMESTIC_ANCHOR"), ("weibo", "DOMESTIC_ANCHOR"),
           ("baidu", "DOMESTIC_ANCHOR"), ("example", "FOREIGN_ANCHOR")]


def wait_for(condition, timeout_s, what):
    """Returns the condition's first true value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.03)


def is_alive(pid):
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def free_port():
    """A port below those that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class KillablePostgres(PrivatePostgres):
    """PostgreSQL that can be killed whole, with no chance to say anything."""

    def kill(self):
        """SIGKILL to the server and to every process of it."""
        pid = self._server.pid
        os.kill(pid, signal.SIGSTOP)  # so that nobody is replaced
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._server.kill()
        self._server.wait()
        self._server = None
        # The next server wants the shared memory to be unused.
        wait_for(lambda: not any(map(is_alive, children)), 20, "PostgreSQL is gone")

    def query(self, sql):
        """Rows as lists of text."""
        done = subprocess.run(["psql", "--no-psqlrc", "-At", "-F", "\t", self.url, "-c", sql],
                              check=True, capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]


class Collector:
    """One collector process after the other, on one port and under one node name."""

    def __init__(self, world, node, store):
        self.world = world
        self.node = node
        self.store = store
        self.bin = world.bin
        self.port = free_port()
        self.http_port = free_port()
        self.admin = world.folder / f"{node}.sock"
        self.prefix = []
        self._process = None
        self._stopped = False

    def start(self, wait=True):
        """Starts it; returns when it takes connections."""
        world = self.world
        argv = [self.bin / "sightline-collector", "serve", "--store", self.store,
                "--node", self.node, "--listen", f"127.0.0.1:{self.port}",
                "--admin-socket", self.admin, "--http", f"127.0.0.1:{self.http_port}",
                "--tls-cert", world.certificates.certificate("collector"),
                "--tls-key", world.certificates.key("collector"),
                "--invite-roots", world.certificates.certificate("ca-lab"),
                "--operator-key", world.folder / "operator.pub.pem",
                "--geo", world.folder / "geo.mmdb"]
        for flag, value in {**WINDOW, **LEASE}.items():
            argv += [flag, value]
        self._process = world.popen(self.node, self.prefix + argv)
        if wait:
            self.wait_listening()

    def wait_listening(self):
        """Returns when it takes connections."""
        def listening():
            if self._process.poll() is not None:
                raise AssertionError(f"{self.node} ended with {self._process.returncode}: "
                                     f"{self.world.log_tail(self.node)}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                return False
        wait_for(listening, START_TIMEOUT_S, f"{self.node} listens")

    def kill(self):
        """SIGKILL."""
        self.end()

    def stop(self):
        """SIGTERM; it must end cleanly."""
        if self._process is None:
            return
        self.go_on()
        self._process.terminate()
        code = self._process.wait(timeout=60)
        self._process = None
        if code != 0:
            raise AssertionError(f"{self.node} ended with {code}: {self.world.log_tail(self.node)}")

    def freeze(self):
        """SIGSTOP."""
        self._process.send_signal(signal.SIGSTOP)
        self._stopped = True

    def go_on(self):
        """SIGCONT."""
        if self._stopped:
            self._process.send_signal(signal.SIGCONT)
            self._stopped = False

    @property
    def running(self):
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def end(self):
        """For the clean-up: however it stands."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Fleet:
    """The agents, in one process."""

    def __init__(self, world, name, roster, seed, pace_ms, state=None):
        self.world = world
        self.name = name
        path = world.folder / f"{name}.roster"
        path.write_text("".join(" ".join(words) + "\n" for words in roster))
        self.state = state or world.folder / f"{name}.state"
        self.state.mkdir(exist_ok=True)
        self._process = world.popen(name, [
            world.bin / "fault_agents", "--roster", path, "--state", self.state,
            "--seed", str(seed), "--pace-ms", str(pace_ms), "--drain", str(DRAIN_S)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect("ready")

    def _read(self):
        line = self._process.stdout.readline().strip()
        if not line:
            raise AssertionError(f"{self.name} ended: {self.world.log_tail(self.name)}")
        return line

    def _expect(self, word):
        line = self._read()
        if line != word:
            raise AssertionError(f"{self.name} said {line}")

    def _say(self, word):
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def pause(self):
        """Nothing is sealed until resume()."""
        self._say("pause")
        self._expect("paused")

    def resume(self):
        """Seals again."""
        self._say("resume")
        self._expect("resumed")

    def report(self, drain=False):
        """What each agent has sealed; with `drain`, after all of it was acknowledged."""
        self._say("drain" if drain else "report")
        agents = []
        while (line := self._read()) != "done":
            agents.append(json.loads(line))
        return agents

    def acked(self):
        """Batches acknowledged by now."""
        return sum(agent["sealed"] - agent["waiting"] for agent in self.report())

    def quit(self):
        """Ends cleanly."""
        self._say("quit")
        code = self._process.wait(timeout=60)
        self.end()
        if code != 0:
            raise AssertionError(f"{self.name} ended with {code}: {self.world.log_tail(self.name)}")

    def end(self):
        """For the clean-up."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class World:
    """Keys, plan, certificates and the processes. Context manager."""

    def __init__(self, seed):
        self.seed, self.bin = seed, BIN  # `bin` is of what is started; a collector has its own
        self.random = random.Random(seed)
        shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sightline-faults-", dir=shared))
        # On a disk, so that a commit takes its time and faults come while it does.
        self.disk = pathlib.Path(tempfile.mkdtemp(prefix="sightline-faults-"))
        self.certificates = Certificates(self.folder / "certificates")
        self.proxy = Proxy(seed)
        self.collectors = []
        self.fleets = []
        self.roads = []  # of each agent, one for each collector
        self.audit_prefix = []  # command in front of the audit's
        self._processes = []

    def __enter__(self):
        self.proxy.__enter__()
        # What libpqxx 6.4 loses when a connection breaks (tests/collector/store).
        (self.folder / "leaks").write_text("leak:PQmakeEmptyPGresult\n")
        (self.folder / "certificates").mkdir()
        self.certificates.make("ca-lab", "Sightline fault tests", (), None)
        self.certificates.make("collector", "collector", ["IP:127.0.0.1"], "lab")
        rows = "".join(f"127.{10 + place}.0.0/16 {region[:2]} {asn} AS{asn}\n"
                       for place, (region, asn, _) in enumerate(VOLUNTEERS + CONTROLS))
        subprocess.run(["perl", ROOT / "deploy" / "lab" / "make_mmdb.pl", self.folder / "geo.mmdb"],
                       input=rows, text=True, check=True, capture_output=True)
        self.cli("keys", "new", "--out", self.folder / "operator.pem")
        (self.folder / "plan.txtpb").write_text(plan_text())
        self.cli("plan", "sign", "--key", self.folder / "operator.pem",
                 "--in", self.folder / "plan.txtpb", "--out", self.folder / "plan.signed")
        return self

    def __exit__(self, *unused):
        for each in self.fleets + self.collectors:
            each.end()
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.proxy.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.disk, ignore_errors=True)

    def popen(self, name, argv, **streams):
        """A process that ends with this one; standard error goes into a log."""
        with open(self.folder / f"{name}.log", "ab") as log:
            streams.setdefault("stdin", subprocess.DEVNULL)
            streams.setdefault("stdout", log)
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *map(str, argv)], stderr=log,
                env={**os.environ, "LSAN_OPTIONS": LEAKS.format(self.folder)}, **streams)
        self._processes.append(process)
        return process

    def log_tail(self, name):
        """The last words of a process."""
        return "".join((self.folder / f"{name}.log").read_text(errors="replace")
                       .splitlines(keepends=True)[-15:])

    def cli(self, *arguments):
        """`sightline ...`; its standard output."""
        done = subprocess.run([str(self.bin / "sightline"), *map(str, arguments)], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"sightline {arguments[0]}: {done.stderr}")
        return done.stdout

    def add_collector(self, store, node=None):
        """A collector that runs; the first one gets the plan."""
        collector = Collector(self, node or f"n{len(self.collectors) + 1}", store)
        self.collectors.append(collector)
        return collector

    def start_all(self, pace_ms=100):
        """Starts collectors, publishes the plan, enrols agents and lets them run."""
        for collector in self.collectors:
            collector.start()
        admin = self.collectors[0].admin
        self.cli("plan", "publish", self.folder / "plan.signed", "--admin", admin)
        roster = []
        for role, groups, first in (("volunteer", VOLUNTEERS, 0),
                                    ("control", CONTROLS, len(VOLUNTEERS))):
            count = sum(group[2] for group in groups)
            invites = self.cli("invite", "--admin", admin, "--role", role,
                               "--count", count).split()
            for place, (region, _, size) in enumerate(groups, first):
                for each in range(size):
                    roster.append(self._agent(len(roster), region, invites.pop(),
                                              f"127.{10 + place}.{each}.1"))
        fleet = Fleet(self, "agents", roster, self.random.randrange(1 << 32), pace_ms)
        self.fleets.append(fleet)
        return fleet

    def _agent(self, number, region, invite, source):
        roads = [self.proxy.add(collector.port, source) for collector in self.collectors]
        self.roads.append(roads)
        words = [f"a{number}", region, invite,
                 ",".join(f"127.0.0.1:{road.port}" for road in roads)]
        return words + (["small"] if number in SMALL_SPOOLS else [])

    def audit(self):
        """The report of `sightline-collector audit` on the first collector's store."""
        done = subprocess.run(
            [*self.audit_prefix, str(self.bin / "sightline-collector"), "audit",
             "--format", "json", "--agents", "--retain", WINDOW["--retain"],
             "--store", self.collectors[0].store],
            check=False, capture_output=True, text=True)
        if done.returncode not in (0, 1) or not done.stdout:  # 1 is a sanitizer's too
            raise AssertionError(f"audit ended with {done.returncode}: {done.stderr[-4000:]}")
        return json.loads(done.stdout)

    def summary(self, collector):
        """What a collector tells readers; nothing while it has nothing to tell."""
        done = subprocess.run([str(self.bin / "sightline"), "summary", "--format", "json",
                               "--collector", f"127.0.0.1:{collector.port}", "--country", "CN",
                               "--roots", str(self.certificates.certificate("ca-lab"))],
                              check=False, capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def check_logs(self):
        """No program printed a sanitizer's report."""
        for log in sorted(self.folder.glob("*.log")):
            text = log.read_text(errors="replace")
            for word in ("Sanitizer", "runtime error:"):
                if word in text:
                    raise AssertionError(f"{log.name}:\n{text[-4000:]}")


def plan_text():
    """A plan with one check for each target."""
    now = int(time.time())
    lines = ["version: 1", f"issue_time {{ seconds: {now - 60} }}",
             f"expire_time {{ seconds: {now + 86400} }}", "round_interval { seconds: 60 }",
             "round_jitter_ratio: 0.2", "check_timeout { seconds: 2 }",
             "dns_hold { nanos: 300000000 }", 'resolvers: "9.9.9.9:53"',
             'countries { country: "CN" regions: "CN-BJ" regions: "CN-SH" regions: "CN-GD" }']
    for name, kind in TARGETS:
        lines.append(f'targets {{ target_id: "{name}" display_name: "{name}" '
                     f'kind: TARGET_KIND_{kind} features {{ feature_id: "web" essential: true '
                     f'rule: FEATURE_RULE_ALL_OF checks {{ check_id: "{name}-web" '
                     f'protocol: CHECK_PROTOCOL_HTTPS host: "www.{name}.com" port: 443 '
                     'path: "/" } } }')
    return "\n".join(lines) + "\n"

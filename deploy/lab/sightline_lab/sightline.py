"""Sightline inside the lab: operator key, plan, collector, agents, by their command lines only."""

import concurrent.futures
import pathlib
import signal
import subprocess
import time
from typing import Dict, List

from . import topology
from .certificates import Certificates
from .processes import ProcessError, Processes
from .topology import AgentHost

PROGRAMS = ("sightline", "sightline-agent", "sightline-collector")
PLAN_TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "plan.txtpb"
_MMDB_SCRIPT = PLAN_TEMPLATE.parent / "make_mmdb.pl"
_ENROLMENTS_AT_ONCE = 4
_PLAN_DAYS = 7
_COLLECTOR = "collector"


class Sightline:
    """One collector and an agent on every agent host."""

    def __init__(self, directory: pathlib.Path, bin_directory: pathlib.Path,
                 certificates: Certificates, processes: Processes, chat_root: bytes, store: str,
                 window: str, grace: str):
        self._directory = directory
        self._bin = bin_directory
        self._certificates = certificates
        self._processes = processes
        self._chat_root = chat_root
        self._store = f"sqlite:{directory / 'collector.db'}" if store == "sqlite" else store
        self._window = window
        self._grace = grace
        self._hosts: Dict[str, AgentHost] = {host.ns: host for host in topology.all_agents()}

    def prepare(self) -> None:
        """Makes the operator key, the signed plan and the country and network database."""
        rows = "".join(f"{prefix} {country} {asn} {name}\n"
                       for prefix, country, asn, name in topology.geo_rows())
        done = subprocess.run(["perl", _MMDB_SCRIPT, self._directory / "lab.mmdb"], input=rows,
                              text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise ProcessError(f"{_MMDB_SCRIPT.name} failed: {done.stderr.strip()}")
        self._cli("keys", "new", "--out", self._directory / "operator.pem")
        plan = self._directory / "plan.txtpb"
        plan.write_text(self._render_plan())
        self._cli("plan", "sign", "--key", self._directory / "operator.pem", "--in", plan,
                  "--out", self._directory / "plan.signed")

    def start_collector(self) -> None:
        """Starts the collector on its store and waits until it listens."""
        address = f"{topology.COLLECTOR}:{topology.COLLECTOR_PORT}"
        admin = self._directory / "admin.sock"
        self._processes.start(_COLLECTOR, topology.INTERNET_NS, [
            str(self._bin / "sightline-collector"), "serve", "--store", self._store,
            "--listen", address, "--advertise", address,
            "--tls-cert", str(self._certificates.certificate("collector")),
            "--tls-key", str(self._certificates.key("collector")),
            "--invite-roots", str(self._certificates.certificate("ca-lab")),
            "--admin-socket", str(admin),
            "--operator-key", str(self._directory / "operator.pub.pem"),
            "--geo", str(self._directory / "lab.mmdb"),
            "--http", ":".join(map(str, topology.COLLECTOR_HTTP)),
            "--window", self._window, "--grace", self._grace])
        self._processes.wait_listening(_COLLECTOR, topology.INTERNET_NS, topology.COLLECTOR,
                                       topology.COLLECTOR_PORT)

    def stop_collector(self, how: int) -> None:
        """Ends the collector with SIGTERM or SIGKILL; its store stays."""
        self._processes.stop([_COLLECTOR], how)

    def publish_plan(self) -> None:
        """Hands the signed plan to the collector."""
        self._cli("plan", "publish", self._directory / "plan.signed",
                  "--admin", self._directory / "admin.sock")

    def enroll_agents(self) -> None:
        """Enrols every agent that has no state yet."""
        (self._directory / "agents").mkdir(exist_ok=True)
        pairs = []
        for role in ("volunteer", "control"):
            hosts = [host for host in self._hosts.values()
                     if host.control == (role == "control") and not self._state(host).exists()]
            if hosts:
                invites = self._cli("invite", "--admin", self._directory / "admin.sock",
                                    "--role", role, "--count", len(hosts)).split()
                if len(invites) != len(hosts):
                    raise ProcessError(f"asked for {len(hosts)} invites, got {len(invites)}")
                pairs += list(zip(hosts, invites))
        with concurrent.futures.ThreadPoolExecutor(_ENROLMENTS_AT_ONCE) as pool:
            list(pool.map(lambda pair: self._enroll(*pair), pairs))

    def start_agents(self) -> None:
        """Starts the agents that do not run."""
        for host in self._hosts.values():
            if self._processes.state(self._process(host)) != "running":
                self._processes.start(self._process(host), host.ns, [
                    str(self._bin / "sightline-agent"), "run", "--state", str(self._state(host))])

    def stop_agents(self, how: int = signal.SIGTERM) -> None:
        """Ends all agents; with SIGTERM each finishes cleanly."""
        self._processes.stop([self._process(host) for host in self._hosts.values()], how)

    def state(self) -> Dict[str, object]:
        """For status: state of the collector and of each agent."""
        return {"collector": self._processes.state(_COLLECTOR),
                "agents": {ns: self._processes.state(self._process(host))
                           for ns, host in self._hosts.items()}}

    def _process(self, host: AgentHost) -> str:
        return f"agent-{host.ns}"

    def _state(self, host: AgentHost) -> pathlib.Path:
        return self._directory / "agents" / host.ns

    def _enroll(self, host: AgentHost, invite: str) -> None:
        self._processes.run(host.ns, [
            str(self._bin / "sightline-agent"), "enroll", "--invite", invite,
            "--region", host.region, "--state", str(self._state(host)), "--accept"])

    def _cli(self, *arguments) -> str:
        argv = [str(self._bin / "sightline")] + [str(argument) for argument in arguments]
        return self._processes.run(topology.INTERNET_NS, argv)

    def _render_plan(self) -> str:
        now = int(time.time())
        values = {
            "@ISSUE_SECONDS@": str(now),
            "@EXPIRE_SECONDS@": str(now + _PLAN_DAYS * 86400),
            "@RESOLVER@": f"{topology.RESOLVER}:53",
            "@NEUTRAL@": topology.SERVICE_BY_NAME["example"].hosts["www.example.com"],
            "@REGIONS@": "\n".join(f'  regions: "{region}"' for region in topology.CITIES),
            "@LAB_PEM@": _text_format(self._certificates.certificate("ca-lab")),
            "@CHAT_ROOT@": "".join(f"\\x{byte:02x}" for byte in self._chat_root),
            "@SIGNAL_PEM@": _text_format(self._certificates.certificate("ca-signal")),
        }
        text = PLAN_TEMPLATE.read_text()
        for name, value in values.items():
            text = text.replace(name, value)
        return text


def _text_format(pem: pathlib.Path) -> str:
    """The file as adjacent string literals of the protobuf text format."""
    lines: List[str] = pem.read_text().splitlines()
    return "\n".join(f'    "{line}\\n"' for line in lines)

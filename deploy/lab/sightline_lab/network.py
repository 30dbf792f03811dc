"""Builds the namespaces, links, addresses and routes of topology.py; loads the censors' rules."""

import pathlib
import subprocess
from typing import Dict, List

from . import netns, topology
from .topology import AgentHost, Place


class NetworkError(RuntimeError):
    """A tool refused a step; the message holds the tool's own words."""


class Network:
    """The lab's network. Built once; vanishes with the process's namespaces."""

    def __init__(self, directory: pathlib.Path):
        """`directory` is covered by a private tmpfs that pins the namespaces."""
        self._directory = directory

    def path(self, ns: str) -> pathlib.Path:
        """Where namespace `ns` is pinned."""
        return self._directory / ns

    def build(self) -> None:
        """Makes everything. Raises NetworkError or OSError."""
        netns.mount_tmpfs(self._directory)
        for ns in topology.namespaces():
            netns.create(self.path(ns))
        links, inside = _Links(self), {ns: ["link set lo up"] for ns in topology.namespaces()}
        self._plan_domestic(links, inside)
        for place in topology.PLACES:
            self._plan_place(place, links, inside)
        for host in topology.controls():
            self._plan_host(host, topology.INTERNET_NS, links, inside)
        for service in topology.SERVICES + (topology.FORGED_HOST,):
            inside[service.ns] += [f"address add {a}/32 dev lo" for a in service.hosts.values()]
        inside[topology.INTERNET_NS] += [f"address add {address}/32 dev lo"
                                         for address in (topology.RESOLVER, topology.COLLECTOR)]
        _ip_batch(links.lines)
        forwarding = {topology.INTERNET_NS} | {place.name for place in topology.PLACES}
        for ns, lines in inside.items():
            with netns.inside(self.path(ns)):
                if ns in forwarding:
                    pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
                _ip_batch(lines)

    def load_firewall(self, place: Place, rules: str) -> None:
        """Replaces the rules of one router in one step."""
        with netns.inside(self.path(place.name)):
            _run(["iptables-restore"], rules)

    def _plan_domestic(self, links: "_Links", inside: Dict[str, List[str]]) -> None:
        links.add(topology.INTERNET_NS, "to-domestic", topology.DOMESTIC_NS, "eth0")
        inside[topology.INTERNET_NS] += [
            "address add 10.0.0.1/30 dev to-domestic", "link set to-domestic up",
            "route add 36.60.0.0/16 via 10.0.0.2"]
        inside[topology.DOMESTIC_NS] += [
            "address add 10.0.0.2/30 dev eth0", "link set eth0 up",
            "route add default via 10.0.0.1"]

    def _plan_place(self, place: Place, links: "_Links", inside: Dict[str, List[str]]) -> None:
        links.add(topology.INTERNET_NS, place.name, place.name, "uplink")
        inside[topology.INTERNET_NS] += [
            f"address add 10.0.{place.link}.1/30 dev {place.name}", f"link set {place.name} up",
            f"route add {place.prefix}.0.0/16 via 10.0.{place.link}.2"]
        inside[place.name] += [
            f"address add 10.0.{place.link}.2/30 dev uplink", "link set uplink up",
            f"route add default via 10.0.{place.link}.1"]
        for host in topology.agents_of(place):
            self._plan_host(host, place.name, links, inside)

    def _plan_host(self, host: AgentHost, router: str, links: "_Links",
                   inside: Dict[str, List[str]]) -> None:
        links.add(router, host.ns, host.ns, "eth0")
        inside[router] += [f"address add {host.gateway}/24 dev {host.ns}", f"link set {host.ns} up"]
        inside[host.ns] += [f"address add {host.address}/24 dev eth0", "link set eth0 up",
                            f"route add default via {host.gateway}"]


class _Links:
    """Commands that make the cables between namespaces."""

    def __init__(self, network: Network):
        self._network = network
        self.lines: List[str] = []

    def add(self, ns: str, name: str, peer_ns: str, peer_name: str) -> None:
        """A cable from interface `name` in `ns` to `peer_name` in `peer_ns`."""
        self.lines.append(
            f"link add name {name} netns {self._network.path(ns)} type veth "
            f"peer name {peer_name} netns {self._network.path(peer_ns)}")


def _ip_batch(lines: List[str]) -> None:
    _run(["ip", "-batch", "-"], "\n".join(lines) + "\n")


def _run(argv: List[str], text: str) -> None:
    done = subprocess.run(argv, input=text, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise NetworkError(f"{' '.join(argv)} failed: {(done.stderr or done.stdout).strip()}")

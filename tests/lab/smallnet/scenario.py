"""What a scenario is made of: servers, censors, a plan, and what the agent must say about it.

Pure data. `expect` and `causes` are the agent's judgement; `peer` is what OONI's Web Connectivity
would say about the same network, by the rules of its own test suite.
"""

import dataclasses
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple, Union

from . import places
from .dns_server import Zone, addresses
from .middlebox import Filter
from .plan_text import https, target
from .web_server import Reply, Site

# Letters of tests/agent/probe/layer_letters.h: dns tcp tls http app.
Vector = str
TRUTH: Zone = {
    places.SERVICE_NAME: addresses(places.SERVICE),
    places.SIBLING_NAME: addresses(places.SIBLING),
    places.REDIRECTOR_NAME: addresses(places.TARGET_OF_REDIRECT),
    places.ANCHOR_NAME: addresses(places.ANCHOR),
    places.NEUTRAL_NAME: addresses(places.NEUTRAL),
    places.INNER_NAME: addresses(places.INNER),
    places.CHAT_NAME: addresses(places.CHAT),
    places.IDN_NAME: addresses(places.SERVICE),
}
SERVICE_SITES = (Site(places.SERVICE), Site(places.SERVICE, 80, None))
NEUTRAL_SITES = (Site(places.NEUTRAL, places.HTTPS_PORT, "neutral"),
                 Site(places.NEUTRAL, places.OTHER_HTTPS_PORT, "neutral"),
                 Site(places.NEUTRAL, 80, None),
                 Site(places.ANCHOR, 443, "neutral"))


@dataclasses.dataclass(frozen=True)
class Injector:
    """Forges DNS answers at the border, `delay_ms` after the question."""

    # IPv4 addresses, or "nxdomain".
    forge: Tuple[str, ...]
    names: Tuple[str, ...] = (places.SERVICE_NAME,)
    delay_ms: int = 0


@dataclasses.dataclass(frozen=True)
class Censor:
    """Everything that interferes. Kernel rules are words of iptables or nft."""

    injectors: Tuple[Injector, ...] = ()
    # Rules for `iptables`, at the border and at the province's edge.
    rules: Tuple[str, ...] = ()
    province_rules: Tuple[str, ...] = ()
    # Input of `nft -f -` at the border.
    nft: str = ""
    # Connections that pass a proxy at the border.
    filters: Tuple[Filter, ...] = ()
    # Address whose packets to the client pass a bottleneck: kbit/s.
    rates: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One scenario. Whatever is not given is as it is where nobody interferes."""

    name: str
    # What is set up, for the table.
    setup: str
    # Expected layers of each check in the plan's order; of each round when there are several.
    expect: Union[Vector, Sequence[Vector], Mapping[str, Union[Vector, Sequence[Vector]]]]
    # Expected causes, "LAYER:MECHANISM"; by check when there are several checks.
    causes: Union[FrozenSet[str], Mapping[str, FrozenSet[str]]] = frozenset()
    # OONI failure of the (first) check; None does not look at it.
    failure: Optional[str] = None
    # Subset of the report's vantage.
    vantage: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    # What else must hold: observations by check, of each round; returns what does not.
    also: Optional[Callable[[List[Dict[str, Any]]], List[str]]] = None
    # What the peer says: "accessible", "dns", "tcp_ip", "http-failure", "http-diff", "false" (not
    # accessible, not blocked), "null" (does not know), "-" (it has nothing of the kind).
    peer: str = "-"
    why: str = ""

    zone: Zone = dataclasses.field(default_factory=dict)
    # What the provider's resolver says instead (the machine's own); None runs none.
    isp_zone: Optional[Zone] = None
    # Added to, or where address and port are equal in place of, the usual servers.
    sites: Tuple[Site, ...] = ()
    # Sockets of SERVICE_SITES that nobody listens on.
    dead_ports: Tuple[int, ...] = ()
    # Whether a proxy lives at places.PROXY that passes everything on to the service.
    proxy: bool = False
    # Defect of the Noise responder at places.CHAT, "none" or one of noise_responder.py; None runs
    # none. The plan then has the profile "chat".
    noise: Optional[str] = None
    # Whether the client's machine has a VPN that ends abroad.
    tunnel: bool = False
    # Whether all answers come with a delay of a resolver abroad: seconds.
    resolver_delay_s: float = 0.08
    censor: Censor = Censor()

    checks: Tuple[Dict[str, Any], ...] = (https(),)
    # Whole targets in place of `checks`.
    targets: Tuple[Dict[str, Any], ...] = ()
    plan: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rounds: int = 1
    pause_s: float = 0
    # How long the agent may take.
    run_s_max: float = 60
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def plan_targets(self):
        """Targets of the plan."""
        return list(self.targets) or [target("service", list(self.checks))]


def name_reset(name: str, port: Optional[int] = 443) -> str:
    """A rule that resets connections that carry `name`, to one port or to any."""
    where = f"--dport {port} " if port else ""
    return (f"-A FORWARD -p tcp {where}-m string --algo kmp --string {name} "
            "-j REJECT --reject-with tcp-reset")


def name_drop(name: str, port: int) -> str:
    """A rule that drops what carries `name`."""
    return f"-A FORWARD -p tcp --dport {port} -m string --algo kmp --string {name} -j DROP"


def port_drop(address: str, port: int) -> str:
    """A rule that drops everything to one port of an address."""
    return f"-A FORWARD -p tcp -d {address} --dport {port} -j DROP"


def port_reset(address: str, port: int) -> str:
    """A rule that answers every packet to one port of an address with a reset."""
    return f"-A FORWARD -p tcp -d {address} --dport {port} -j REJECT --reject-with tcp-reset"


def redirected(address: str, port: int, there: str, there_port: int) -> str:
    """A rule that leads connections to another server."""
    return (f"-t nat -A PREROUTING -p tcp -d {address} --dport {port} "
            f"-j DNAT --to-destination {there}:{there_port}")


def page(**fields: Any) -> Dict[str, Reply]:
    """Pages of a site that says the same whatever it is asked."""
    return {"": Reply(**fields)}

"""What the small internet consists of: places, services, addresses. Values only.

Every address looks public because an agent refuses to probe private ones. They exist only inside
the lab's namespaces, which have no way out to the host's network.
"""

from dataclasses import dataclass
from typing import Dict, List, Tuple

CITIES = ("CN-BJ", "CN-SH", "CN-GD", "CN-SC", "CN-HB", "CN-SN")
NETWORKS = (4134, 4837)
CONTROLS = (("NL", 1136), ("DE", 3320), ("SE", 3301))
AGENTS_PER_NETWORK = 4

RESOLVER = "45.60.53.53"
# How long a question travels: the nearest and the farthest, as of a resolver abroad.
RESOLVER_DELAY_MS = (5, 40)
COLLECTOR = "45.60.8.8"
COLLECTOR_PORT = 7443
# Its HTTP port is on the loopback of its namespace.
COLLECTOR_HTTP = ("127.0.0.1", 9464)
# Where forged DNS answers point: a host that shows the certificate of an unrelated name.
FORGED_ADDRESSES = ("45.70.0.1", "45.70.0.2")
FORGED_CERTIFICATE_NAME = "www.unrelated.example"

INTERNET_NS = "inet"
DOMESTIC_NS = "domestic"


@dataclass(frozen=True)
class Service:
    """One service: an nginx of its own, so that it can be stopped alone."""

    name: str
    ns: str
    # Host name to address.
    hosts: Dict[str, str]
    # Which of the lab's certificate authorities signs it: "lab" or "signal".
    authority: str
    body: str


def _service(name, ns, prefix, hosts, body, authority="lab"):
    addresses = {host: f"{prefix}.{i}" for i, host in enumerate(hosts, start=1)}
    return Service(name, ns, addresses, authority, body)


SERVICES = (
    _service("whatsapp", INTERNET_NS, "45.60.1",
             ("web.whatsapp.com", "v.whatsapp.net", "g.whatsapp.net", "mmg.whatsapp.net"),
             "WhatsApp stand-in"),
    _service("signal", INTERNET_NS, "45.60.2",
             ("chat.signal.org", "storage.signal.org", "cdsi.signal.org"),
             "Signal stand-in", authority="signal"),
    _service("instagram", INTERNET_NS, "45.60.3", ("www.instagram.com",), "Instagram stand-in"),
    _service("example", INTERNET_NS, "45.60.4", ("www.example.com",), "Foreign anchor"),
    _service("wechat", DOMESTIC_NS, "36.60.1", ("www.wechat.com",), "WeChat stand-in"),
    _service("weibo", DOMESTIC_NS, "36.60.2", ("weibo.com",), "Weibo stand-in"),
    _service("baidu", DOMESTIC_NS, "36.60.3", ("www.baidu.com",), "Domestic anchor"),
)
SERVICE_BY_NAME = {service.name: service for service in SERVICES}
# WhatsApp's chat servers speak Noise without TLS here, beside the web server of the same host.
CHAT_SERVICE = "whatsapp"
CHAT_HOST = "g.whatsapp.net"
CHAT_PORT = 5222
FORGED_HOST = Service("forged", INTERNET_NS,
                      {f"{FORGED_CERTIFICATE_NAME}-{i}": address
                       for i, address in enumerate(FORGED_ADDRESSES)},
                      "lab", "Somewhere else")


@dataclass(frozen=True)
class Place:
    """One network of one city, behind one router with one censor."""

    region: str
    asn: int
    # Number of its transit link, unique in the lab.
    link: int
    # First two bytes of the prefix that its agents live in.
    prefix: str

    @property
    def name(self) -> str:
        """Name of the router's namespace, such as "bj-4134"."""
        return f"{self.region[3:].lower()}-{self.asn}"

    def agent_ns(self, k: int) -> str:
        """Namespace of agent host k (1 to AGENTS_PER_NETWORK)."""
        return f"{self.name}-{k}"


@dataclass(frozen=True)
class AgentHost:
    """One machine that an agent runs on, alone in its /24."""

    ns: str
    region: str
    asn: int
    address: str
    gateway: str
    control: bool


def _places() -> Tuple[Place, ...]:
    places = []
    for c, region in enumerate(CITIES, start=1):
        for n, asn in enumerate(NETWORKS, start=1):
            places.append(Place(region, asn, len(places) + 1, f"30.{c * 10 + n}"))
    return tuple(places)


PLACES = _places()
PLACE_BY_KEY = {(place.region, place.asn): place for place in PLACES}


def agents_of(place: Place) -> List[AgentHost]:
    """The agent hosts behind one router."""
    return [AgentHost(place.agent_ns(k), place.region, place.asn, f"{place.prefix}.{k}.2",
                      f"{place.prefix}.{k}.1", False)
            for k in range(1, AGENTS_PER_NETWORK + 1)]


def controls() -> List[AgentHost]:
    """The control agents outside, each straight on the internet."""
    return [AgentHost(f"control-{country.lower()}", country, asn, f"50.{i}.1.2", f"50.{i}.1.1",
                      True)
            for i, (country, asn) in enumerate(CONTROLS, start=1)]


def all_agents() -> List[AgentHost]:
    """Every agent host: volunteers by place, then controls."""
    return [host for place in PLACES for host in agents_of(place)] + controls()


def namespaces() -> List[str]:
    """Every namespace of the lab."""
    return ([INTERNET_NS, DOMESTIC_NS] + [place.name for place in PLACES] +
            [host.ns for host in all_agents()])


def geo_rows() -> List[Tuple[str, str, int, str]]:
    """Rows of the country and network database: prefix, country, ASN, organisation."""
    rows = [(f"{place.prefix}.0.0/16", place.region[:2], place.asn, f"Lab AS{place.asn}")
            for place in PLACES]
    rows += [(f"50.{i}.0.0/16", country, asn, f"Lab AS{asn}")
             for i, (country, asn) in enumerate(CONTROLS, start=1)]
    rows += [("45.60.0.0/16", "US", 64500, "Lab internet"),
             ("45.70.0.0/16", "US", 64501, "Lab elsewhere"),
             ("36.60.0.0/16", "CN", 4808, "Lab domestic")]
    return rows


def dns_records() -> Dict[str, str]:
    """The truth: host name to address."""
    return {host: address for service in SERVICES for host, address in service.hosts.items()}

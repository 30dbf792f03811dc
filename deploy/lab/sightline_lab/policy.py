"""What each censor does. Pure: targets and places in, kernel rules and name lists out.

A censor is stateless: every packet is judged alone, so a change of the rules takes effect with the
next packet and leaves no state to flush. A connection whose ClientHello has passed stays up after
`close`.
"""

from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, List, Tuple

from . import topology
from .topology import Place


class PolicyError(ValueError):
    """An unknown target or place; the message names the known ones."""


@dataclass(frozen=True)
class Mechanism:
    """How a closed target is censored."""

    # Answers its names with forged addresses.
    forge_dns: bool = False
    # Resets a connection to port 443 that carries one of its names.
    reset_sni: bool = False
    # Drops packets to its addresses.
    blackhole: bool = False


# The one table. Targets that are not in it are never censored.
MECHANISMS: Dict[str, Mechanism] = {
    "whatsapp": Mechanism(forge_dns=True, reset_sni=True),
    "signal": Mechanism(reset_sni=True),
    "instagram": Mechanism(forge_dns=True, blackhole=True),
}

Closed = Dict[Place, FrozenSet[str]]


def initial() -> Closed:
    """Everything that can be censored is, everywhere."""
    return {place: frozenset(MECHANISMS) for place in topology.PLACES}


def parse_places(text: str) -> List[Place]:
    """Places named by REGION, REGION/ASN, all or all/ASN; ASN with or without "AS"."""
    region, slash, network = text.partition("/")
    region = region.upper()
    digits = network.upper().removeprefix("AS")
    if region != "ALL" and region not in topology.CITIES:
        raise PolicyError(f'unknown region "{region}"; known: all, {", ".join(topology.CITIES)}')
    if slash and (not digits.isdecimal() or int(digits) not in topology.NETWORKS):
        known = ", ".join(str(asn) for asn in topology.NETWORKS)
        raise PolicyError(f'unknown network "{network}"; known: {known}')
    return [place for place in topology.PLACES
            if region in ("ALL", place.region) and (not slash or place.asn == int(digits))]


def check_target(target: str) -> str:
    """The target, if a censor knows it."""
    if target not in MECHANISMS:
        raise PolicyError(f'no censor knows target "{target}"; known: {", ".join(MECHANISMS)}')
    return target


def check_service(service: str) -> str:
    """The service, if the lab has it."""
    if service not in topology.SERVICE_BY_NAME:
        known = ", ".join(topology.SERVICE_BY_NAME)
        raise PolicyError(f'unknown service "{service}"; known: {known}')
    return service


def with_opened(closed: Closed, target: str, places: Iterable[Place]) -> Closed:
    """The policy after `target` was opened at `places`."""
    return {**closed, **{place: closed[place] - {target} for place in places}}


def with_closed(closed: Closed, target: str, places: Iterable[Place]) -> Closed:
    """The policy after `target` was closed at `places`."""
    return {**closed, **{place: closed[place] | {target} for place in places}}


def firewall(targets: Iterable[str], cut: bool) -> str:
    """Input for iptables-restore at one router; replaces the whole filter table at once."""
    rules = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
    if cut:
        rules.append("-A FORWARD -j DROP")
    for target in sorted(targets):
        mechanism = MECHANISMS[target]
        hosts = topology.SERVICE_BY_NAME[target].hosts
        if mechanism.blackhole:
            rules += [f"-A FORWARD -d {address}/32 -j DROP" for address in hosts.values()]
        if mechanism.reset_sni:
            rules += [f"-A FORWARD -p tcp --dport 443 -m string --algo kmp --string {name} "
                      "-j REJECT --reject-with tcp-reset" for name in hosts]
    return "\n".join(rules + ["COMMIT", ""])


def forged_names(targets: Iterable[str], cut: bool) -> List[str]:
    """Names that the injector at one router answers; none behind a cut: censors are beyond it."""
    if cut:
        return []
    return sorted(name for target in targets if MECHANISMS[target].forge_dns
                  for name in topology.SERVICE_BY_NAME[target].hosts)


def table(closed: Closed, cut: FrozenSet[Place]) -> List[Tuple[str, int, bool, List[str]]]:
    """For people and JSON: region, ASN, whether cut, closed targets."""
    return [(place.region, place.asn, place in cut, sorted(closed[place]))
            for place in topology.PLACES]

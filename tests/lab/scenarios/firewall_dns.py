"""What the Chinese firewall does to name resolution (gfw.report; GFWatch, 2021)."""

from smallnet import places
from smallnet.dns_server import addresses
from smallnet.plan_text import https
from smallnet.scenario import Censor, Injector, Scenario, name_reset
from smallnet.web_server import Site

_RANGES = {"forged_ranges": ["2001::/32"]}
_CONTROL = {"injection_control": f"{places.NO_RESOLVER}:53"}
# Forged addresses: one has a certificate of its own, one refuses, one is silent.
_IMPOSTOR = Site(places.FORGED[0], 443, "block-page")
_SILENT_ADDRESS = f"-A FORWARD -d {places.FORGED[2]} -j DROP"
_RACE = tuple(Injector((address,), delay_ms=delay_ms)
              for address, delay_ms in zip(places.FORGED, (0, 20, 40)))
_SIBLING_SITE = Site(places.SIBLING, 443, "sibling")
_POISONED = {places.SERVICE_NAME: addresses(places.SIBLING)}
_PEER_ASN = ("the peer takes an address in the service's own network for a true answer; proof is "
             "what counts here")


def _four_answers(rounds):
    """Every voice of the race is kept, the true one last."""
    heard = [response["addresses"][0] for response in rounds[0]["service"]["dns"]["responses"]]
    if sorted(heard[:-1]) == sorted(places.FORGED) and heard[-1:] == [places.SERVICE]:
        return []
    return [f"answers {heard}, expected {places.FORGED} in any order and then {places.SERVICE}"]


def _forged_range_named(rounds):
    """The range of a forged address is told."""
    lookups = rounds[0]["service"]["other_lookups"]
    ranges = {response["forged_range"] for lookup in lookups for response in lookup["responses"]}
    return [] if "2001::/32" in ranges else [f"forged ranges {sorted(ranges)}"]


SCENARIOS = (
    Scenario("threeInjectorsRace", "three injectors with different addresses outrun the true "
             "answer by 80, 60 and 40 ms", "boooo", {"DNS:DNS_FORGED"}, "dns_server_misbehaving",
             censor=Censor(injectors=_RACE, rules=(_SILENT_ADDRESS,)), sites=(_IMPOSTOR,),
             plan={**_RANGES, "check_timeout": {"seconds": 4}}, also=_four_answers, peer="dns",
             why="the true answer is kept and proved: only DNS is in the way"),
    Scenario("forgedAaaa", "the resolver is poisoned for AAAA only, with an address in 2001::/32",
             "boooo", {"DNS:DNS_FORGED"},
             zone={places.SERVICE_NAME: addresses(places.SERVICE, "2001::1f0d:5e01")},
             plan=_RANGES, also=_forged_range_named, peer="accessible",
             why="the true IPv4 answer hides it from the peer"),
    Scenario("forgedIntoOwnNetwork", "an injector answers with an address of the same owner that "
             "shows a genuine certificate of another name", "boooo", {"DNS:DNS_FORGED"},
             "dns_server_misbehaving", censor=Censor(injectors=(Injector((places.SIBLING,)),)),
             sites=(_SIBLING_SITE,), peer="false", why=_PEER_ASN),
    Scenario("forgedIntoOwnNetworkAlone", "the same from a poisoned resolver, without a race",
             "bobuu", {"DNS:DNS_FORGED", "TLS:IMPERSONATED"}, "ssl_invalid_hostname",
             zone=_POISONED, sites=(_SIBLING_SITE,), peer="false", why=_PEER_ASN),
    Scenario("forgedIntoOwnNetworkWithGenuineAddress",
             "the same, and the plan knows a genuine address", "boooo", {"DNS:DNS_FORGED"},
             "ssl_invalid_hostname", zone=_POISONED, sites=(_SIBLING_SITE,),
             checks=(https(genuine_addresses=[places.SERVICE]),), peer="false",
             why=_PEER_ASN + "; only DNS is in the way"),
    Scenario("injectionControl", "injectors answer even where no resolver lives, the true answer "
             "is lost, and the forged address leads to a proxy", "boooo", {"DNS:DNS_FORGED"},
             censor=Censor(injectors=(Injector((places.PROXY,)),), rules=(
                 f"-A FORWARD -s {places.RESOLVER} -p udp --sport 53 -j DROP",)),
             proxy=True, plan=_CONTROL, peer="accessible",
             why="what answers from where nobody lives is an injector"),
    Scenario("questionsVanish", "DNS questions that leave the country are dropped", "buuuu",
             {"DNS:DNS_SILENT"}, "generic_timeout_error",
             censor=Censor(rules=("-A FORWARD -p udp --dport 53 -j DROP",
                                  "-A FORWARD -p tcp --dport 53 -j DROP")), peer="dns"),
    Scenario("questionsOverUdpVanish", "the same over UDP only", "ooooo",
             censor=Censor(rules=("-A FORWARD -p udp --dport 53 -j DROP",)), peer="dns",
             why="the answer over TCP leads to the proved service: a resolver out of reach is not "
                 "a blocked name"),
    Scenario("dnsAndName", "answers are forged, and the name is reset at every address", "bobuu",
             {"DNS:DNS_FORGED", "TLS:SERVER_NAME_FILTERED"}, "dns_server_misbehaving",
             censor=Censor(injectors=(Injector((places.FORGED[0],)),),
                           rules=(name_reset(places.SERVICE_NAME, None),)),
             sites=(_IMPOSTOR,), peer="dns",
             why="both are told, so that lifting one of them shows"),
    Scenario("dnsAndEveryHandshake", "answers are forged, and TLS to the true address is reset "
             "whatever name it carries", "bobuu", {"DNS:DNS_FORGED", "TLS:TLS_FILTERED"},
             "dns_server_misbehaving",
             censor=Censor(injectors=(Injector((places.FORGED[0],)),), rules=(
                 f"-A FORWARD -d {places.SERVICE} -p tcp --dport 443 -m string --algo kmp "
                 "--hex-string |160301| -j REJECT --reject-with tcp-reset",)),
             sites=(_IMPOSTOR,), peer="dns",
             why="what the forger's server says to a neutral name tells nothing about the true one"),
    Scenario("dnsAndAddress", "answers are forged, and the true address is a black hole", "bbuuu",
             {"DNS:DNS_FORGED", "TCP:ADDRESS_BLOCKED"}, "dns_server_misbehaving",
             censor=Censor(injectors=(Injector((places.FORGED[0],)),),
                           rules=(f"-A FORWARD -d {places.SERVICE} -j DROP",)),
             sites=(_IMPOSTOR,), checks=(https(other_ports=[80]),), peer="dns",
             why="both are told"),
)

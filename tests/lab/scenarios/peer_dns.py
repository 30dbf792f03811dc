"""The peer's scenarios in which name resolution lies."""

from smallnet import places
from smallnet.dns_server import NXDOMAIN, addresses
from smallnet.plan_text import http, https
from smallnet.scenario import Censor, Injector, Scenario, name_reset, page, port_reset
from smallnet.middlebox import Filter
from smallnet.web_server import BLOCK_PAGE, Site

_RACE = "the true answer that comes later is seen too"
_PAGE_SITE = Site(places.BLOCK_PAGE, 80, None, page(body=BLOCK_PAGE))
_DENIED = {places.SERVICE_NAME: NXDOMAIN}
_TITLE = {"title_contains": "genuine"}


def _forged(*answers: str, **more) -> Censor:
    return Censor(injectors=(Injector(answers),), **more)


def _page(address: str) -> Filter:
    return Filter(address, 80, places.SERVICE_NAME, "page")


SCENARIOS = (
    Scenario("dnsBlockingAndroidDNSCacheNoData",
             "the machine's own resolver denies the name, the plan's does not", "boooo",
             {"DNS:DNS_SYSTEM_RESOLVER"}, "dns_nxdomain_error", isp_zone=_DENIED,
             plan={"ask_system_resolver": True}, peer="dns",
             why="the layers above are told too: only the provider's resolver is in the way"),
    Scenario("dnsBlockingBOGON", "the resolver answers 10.10.34.35", "buuuu",
             {"DNS:DNS_FORGED"}, "dns_bogon_error",
             zone={places.SERVICE_NAME: addresses("10.10.34.35")}, peer="dns",
             why="private addresses are never connected to"),
    Scenario("dnsBlockingNXDOMAIN", "the resolver denies the name", "buuuu",
             {"DNS:DNS_DENIED"}, "dns_nxdomain_error", zone=_DENIED, peer="dns"),
    Scenario("dnsHijackingToLocalhostWithHTTP", "an injector answers 127.0.0.1", "bo-o-",
             {"DNS:DNS_FORGED"}, "dns_bogon_error", censor=_forged("127.0.0.1"), checks=(http(),),
             peer="dns", why=_RACE),
    Scenario("dnsHijackingToLocalhostWithHTTPS", "an injector answers 127.0.0.1", "boooo",
             {"DNS:DNS_FORGED"}, "dns_bogon_error", censor=_forged("127.0.0.1"), peer="dns",
             why=_RACE),
    Scenario("dnsHijackingToProxyWithHTTPURL",
             "an injector leads to a proxy that passes everything on", "bo-o-",
             {"DNS:DNS_FORGED"}, censor=_forged(places.PROXY), proxy=True, checks=(http(),),
             peer="accessible", why="the answers disagree and nothing in the clear proves either"),
    Scenario("dnsHijackingToProxyWithHTTPSURL",
             "an injector leads to a proxy that passes everything on", "ooooo",
             censor=_forged(places.PROXY), proxy=True, peer="accessible",
             why="every address that was answered leads to the proved service"),
    Scenario("ghostDNSBlockingWithHTTP",
             "the name is gone, and an injector still answers with a block page's address",
             "bo-b-", {"DNS:DNS_FORGED", "HTTP:BLOCK_PAGE"}, "dns_nxdomain_error", zone=_DENIED,
             censor=_forged(places.BLOCK_PAGE), sites=(_PAGE_SITE,), checks=(http(**_TITLE),),
             peer="dns", why="the block page is told too"),
    Scenario("ghostDNSBlockingWithHTTPS",
             "the same; the block page's server refuses port 443", "bbuuu",
             {"DNS:DNS_FORGED", "TCP:PORT_BLOCKED"}, "dns_nxdomain_error", zone=_DENIED,
             censor=_forged(places.BLOCK_PAGE), sites=(_PAGE_SITE,),
             checks=(https(other_ports=[80]),), peer="dns", why="the refusal is told too"),
    Scenario("badSSLWithUnknownAuthorityWithInconsistentDNS",
             "an injector leads to a server with a certificate of its own authority", "boooo",
             {"DNS:DNS_FORGED"}, "dns_server_misbehaving", censor=_forged(places.BLOCK_PAGE),
             sites=(Site(places.BLOCK_PAGE, 443, "unknown"),), peer="dns", why=_RACE),
    Scenario("httpDiffWithInconsistentDNS",
             "an injector leads elsewhere, and a block page appears everywhere", "bo-b-",
             {"DNS:DNS_FORGED", "HTTP:BLOCK_PAGE"}, "dns_server_misbehaving",
             censor=_forged(places.PROXY, filters=(_page(places.PROXY), _page(places.SERVICE))),
             proxy=True, checks=(http(**_TITLE),), peer="dns", why="both causes are told"),
    Scenario("tcpBlockingConnectionRefusedWithInconsistentDNS",
             "an injector leads to an address that refuses", "bo-o-", {"DNS:DNS_FORGED"},
             "dns_server_misbehaving",
             censor=_forged(places.BLOCK_PAGE, rules=(port_reset(places.BLOCK_PAGE, 80),)),
             checks=(http(),), peer="dns", why=_RACE),
    Scenario("tlsBlockingConnectionResetWithInconsistentDNS",
             "an injector leads to a proxy, and the name is reset everywhere", "bobuu",
             {"DNS:DNS_FORGED", "TLS:SERVER_NAME_FILTERED"}, "dns_server_misbehaving",
             censor=_forged(places.PROXY, rules=(name_reset(places.SERVICE_NAME, None),)),
             proxy=True, peer="dns",
             why="both are told, so that lifting one of them shows"),
)

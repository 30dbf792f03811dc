"""The peer's scenarios in which connections, handshakes or pages are interfered with."""

from smallnet import places
from smallnet.middlebox import Filter
from smallnet.plan_text import http, https
from smallnet.scenario import Censor, Scenario, name_reset, page, port_drop
from smallnet.web_server import Site

_LARGE = "<html><head><title>Large</title></head><body>" + "x" * (1 << 18) + "</body></html>"
_SLOW = Censor(rates={places.SERVICE: 20})


def _site(certificate):
    return (Site(places.SERVICE, 443, certificate),)


SCENARIOS = (
    Scenario("badSSLWithExpiredCertificate", "the service's certificate has expired", "oobuu",
             {"TLS:UNSPECIFIED"}, "ssl_invalid_certificate", sites=_site("expired"), peer="false",
             why="unproved is not open; controls that see it too turn it into \"down\""),
    Scenario("badSSLWithWrongServerName", "the certificate is for another name", "bobuu",
             {"DNS:DNS_FORGED", "TLS:IMPERSONATED"}, "ssl_invalid_hostname",
             sites=_site("sibling"), peer="false",
             why="looks just like a forged answer; controls that see it too tell"),
    Scenario("badSSLWithUnknownAuthorityWithConsistentDNS",
             "the certificate is of an unknown authority", "bobuu",
             {"DNS:DNS_FORGED", "TLS:IMPERSONATED"}, "ssl_unknown_authority",
             sites=_site("unknown"), peer="false",
             why="looks just like a forged answer; controls that see it too tell"),
    Scenario("tcpBlockingConnectTimeout", "packets to port 443 of the address vanish", "obuuu",
             {"TCP:PORT_BLOCKED"}, "generic_timeout_error",
             censor=Censor(rules=(port_drop(places.SERVICE, 443),)),
             checks=(https(other_ports=[80]),), peer="tcp_ip",
             why="one port is told from the whole address"),
    Scenario("tlsBlockingConnectionResetWithConsistentDNS", "the name is reset", "oobuu",
             {"TLS:SERVER_NAME_FILTERED"}, "connection_reset",
             censor=Censor(rules=(name_reset(places.SERVICE_NAME, None),)), peer="http-failure",
             why="the layer and the filter of names are told"),
    Scenario("httpBlockingConnectionReset", "the name in a request in the clear is reset",
             "oo-b-", {"HTTP:HTTP_FILTERED"}, "connection_reset",
             censor=Censor(rules=(name_reset(places.SERVICE_NAME, 80),)), checks=(http(),),
             peer="http-failure"),
    Scenario("httpDiffWithConsistentDNS", "a block page is injected", "oo-b-",
             {"HTTP:BLOCK_PAGE"}, censor=Censor(filters=(
                 Filter(places.SERVICE, 80, places.SERVICE_NAME, "page"),)),
             checks=(http(title_contains="genuine"),), peer="http-diff"),
    Scenario("throttlingWithHTTP", "256 KiB of page at 20 kbit/s", "oo-b-", {"HTTP:THROTTLED"},
             "generic_timeout_error", sites=(Site(places.SERVICE, 80, None, page(body=_LARGE)),),
             censor=_SLOW, checks=(http(),), peer="http-failure",
             why="the neutral server on the same path is fast, so throttling is told"),
    Scenario("throttlingWithHTTPS", "256 KiB of page at 20 kbit/s", "ooobu", {"HTTP:THROTTLED"},
             "generic_timeout_error",
             sites=(Site(places.SERVICE, 443, "service", page(body=_LARGE)),),
             censor=_SLOW, peer="http-failure",
             why="the neutral server on the same path is fast, so throttling is told"),
)

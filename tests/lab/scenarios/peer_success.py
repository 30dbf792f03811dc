"""The peer's scenarios in which nobody interferes with the service itself."""

from smallnet import places
from smallnet.dns_server import EMPTY, NXDOMAIN, addresses
from smallnet.plan_text import http, https
from smallnet.scenario import Censor, Scenario, name_reset, page
from smallnet.web_server import Site

_CLEAR = "no app layer: in the clear nothing proves who answered"
_FAILED_HERE = "\"failed here\"; controls that fail too turn it into \"down\""
_CAPTCHA = ("<html><head><title>Attention required</title></head><body>"
            "Please complete the security check</body></html>")
# More than an agent reads.
_LARGE = "<html><head><title>Large</title></head><body>" + "x" * (1 << 20) + "</body></html>"
_HELPER = Censor(rules=(name_reset("helper.example.org"),))
_LOCALHOST = {places.SERVICE_NAME: addresses("127.0.0.1")}


def _site(port, **reply):
    return (Site(places.SERVICE, port, "service" if port == 443 else None, page(**reply)),)


SCENARIOS = (
    Scenario("successWithHTTP", "nothing in the way", "oo-o-", checks=(http(),),
             peer="accessible", why=_CLEAR),
    Scenario("successWithHTTPS", "nothing in the way", "ooooo", peer="accessible"),
    Scenario("controlFailureWithSuccessfulHTTPWebsite",
             "the peer's helper is cut by its name", "oo-o-", censor=_HELPER, checks=(http(),),
             peer="null", why="an agent needs no helper; " + _CLEAR),
    Scenario("controlFailureWithSuccessfulHTTPSWebsite",
             "the peer's helper is cut by its name", "ooooo", censor=_HELPER,
             peer="accessible", why="an agent needs no helper"),
    Scenario("cloudflareCAPTCHAWithHTTP", "status 503 with a captcha instead of the page", "oo-b-",
             {"HTTP:BLOCK_PAGE"}, "http_unexpected_status_code",
             sites=_site(80, status=503, body=_CAPTCHA), checks=(http(),), peer="http-diff",
             why="anybody can send a 503 in the clear; controls that get it too turn it into "
                 "\"down\""),
    Scenario("cloudflareCAPTCHAWithHTTPS", "status 503 with a captcha, over TLS", "ooodd",
             failure="http_unexpected_status_code", sites=_site(443, status=503, body=_CAPTCHA),
             peer="accessible",
             why="the proved service says 503: out of order, neither open nor blocked"),
    Scenario("idnaWithoutCensorshipLowercase", "an internationalised name as plans hold it",
             "oo-o-", checks=(http(places.IDN_NAME),), peer="accessible", why=_CLEAR),
    Scenario("idnaWithoutCensorshipWithFirstLetterUppercase", "the same name in capital letters", "oo-o-",
             checks=(http(places.IDN_NAME[0].upper() + places.IDN_NAME[1:8].upper() +
                          places.IDN_NAME[8:]),), peer="accessible", why=_CLEAR),
    Scenario("largeFileWithHTTP", "1 MiB of page, more than an agent reads", "oo-o-",
             sites=_site(80, body=_LARGE), checks=(http(title_contains="Large"),),
             peer="accessible", why=_CLEAR),
    Scenario("largeFileWithHTTPS", "1 MiB of page over TLS", "ooooo", sites=_site(443, body=_LARGE),
             checks=(https(title_contains="Large"),), peer="accessible"),
    Scenario("localhostWithHTTP", "the name truly resolves to 127.0.0.1", "bu-u-",
             {"DNS:DNS_FORGED"}, "dns_bogon_error", zone=_LOCALHOST, checks=(http(),),
             peer="false",
             why="one agent cannot tell an operator's mistake from a lie; controls can"),
    Scenario("localhostWithHTTPS", "the name truly resolves to 127.0.0.1", "buuuu",
             {"DNS:DNS_FORGED"}, "dns_bogon_error", zone=_LOCALHOST, peer="false",
             why="one agent cannot tell an operator's mistake from a lie; controls can"),
    Scenario("websiteDownNXDOMAIN", "the name does not exist", "bu-u-", {"DNS:DNS_DENIED"},
             "dns_nxdomain_error", zone={places.SERVICE_NAME: NXDOMAIN}, checks=(http(),),
             peer="false", why=_FAILED_HERE),
    Scenario("websiteDownNoAddrs", "the name has no address", "bu-u-", {"DNS:DNS_DENIED"},
             "dns_no_answer", zone={places.SERVICE_NAME: EMPTY}, checks=(http(),), peer="false",
             why=_FAILED_HERE),
    Scenario("websiteDownTCPConnect", "nobody listens on port 444", "ob-u-",
             {"TCP:PORT_BLOCKED"}, "connection_refused",
             checks=(http(port=444, other_ports=[80]),), peer="false",
             why=_FAILED_HERE),
)

"""What could make a round say something else than it seems to: labelled in the vantage."""

from smallnet import places
from smallnet.dns_server import addresses
from smallnet.plan_text import check, https, target
from smallnet.scenario import Censor, Scenario, name_reset, page, redirected
from smallnet.web_server import BLOCK_PAGE, Site

_ECHOES = {"echo_services": [
    {"address": f"{places.DOMESTIC_ECHO}:{places.ECHO_PORT}", "domestic": True},
    {"address": f"{places.FOREIGN_ECHO}:{places.ECHO_PORT}", "domestic": False}]}
_DIRECT = {"egress": "EGRESS_DIRECT", "proxy_configured": False, "fake_ip_dns": False,
           "route_changed": False}
_PORTAL = {"captive_portal": check("captive-portal", "HTTP", places.NEUTRAL_NAME, 80,
                                   status_min=200, status_max=200, title_contains="genuine")}
_CLOCK_WRONG_S = 3600


def _translated(address: str, extra: str = "") -> str:
    return (f"-t nat -A POSTROUTING -o uplink -p udp -d {places.FOREIGN_ECHO} {extra}"
            f"-j SNAT --to-source {address}")


def _measured(microseconds):
    return bool(microseconds) and 0 < microseconds < 1_000_000


SCENARIOS = (
    Scenario("plainVantage", "a client without any of the below",
             {"service": "ooooo", "inner": "ooooo", "abroad": "ooooo"}, plan=_ECHOES,
             sites=(Site(places.INNER),), targets=(
                 target("inner", [https(places.INNER_NAME, "inner")], "DOMESTIC_ANCHOR"),
                 target("abroad", [https(places.ANCHOR_NAME, "abroad")], "FOREIGN_ANCHOR"),
                 target("service", [https()])),
             vantage={**_DIRECT, "echoes_agree": "AGREEMENT_SAME",
                      "address_stable": "AGREEMENT_SAME",
                      "captive_portal": "PRESENCE_UNSPECIFIED",
                      "tcp_timestamps": "PRESENCE_PRESENT",
                      "domestic_connect_us": _measured, "foreign_connect_us": _measured,
                      "clock_offset_ms": lambda ms: ms is not None and abs(int(ms)) < 2000}),
    Scenario("vpn", "the default route is a tunnel that ends abroad; the name is reset at the "
             "border", "ooooo", tunnel=True,
             censor=Censor(rules=(name_reset(places.SERVICE_NAME),)),
             vantage={"egress": "EGRESS_TUN"}),
    Scenario("splitTunnel", "only the foreign echo sees another address", "ooooo", plan=_ECHOES,
             censor=Censor(rules=(_translated(places.EXITS[0]),)),
             vantage={"egress": "EGRESS_DIRECT", "echoes_agree": "AGREEMENT_DIFFERENT"}),
    Scenario("addressChanges", "every other question leaves from another address", "ooooo",
             plan={"echo_services": _ECHOES["echo_services"][1:]},
             censor=Censor(rules=(
                 _translated(places.EXITS[0], "-m statistic --mode nth --every 2 --packet 0 "),
                 _translated(places.EXITS[1]))),
             vantage={"address_stable": "AGREEMENT_DIFFERENT"}),
    Scenario("fakeIp", "the machine's own resolver answers 198.18.0.7 to everything", "ooooo",
             isp_zone={"*": addresses("198.18.0.7")}, plan={"ask_system_resolver": True},
             vantage={"fake_ip_dns": True}),
    Scenario("proxyVariable", "the environment names a proxy", "ooooo",
             environment={"https_proxy": "http://127.0.0.1:3128"},
             vantage={"proxy_configured": True}),
    Scenario("captivePortal", "port 80 leads to a page that asks to log in", "ooooo",
             censor=Censor(rules=(redirected(places.NEUTRAL, 80, places.BLOCK_PAGE, 80),)),
             sites=(Site(places.BLOCK_PAGE, 80, None, page(body=BLOCK_PAGE)),), plan=_PORTAL,
             vantage={"captive_portal": "PRESENCE_PRESENT"}),
    Scenario("noCaptivePortal", "the page that the plan names comes", "ooooo", plan=_PORTAL,
             vantage={"captive_portal": "PRESENCE_ABSENT"}),
    Scenario("clockWrong", "the agent's clock is an hour ahead of the servers'", "ooooo",
             sites=(Site(places.SERVICE, 443, "service", page(date_shift_s=-_CLOCK_WRONG_S)),
                    Site(places.NEUTRAL, 443, "neutral", page(date_shift_s=-_CLOCK_WRONG_S))),
             checks=(https(),),
             vantage={"clock_offset_ms":
                      lambda ms: ms is not None and abs(int(ms) - _CLOCK_WRONG_S * 1000) < 5000}),
)

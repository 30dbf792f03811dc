"""What the Chinese firewall does to connections."""

from smallnet import places
from smallnet.dns_server import addresses
from smallnet.plan_text import check, duration, http, https, target
from smallnet.scenario import Censor, Scenario, name_reset, page, port_reset, redirected
from smallnet.web_server import BLOCK_PAGE, Site, redirect

_PORTS = (443, 5222, 8443)
_BOTH_PORTS = (Site(places.SERVICE, 8443),)
_INNER_SITES = (Site(places.INNER), Site(places.INNER, 80, None))
_PENALTY_S = 8.6
# After a packet with the name, everything of that client to that address and port is reset; the
# penalty is not prolonged by what happens within it.
_RESIDUAL = f"""table ip wall {{
  set punished {{
    type ipv4_addr . ipv4_addr . inet_service
    flags dynamic,timeout
    timeout {int(_PENALTY_S * 1000)}ms
    size 1024
  }}
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ip saddr . ip daddr . tcp dport @punished reject with tcp reset
    meta mark 7 add @punished {{ ip saddr . ip daddr . tcp dport }} reject with tcp reset
  }}
}}"""
_MARK = (f"-t mangle -A FORWARD -p tcp -m string --algo kmp --string {places.SERVICE_NAME} "
         "-j MARK --set-mark 7")
_HANDSHAKES_RESET = (f"-A FORWARD -d {places.SERVICE} -p tcp --dport 443 -m string --algo kmp "
                     "--hex-string |160301| -j REJECT --reject-with tcp-reset")
_CHAT = check("chat", "NOISE", places.CHAT_NAME, 443, noise_profile="chat")
_THREE_INSIDE = ("otuuu",) * 3
# A TLS handshake and then some 6 KB: two seconds at 20 kbit/s.
_SMALL = "<html><head><title>Small</title></head><body>" + "x" * 6000 + "</body></html>"
_LARGE = "<html><head><title>Large</title></head><body>" + "x" * (1 << 18) + "</body></html>"
_PAGE_SITES = (Site(places.BLOCK_PAGE, 80, None, page(body=BLOCK_PAGE)),
               Site(places.BLOCK_PAGE, 443, "block-page", page(body=BLOCK_PAGE)))


def _tls(port):
    return check(f"tls-{port}", "TLS", places.SERVICE_NAME, port)


SCENARIOS = (
    Scenario("resetOnNameAtAnyPort", "the name is reset whatever the port: 443, 5222, 8443",
             {f"tls-{port}": "oob-u" for port in _PORTS},
             {f"tls-{port}": frozenset({"TLS:SERVER_NAME_FILTERED"}) for port in _PORTS},
             "connection_reset", sites=(Site(places.SERVICE, 5222), *_BOTH_PORTS),
             censor=Censor(rules=(name_reset(places.SERVICE_NAME, None),)),
             checks=tuple(_tls(port) for port in _PORTS), peer="http-failure",
             why="the peer knows web pages on their usual ports only"),
    Scenario("everyHandshakeReset", "TLS to the address is reset whatever name it carries",
             "oobuu", {"TLS:TLS_FILTERED"}, "connection_reset",
             censor=Censor(rules=(_HANDSHAKES_RESET,)), peer="http-failure", why="the neutral name fails too: not the name"),
    Scenario("everyHandshakeResetAfterRedirect",
             "a redirect to an address where TLS is reset whatever name it carries", "oobuu",
             {"TLS:TLS_FILTERED"}, "connection_reset", sites=(
                 Site(places.TARGET_OF_REDIRECT, 443, "service",
                      {"": redirect(f"https://{places.SERVICE_NAME}/")}),),
             censor=Censor(rules=(_HANDSHAKES_RESET,)),
             checks=(https(places.REDIRECTOR_NAME, redirects_max=10, status_max=299),),
             peer="http-failure", why="the neutral name is tried where the failure is"),
    Scenario("addressBlackhole", "packets to the address vanish", "obuuu",
             {"TCP:ADDRESS_BLOCKED"}, "generic_timeout_error",
             censor=Censor(rules=(f"-A FORWARD -d {places.SERVICE} -j DROP",)),
             checks=(https(other_ports=[80]),), peer="tcp_ip",
             why="every port that was tried, while neutral servers answer"),
    Scenario("onePortOnly", "port 5222 of the address is reset, port 443 is not",
             {"tcp-5222": "ob---", "service": "ooooo"}, {"tcp-5222": {"TCP:PORT_BLOCKED"}},
             "connection_refused", sites=(Site(places.SERVICE, 5222),),
             censor=Censor(rules=(port_reset(places.SERVICE, 5222),)),
             checks=(check("tcp-5222", "TCP", places.SERVICE_NAME, 5222, other_ports=[443]),
                     https()), peer="accessible",
             why="the peer looks at port 443"),
    Scenario("all443Reset", "every packet to port 443 abroad is answered by RST+ACK",
             {"service": "obuuu", "tls-8443": "ooo-o"},
             {"service": {"TCP:PORT_BLOCKED_EVERYWHERE"}, "tls-8443": frozenset()},
             "connection_refused", sites=_BOTH_PORTS,
             censor=Censor(rules=(
                 "-A FORWARD -p tcp --dport 443 -j REJECT --reject-with tcp-reset",)),
             checks=(https(other_ports=[8443]), _tls(8443)), peer="tcp_ip",
             why="the neutral server answers at its other port only: a port, not a service"),
    Scenario("all443Dropped", "every packet to port 443 abroad vanishes", "obuuu",
             {"TCP:PORT_BLOCKED_EVERYWHERE"}, "generic_timeout_error",
             censor=Censor(rules=("-A FORWARD -p tcp --dport 443 -j DROP",)), peer="tcp_ip",
             why="the same, where silence has to be waited for"),
    Scenario("pathDown", "nothing but DNS leaves the country", "obuuu", {"TCP:PATH_DOWN"},
             "generic_timeout_error",
             censor=Censor(rules=("-A FORWARD -p tcp -j DROP",)), peer="null",
             why="neutral servers are gone too: the path, not the service"),
    Scenario("provincialWall", "a wall at the province's edge resets two names; one lives inside",
             {"service": "oobuu", "inner": "ooooo"},
             {"service": {"TLS:SERVER_NAME_FILTERED"}, "inner": frozenset()}, "connection_reset",
             censor=Censor(province_rules=tuple(
                 name_reset(name, 443).replace("FORWARD", "FORWARD -o uplink")
                 for name in (places.SERVICE_NAME, places.INNER_NAME))),
             sites=_INNER_SITES,
             checks=(https(), https(places.INNER_NAME, "inner")), peer="http-failure",
             why="the server inside the province is reached under a name that the wall resets"),
    Scenario("residualPenalty", "after a hit, the pair of address and port is reset for a while: "
             "three rounds inside, one after",
             {"service": ["oobuu", *_THREE_INSIDE, "oobuu"],
              "benign": ["ooooo", *_THREE_INSIDE, "ooooo"]},
             {"service": {"TLS:SERVER_NAME_FILTERED"}},
             zone={places.REDIRECTOR_NAME: addresses(places.SERVICE)},
             censor=Censor(rules=(_MARK,), nft=_RESIDUAL),
             targets=(target("benign", [https(places.REDIRECTOR_NAME, "benign")],
                             "FOREIGN_ANCHOR"), target("service", [https()])),
             plan={"cool_down": duration(_PENALTY_S + 0.1)}, rounds=5, pause_s=2,
             peer="http-failure",
             why="what is measured within a penalty says nothing about the name that was asked"),
    Scenario("noiseInTheClear", "a chat server proves itself by Noise without TLS", "oo--o",
             noise="none", checks=(_CHAT,), why="the peer looks at the connect only",
             peer="accessible"),
    Scenario("noiseFirstMessageReset", "what begins like the chat's first message is reset",
             "oo--b", {"APP:APP_FILTERED"}, "connection_reset", noise="none",
             censor=Censor(rules=(
                 "-A FORWARD -p tcp -m string --algo kmp --hex-string |5741060300002412| "
                 "-j REJECT --reject-with tcp-reset",)), checks=(_CHAT,), peer="accessible",
             why="the peer looks at the connect only"),
    Scenario("noiseImpersonated", "somebody else answers with a Noise root of his own", "oo--b",
             {"APP:APP_FILTERED"}, "noise_wrong_root", noise="wrong-root",
             checks=({**_CHAT, "genuine_addresses": [places.CHAT]},),
             peer="accessible", why="the peer looks at the connect only"),
    Scenario("throttled", "256 KiB of page at 20 kbit/s", "ooobu", {"HTTP:THROTTLED"},
             "generic_timeout_error", sites=(Site(places.SERVICE, 443, "service",
                                                  page(body=_LARGE)),),
             censor=Censor(rates={places.SERVICE: 20}), peer="http-failure",
             why="bytes came, and the neutral server on the same path is fast"),
    Scenario("throttledButComplete", "6 KB of page at 20 kbit/s", "ooooo", {"HTTP:THROTTLED"},
             sites=(Site(places.SERVICE, 443, "service", page(body=_SMALL)),),
             censor=Censor(rates={places.SERVICE: 20}),
             plan={"check_timeout": {"seconds": 5}}, peer="accessible",
             why="open, and the throttling is told"),
    Scenario("blockPageInTheClear", "requests are led to a block page with status 200", "oo-b-",
             {"HTTP:BLOCK_PAGE"}, sites=_PAGE_SITES,
             censor=Censor(rules=(redirected(places.SERVICE, 80, places.BLOCK_PAGE, 80),)),
             checks=(http(title_contains="genuine"),), peer="http-diff"),
    Scenario("blockPageOverTls", "port 443 is led to a block page with a certificate of another name",
             "oobuu", {"TLS:IMPERSONATED"}, "ssl_invalid_hostname", sites=_PAGE_SITES,
             censor=Censor(rules=(redirected(places.SERVICE, 443, places.BLOCK_PAGE, 443),)),
             checks=(https(genuine_addresses=[places.SERVICE]),), peer="http-failure",
             why="DNS is right: the plan knows the address that it answered"),
)

"""The peer's scenarios in which a redirect leads to trouble."""

from smallnet import places
from smallnet.middlebox import Filter
from smallnet.plan_text import http, https
from smallnet.scenario import Censor, Injector, Scenario, name_drop, name_reset, port_reset
from smallnet.web_server import Reply, Site, redirect

_FAILED_HERE = "\"failed here\"; controls that fail too turn it into \"down\""
_WORST = "the layers of all hops, the worst of each"


# A status that is expected ends the chain, so redirects are not.
_FOLLOW = {"redirects_max": 10, "status_max": 299}


def _to(scheme: str):
    """A redirector whose only page leads to the service."""
    location = redirect(f"{scheme}://{places.SERVICE_NAME}/")
    return (Site(places.TARGET_OF_REDIRECT, 443, "service", {"": location}),)


def _check(**fields):
    return (https(places.REDIRECTOR_NAME, **_FOLLOW, **fields),)


def _then(trouble, scheme, expect, cause, failure, **censor):
    """redirectWithConsistentDNSAndThen... for one scheme."""
    upper = scheme.upper()
    return Scenario(f"redirectWithConsistentDNSAndThen{trouble[0]}For{upper}",
                    f"a redirect to {scheme}://, then {trouble[1]}", expect, {cause}, failure,
                    sites=_to(scheme), checks=_check(), censor=Censor(**censor),
                    peer="http-failure", why=_WORST)


_REFUSED = ("ConnectionRefused", "the connection is refused")
_RESET = ("ConnectionReset", "the name is reset")
_EOF = ("EOF", "connections with the name are closed")
_TIMEOUT = ("Timeout", "packets with the name vanish")
_CLOSE = tuple(Filter(places.SERVICE, port, places.SERVICE_NAME, "close") for port in (80, 443))
_REFUSE_RULES = tuple(port_reset(places.SERVICE, port) for port in (80, 443))
_RESET_RULES = tuple(name_reset(places.SERVICE_NAME, port) for port in (80, 443))
_DROP_RULES = tuple(name_drop(places.SERVICE_NAME, port) for port in (80, 443))


def _chain(port: int):
    """A server that redirects 15 times."""
    pages = {f"/{n}": redirect(f"/{n - 1}") for n in range(1, 16)}
    return (Site(places.SERVICE, port, "service" if port == 443 else None,
                 {**pages, "/0": Reply()}),)


def _broken(scheme: str, port: int):
    """A server that redirects to a URL without a host."""
    return (Site(places.SERVICE, port, "service" if port == 443 else None,
                 {"": redirect(f"{scheme}://")}),)


SCENARIOS = (
    _then(_REFUSED, "http", "obouu", "TCP:ADDRESS_BLOCKED", "connection_refused",
          rules=_REFUSE_RULES),
    _then(_REFUSED, "https", "obuuu", "TCP:ADDRESS_BLOCKED", "connection_refused",
          rules=_REFUSE_RULES),
    _then(_RESET, "http", "ooobu", "HTTP:HTTP_FILTERED", "connection_reset", rules=_RESET_RULES),
    _then(_RESET, "https", "oobuu", "TLS:SERVER_NAME_FILTERED", "connection_reset",
          rules=_RESET_RULES),
    _then(_EOF, "http", "ooobu", "HTTP:HTTP_FILTERED", "eof_error", filters=_CLOSE),
    _then(_EOF, "https", "oobuu", "TLS:SERVER_NAME_FILTERED", "eof_error", filters=_CLOSE),
    _then(_TIMEOUT, "http", "ooobu", "HTTP:HTTP_FILTERED", "generic_timeout_error",
          rules=_DROP_RULES),
    _then(_TIMEOUT, "https", "oobuu", "TLS:SERVER_NAME_FILTERED", "generic_timeout_error",
          rules=_DROP_RULES),
    Scenario("redirectWithConsistentDNSAndThenNXDOMAIN",
             "a redirect to a name that an injector denies", "boooo", {"DNS:DNS_FORGED"},
             "dns_nxdomain_error", sites=_to("https"), checks=_check(),
             censor=Censor(injectors=(Injector(("nxdomain",)),)), peer="dns",
             why="the true answer that comes later leads to the proved service"),
    Scenario("redirectWithBrokenLocationForHTTP", "a redirect to \"http://\"", "oo-b-",
             {"HTTP:BLOCK_PAGE"}, "http_invalid_redirect_location_host",
             sites=_broken("http", 80), checks=(http(**_FOLLOW),), peer="http-failure"),
    Scenario("redirectWithBrokenLocationForHTTPS", "a redirect to \"https://\"", "ooobb",
             {"HTTP:UNSPECIFIED"}, "http_invalid_redirect_location_host",
             sites=_broken("https", 443), checks=(https(**_FOLLOW),), peer="http-failure",
             why="the proved service itself said it; controls tell that it does so to everybody"),
    Scenario("redirectWithMoreThanTenRedirectsAndHTTP", "15 redirects in a row", "oo-b-",
             {"HTTP:BLOCK_PAGE"}, "http_unexpected_redirect_url", sites=_chain(80),
             checks=(http(path="/15", **_FOLLOW),), peer="false",
             why=_FAILED_HERE),
    Scenario("redirectWithMoreThanTenRedirectsAndHTTPS", "15 redirects in a row", "ooobb",
             {"HTTP:UNSPECIFIED"}, "http_unexpected_redirect_url", sites=_chain(443),
             checks=(https(path="/15", **_FOLLOW),), peer="false",
             why=_FAILED_HERE),
)

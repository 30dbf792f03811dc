"""Addresses and names of the small internet. They look public because agents refuse others."""

CLIENT_NS = "client"
PROVINCE_NS = "province"
BORDER_NS = "border"
WORLD_NS = "world"
INNER_NS = "inner"
NAMESPACES = (CLIENT_NS, PROVINCE_NS, BORDER_NS, WORLD_NS, INNER_NS)

CLIENT = "30.11.1.2"
# Where the traffic of the whole country may seem to come from, when a scenario translates it.
EXITS = ("30.200.0.1", "30.200.0.2")
# The client's end of a tunnel to the world, as a VPN gives it out.
VPN_CLIENT = "50.99.0.2"

# Abroad.
SERVICE = "45.60.1.1"
SERVICE_OTHERS = ("45.60.1.2", "45.60.1.3", "45.60.1.4")
# Of the same owner as the service, in its network, but another of its names.
SIBLING = "45.60.1.77"
TARGET_OF_REDIRECT = "45.60.2.1"
ANCHOR = "45.60.3.1"
NEUTRAL = "45.60.4.1"
CHAT = "45.60.5.1"
RESOLVER = "45.60.53.53"
OTHER_RESOLVER = "45.60.53.54"
# Nothing lives at these two; the second is where injection controls go.
NOBODY = "45.60.200.1"
NO_RESOLVER = "45.60.99.99"
FOREIGN_ECHO = "45.60.78.1"
# Where censors send people: three addresses that injectors forge, a server of block pages, a proxy
# that passes everything on.
FORGED = ("45.70.0.1", "45.70.0.2", "45.70.0.3")
BLOCK_PAGE = "45.70.0.9"
PROXY = "45.70.0.10"
WORLD_ADDRESSES = (SERVICE, *SERVICE_OTHERS, SIBLING, TARGET_OF_REDIRECT, ANCHOR, NEUTRAL, CHAT, RESOLVER,
                   OTHER_RESOLVER, FOREIGN_ECHO, *FORGED, BLOCK_PAGE, PROXY)

# Inside the province.
INNER = "36.60.1.1"
DOMESTIC_ECHO = "36.60.78.1"
ISP_RESOLVER = "36.60.53.53"
INNER_ADDRESSES = (INNER, DOMESTIC_ECHO, ISP_RESOLVER)

SERVICE_NAME = "www.example.com"
SIBLING_NAME = "static.example.com"
REDIRECTOR_NAME = "short.example.org"
ANCHOR_NAME = "www.example.net"
NEUTRAL_NAME = "neutral.example.net"
CHAT_NAME = "chat.example.com"
INNER_NAME = "www.example.cn"
BLOCK_PAGE_NAME = "warning.example.cn"
IDN_NAME = "xn--d1acpjx3f.xn--p1ai"
HTTPS_PORT = 443
OTHER_HTTPS_PORT = 8443
ECHO_PORT = 3478

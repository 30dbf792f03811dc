"""A STUN server (RFC 5389): tells whoever asks which address the request came from."""

import asyncio
import ipaddress
import struct

_BINDING_REQUEST = 0x0001
_BINDING_SUCCESS = 0x0101
_XOR_MAPPED_ADDRESS = 0x0020
_COOKIE = 0x2112A442


class StunServer(asyncio.DatagramProtocol):
    """Answers binding requests over UDP; everything else is ignored."""

    def __init__(self):
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        if len(data) < 20:
            return
        kind, _, cookie = struct.unpack(">HHI", data[:8])
        if kind != _BINDING_REQUEST or cookie != _COOKIE:
            return
        address = int(ipaddress.IPv4Address(addr[0])) ^ _COOKIE
        attribute = struct.pack(">HHBBHI", _XOR_MAPPED_ADDRESS, 8, 0, 1,
                                addr[1] ^ _COOKIE >> 16, address)
        header = struct.pack(">HHI", _BINDING_SUCCESS, len(attribute), _COOKIE)
        self._transport.sendto(header + data[8:20] + attribute, addr)

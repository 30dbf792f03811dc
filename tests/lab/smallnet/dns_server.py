"""A resolver that tells the truth or lies, at a distance: UDP and TCP, one question a message.

A zone maps names to what is said about them, "*" is any other name; what it does not hold does not
exist (NXDOMAIN).
"""

import asyncio
import dataclasses
import ipaddress
import socket
import struct
from typing import Dict, Tuple

_TYPE_A = 1
_TYPE_AAAA = 28
_TTL_S = 60
_RCODES = {"noerror": 0, "servfail": 2, "nxdomain": 3, "refused": 5}


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a resolver says about one name: addresses and a response code, or nothing at all."""

    addresses: Tuple[str, ...] = ()
    rcode: str = "noerror"
    silent: bool = False


Zone = Dict[str, Answer]
NXDOMAIN = Answer(rcode="nxdomain")
SILENCE = Answer(silent=True)
# The name exists and has no address.
EMPTY = Answer()


def addresses(*texts: str) -> Answer:
    """An answer with these addresses, of either family."""
    return Answer(addresses=texts)


class Resolver:
    """Answers from one zone, each time after `delay_s`."""

    def __init__(self, zone: Zone, delay_s: float):
        self._zone = zone
        self._delay_s = delay_s

    async def serve(self, udp: socket.socket, tcp: socket.socket) -> None:
        """Serves two bound sockets until the loop ends."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        await asyncio.start_server(self._stream, sock=tcp)

    async def respond(self, query: bytes) -> bytes:
        """The response to one query after the delay; empty when there is none."""
        name, question, qtype = _parse(query)
        answer = self._zone.get(name) or self._zone.get("*", NXDOMAIN)
        await asyncio.sleep(self._delay_s)
        if answer.silent:
            return b""
        version = {_TYPE_A: 4, _TYPE_AAAA: 6}.get(qtype)
        found = [address for address in map(ipaddress.ip_address, answer.addresses)
                 if address.version == version]
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", qtype, 1, _TTL_S, len(a.packed)) +
                           a.packed for a in found)
        flags = 0x8180 | _RCODES[answer.rcode]
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0) + question + records

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            size = int.from_bytes(await reader.readexactly(2), "big")
            response = await self.respond(await reader.readexactly(size))
            if response:
                writer.write(len(response).to_bytes(2, "big") + response)
                await writer.drain()
            else:
                await reader.read()
        except (asyncio.IncompleteReadError, OSError):
            pass  # The client has gone.
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    """One task a datagram."""

    def __init__(self, resolver: Resolver):
        self._resolver = resolver
        self._transport = None
        self._tasks = set()

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        task = asyncio.ensure_future(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data, addr):
        response = await self._resolver.respond(data)
        if response:
            self._transport.sendto(response, addr)


def _parse(query: bytes) -> Tuple[str, bytes, int]:
    """Lower-case name, question section as bytes, and type of the question."""
    labels, at = [], 12
    while query[at] != 0:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    at += 1
    return ".".join(labels).lower(), query[12:at + 4], int.from_bytes(query[at:at + 2], "big")

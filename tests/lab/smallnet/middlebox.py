"""A censor's proxy on the path: reads the first bytes of a connection and decides.

The kernel's rules redirect connections to it (REDIRECT), so clients believe that they talk to the
server. Also a proxy at an address of its own that passes everything on to one server.
"""

import asyncio
import contextlib
import dataclasses
import socket
import struct
from typing import Callable, Optional, Tuple

from .web_server import BLOCK_PAGE, Reply, response_bytes, hang_up

_SO_ORIGINAL_DST = 80
_FIRST_BYTES_MAX = 8192


@dataclasses.dataclass(frozen=True)
class Filter:
    """What becomes of connections to (`address`, `port`) whose first bytes hold `needle`."""

    address: str
    port: int
    needle: str
    # "close" (FIN), "reset" (RST) or "page".
    action: str
    page: str = BLOCK_PAGE


def original_destination(sock: socket.socket) -> Tuple[str, int]:
    """Where the client meant to connect to before the kernel redirected it."""
    raw = sock.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16)
    port, address = struct.unpack(">2xH4s8x", raw)
    return socket.inet_ntoa(address), port


class Middlebox:
    """Serves redirected connections."""

    def __init__(self, filters: Tuple[Filter, ...], open_socket: Callable[[], socket.socket],
                 upstream: Optional[str] = None):
        """`open_socket` makes sockets that leave from here; `upstream`, when set, replaces the
        destination's address."""
        self._filters = filters
        self._open_socket = open_socket
        self._upstream = upstream

    async def serve(self, listener: socket.socket) -> None:
        """Serves one bound socket until the loop ends."""
        await asyncio.start_server(self._connection, sock=listener)

    async def _connection(self, reader, writer):
        try:
            sock = writer.get_extra_info("socket")
            there = sock.getsockname() if self._upstream else original_destination(sock)
            first = await reader.read(_FIRST_BYTES_MAX)
            for rule in self._filters:
                if (rule.address, rule.port) == there and rule.needle.encode() in first:
                    if rule.action == "page":
                        writer.write(response_bytes(Reply(body=rule.page)))
                        await writer.drain()
                    hang_up(writer, reset=rule.action == "reset")
                    return
            await self._pass_on(first, reader, writer, (self._upstream or there[0], there[1]))
        except OSError:
            pass  # One side has gone.
        finally:
            writer.close()

    async def _pass_on(self, first, reader, writer, there):
        sock = self._open_socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, there)
        far_reader, far_writer = await asyncio.open_connection(sock=sock)
        far_writer.write(first)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.close()


async def _pump(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()

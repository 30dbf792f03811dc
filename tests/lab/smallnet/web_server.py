"""Web servers, each with a certificate (or none) and a behaviour of its own."""

import asyncio
import dataclasses
import email.utils
import socket
import ssl
import struct
import time
from typing import Mapping, Optional, Tuple

_HEAD_BYTES_MAX = 16384
SERVICE_PAGE = ("<html><head><title>The genuine service</title></head>"
                "<body>Genuine service page</body></html>")
BLOCK_PAGE = ("<html><head><title>Access denied</title></head>"
              "<body>This page is not available in your country.</body></html>")


@dataclasses.dataclass(frozen=True)
class Reply:
    """What a server does with a request."""

    status: int = 200
    body: str = SERVICE_PAGE
    headers: Tuple[Tuple[str, str], ...] = ()
    # "reply"; or instead of one: "close" (FIN), "reset" (RST), "silence".
    action: str = "reply"
    # How far the clock in the Date header is wrong.
    date_shift_s: int = 0


def redirect(location: str, status: int = 302) -> Reply:
    """Sends the client elsewhere."""
    return Reply(status=status, body="", headers=(("Location", location),))


@dataclasses.dataclass(frozen=True)
class Site:
    """One listening socket."""

    address: str
    port: int = 443
    # Name of the certificate (certificates.py); None speaks in the clear.
    certificate: Optional[str] = "service"
    # By path; "" is any other.
    pages: Mapping[str, Reply] = dataclasses.field(default_factory=lambda: {"": Reply()})
    # Namespace; None is that of the address.
    ns: Optional[str] = None


async def serve(site: Site, listener: socket.socket, context: Optional[ssl.SSLContext]) -> None:
    """Serves one bound socket until the loop ends."""

    async def connection(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("latin-1")
                reply = site.pages.get(path) or site.pages.get("") or Reply(status=404)
                if reply.action == "silence":
                    await reader.read()
                    return
                if reply.action != "reply":
                    hang_up(writer, reset=reply.action == "reset")
                    return
                writer.write(response_bytes(reply))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ssl.SSLError):
            pass  # The client has gone, or does not speak HTTP.
        finally:
            writer.close()

    await asyncio.start_server(connection, sock=listener, ssl=context, limit=_HEAD_BYTES_MAX)


def hang_up(writer: asyncio.StreamWriter, reset: bool) -> None:
    """Ends the TCP connection without a word: RST or FIN."""
    sock = writer.get_extra_info("socket")
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    elif writer.get_extra_info("sslcontext") is not None:
        sock.shutdown(socket.SHUT_WR)  # Below TLS, so that no close_notify is sent.
        writer.transport.abort()
    else:
        writer.close()


def response_bytes(reply: Reply) -> bytes:
    """An HTTP/1.1 response."""
    body = reply.body.encode()
    date = email.utils.formatdate(time.time() + reply.date_shift_s, usegmt=True)
    headers = [("Date", date), ("Content-Type", "text/html"), ("Content-Length", str(len(body))),
               *reply.headers]
    head = f"HTTP/1.1 {reply.status} {'OK' if reply.status < 300 else 'Else'}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode() + b"\r\n" + body

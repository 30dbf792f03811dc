"""Answers WhatsApp's Noise handshake as the genuine service would, or with one defect.

  noise_responder.py --keys FILE --listen ADDRESS:PORT [--defect NAME]
  noise_responder.py ... --websocket --tls-certificate FILE --tls-key FILE

Prints "ready ADDRESS:PORT" when it listens; port 0 picks a free one. Runs until it is killed. FILE
holds the root key and is made when it is not there. A client that says anything but the hello is
closed upon, as by the genuine servers.

Defects: none, wrong-root, wrong-leaf-key, expired, not-yet-valid, serial-mismatch,
bad-leaf-signature, replayed-hello (recorded for another client), truncate=N (N bytes of the answer,
then the end), refuse=STATUS (of the upgrade to WebSocket), nonsense (no Noise), oversize (a frame
above 64 KiB), text (a text message in place of a binary one), pieces (no defect: the answer in
several messages, some of them empty).
"""

import argparse
import asyncio
import http
import os
import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from sightline_lab import noise  # noqa: E402

_OTHER_DEFECTS = (
    "none",
    "replayed-hello",
    "truncate",
    "refuse",
    "nonsense",
    "oversize",
    "text",
    "pieces",
)
_MESSAGE_BYTES_MAX = 65_536


class Responder:
    """Makes the answer to a client's first message."""

    def __init__(self, root, defect, header):
        self._defect, _, argument = defect.partition("=")
        self._argument = int(argument or "0")
        self._header = header
        self._static = os.urandom(32)
        chain_defect = self._defect if self._defect in noise.CHAIN_DEFECTS else None
        self._chain = noise.make_chain(root.private, noise.public_of(self._static), chain_defect)
        self._recorded = self._hello(noise.public_of(os.urandom(32)))

    @property
    def refusal(self):
        """HTTP status that refuses the upgrade; None when it is granted."""
        return self._argument if self._defect == "refuse" else None

    def messages(self, answer):
        """The answer as WebSocket messages."""
        if self._defect == "text":
            return [answer.decode("latin-1")]
        if self._defect == "pieces":
            pieces = [answer[at : at + 50] for at in range(0, len(answer), 50)]
            return [b"", pieces[0][:1], pieces[0][1:], b"", *pieces[1:]]
        return [answer]

    def message_bytes(self):
        """Length of the client's first message."""
        return len(self._header) + 3 + 36

    def answer(self, message):
        """The bytes to answer with. ValueError when this is not the client's first message."""
        start = self._header + (36).to_bytes(3, "big")
        if not message.startswith(start):
            raise ValueError("no header or length of a client")
        client = noise.read_client_hello(message[len(start) :])
        if self._defect == "replayed-hello":
            return self._recorded
        if self._defect == "nonsense":
            return b"HTTP/1.1 400 Bad Request\r\n\r\n"
        if self._defect == "oversize":
            return (70_000).to_bytes(3, "big") + bytes(70_000)
        answer = self._hello(client)
        return answer[: self._argument] if self._defect == "truncate" else answer

    def _hello(self, client):
        return noise.server_hello(client, self._static, self._chain, self._header)


async def serve_tcp(responder, host, port):
    """Listens without TLS."""

    async def serve(reader, writer):
        try:
            writer.write(responder.answer(await reader.readexactly(responder.message_bytes())))
            await writer.drain()
        except (ValueError, asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, host, port)
    return server.sockets[0].getsockname()


async def serve_websocket(responder, host, port, options):
    """Listens with TLS and WebSocket."""
    import websockets  # Only where it is needed: a responder without WebSocket does without it.

    async def serve(connection):
        message = await connection.recv()
        try:
            answer = responder.answer(message if isinstance(message, bytes) else b"")
        except ValueError:
            return
        for piece in responder.messages(answer):
            await connection.send(piece)

    async def admit(path, _):
        if path != options.path:
            return http.HTTPStatus.NOT_FOUND, [], b"no such page\n"
        if responder.refusal is not None:
            return http.HTTPStatus(responder.refusal), [], b"refused\n" * 100_000
        return None

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls_certificate, options.tls_key)
    server = await websockets.serve(
        serve,
        host,
        port,
        ssl=context,
        process_request=admit,
        origins=[options.origin] if options.origin else None,
        compression=None,
        max_size=_MESSAGE_BYTES_MAX,
        ping_interval=None,
    )
    return server.sockets[0].getsockname()


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description="Noise responder of the lab")
    parser.add_argument("--keys", required=True, help="file with the root key")
    parser.add_argument("--listen", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--websocket", action="store_true", help="speak TLS and WebSocket")
    parser.add_argument("--tls-certificate", metavar="FILE", help="PEM, for --websocket")
    parser.add_argument("--tls-key", metavar="FILE", help="PEM, for --websocket")
    parser.add_argument("--path", default="/ws/chat", help="of the upgrade")
    parser.add_argument("--origin", default="", help="refuse upgrades from any other")
    parser.add_argument("--header", default=noise.HEADER.hex(), help="first bytes, in hex")
    parser.add_argument("--defect", default="none")
    options = parser.parse_args()
    if options.websocket and not (options.tls_certificate and options.tls_key):
        parser.error("--websocket needs --tls-certificate and --tls-key")
    if options.defect.partition("=")[0] not in _OTHER_DEFECTS + noise.CHAIN_DEFECTS:
        parser.error(f"unknown defect {options.defect}")
    return options


async def main(options):
    """Serves until it is killed."""
    root = noise.load_or_make_root(options.keys)
    responder = Responder(root, options.defect, bytes.fromhex(options.header))
    host, _, port = options.listen.rpartition(":")
    if options.websocket:
        bound = await serve_websocket(responder, host, int(port), options)
    else:
        bound = await serve_tcp(responder, host, int(port))
    print(f"ready {bound[0]}:{bound[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(parse_arguments()))

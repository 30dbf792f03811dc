"""Lets browsers and other readers outside of the lab reach a port of the collector.

  doorway.py ADDRESS PORT     standard input: the listening TCP socket to serve

The socket was opened outside and stays there; this runs inside and passes on what comes.
"""

import asyncio
import socket
import sys

_BYTES = 65536


async def _copy(reader, writer):
    try:
        while data := await reader.read(_BYTES):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # One of the two hung up.
    finally:
        writer.close()


async def main(address, port):
    """Serves until it is killed."""

    async def serve(reader, writer):
        try:
            inside_reader, inside_writer = await asyncio.open_connection(address, int(port))
        except OSError:  # The collector does not run.
            writer.close()
            return
        await asyncio.gather(_copy(reader, inside_writer), _copy(inside_reader, writer))

    listener = socket.socket(fileno=sys.stdin.fileno())
    server = await asyncio.start_server(serve, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

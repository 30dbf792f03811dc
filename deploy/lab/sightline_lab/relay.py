"""Puts the resolver at a distance: passes DNS questions and answers on, questions after a delay.

  relay.py ADDRESS PORT DELAY_MIN_MS DELAY_MAX_MS     standard input: the bound UDP socket to serve

Without it the true answer would arrive within microseconds and mostly outrun the forged ones, which
is not so in the field. The kernel's own delay queue (netem) is not everywhere; this is.
"""

import asyncio
import random
import socket
import sys

_WAITING_MAX = 4096


class Relay:
    """Gives each waiting question an identifier of its own towards the resolver."""

    def __init__(self, delay_ms):
        self._delay_ms = delay_ms
        self._loop = asyncio.get_running_loop()
        self._waiting = {}
        self._next = 0
        self.front = None
        self.back = None

    def ask(self, question, client):
        """A client's question arrived."""
        if len(question) >= 12:
            delay_s = random.uniform(*self._delay_ms) / 1000
            self._loop.call_later(delay_s, self._pass_on, question, client)

    def answer(self, answer, _):
        """The resolver's answer arrived."""
        client = self._waiting.pop(answer[:2], None)
        if client is not None:
            self.front.sendto(client[0] + answer[2:], client[1])

    def _pass_on(self, question, client):
        if len(self._waiting) >= _WAITING_MAX:
            self._waiting.pop(next(iter(self._waiting)))
        identifier = self._next.to_bytes(2, "big")
        self._next = (self._next + 1) % 65536
        self._waiting[identifier] = (question[:2], client)
        self.back.sendto(identifier + question[2:])


class _Side(asyncio.DatagramProtocol):
    """Hands datagrams to a function."""

    def __init__(self, received):
        self.datagram_received = received

    def error_received(self, exc):
        """A port was closed meanwhile: the datagram is lost, like any."""


async def main(address, port, delay_min_ms, delay_max_ms):
    """Serves until it is killed."""
    loop = asyncio.get_running_loop()
    relay = Relay((float(delay_min_ms), float(delay_max_ms)))
    front = socket.socket(fileno=sys.stdin.fileno())
    front.setblocking(False)
    relay.front, _ = await loop.create_datagram_endpoint(lambda: _Side(relay.ask), sock=front)
    relay.back, _ = await loop.create_datagram_endpoint(
        lambda: _Side(relay.answer), remote_addr=(address, int(port)))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

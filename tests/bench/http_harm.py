#!/usr/bin/python3
"""Does harm to a collector's HTTP port for a while; prints a JSON report.

  http_harm.py MODE PORT SECONDS CROWD

Modes: headers (64 KB of them), bodies (10 MB announced and sent), slow (a byte now and then), paths (tricks),
crowd (so many connections that say nothing), deaf (large answers that nobody reads), fast (the dearest questions, one
after the other).
"""

import asyncio
import json
import random
import sys
import time

HOST = "127.0.0.1"
TASKS = 64
TRICKS = ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/assets/../../../etc/passwd",
          "/.git/config", "/api/v1/../../metrics", "/" + "a" * 4000, "/\x00", "/api/v1/%00", "/%",
          "/assets/%252e%252e/", "\\..\\..", "/api/v1/timeline?country=CN&target_id=%00",
          "/api/v1/summary?" + "country=CN&" * 300]


class Harm:
    """Counts what was done."""

    def __init__(self, port, seconds):
        self.port = port
        self.end = time.monotonic() + seconds
        self.sent = 0
        self.answers = {}

    @property
    def going_on(self):
        """Whether it is not yet time to end."""
        return time.monotonic() < self.end

    async def connect(self):
        """A connection; waits a little when there is none."""
        try:
            return await asyncio.open_connection(HOST, self.port)
        except OSError:
            await asyncio.sleep(0.05)
            return None, None

    async def ask(self, *pieces, read=True):
        """Sends the pieces on a new connection; counts the status of the answer."""
        reader, writer = await self.connect()
        if writer is None:
            return
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            self.sent += 1
            if read:
                line = await asyncio.wait_for(reader.readline(), 15)
                status = line.split()[1].decode() if line.count(b" ") > 1 else "closed"
                self.answers[status] = self.answers.get(status, 0) + 1
        except (OSError, asyncio.TimeoutError, ValueError):
            self.answers["cut"] = self.answers.get("cut", 0) + 1
        finally:
            writer.close()

    async def headers(self):
        """More of them than anybody needs."""
        await self.ask(b"GET / HTTP/1.1\r\n", *[b"X-%d: " % i + b"y" * 1000 + b"\r\n" for i in range(64)])

    async def bodies(self):
        """A body where none is taken."""
        await self.ask(b"POST /api/v1/summary HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n",
                       *[b"z" * 65536] * 16)

    async def slow(self):
        """A request that takes for ever."""
        _, writer = await self.connect()
        if writer is None:
            return
        try:
            for byte in b"GET /api/v1/summary?country=CN HTTP/1.1\r\nHost: x\r\n" * 9:
                writer.write(bytes([byte]))
                await writer.drain()
                self.sent += 1
                await asyncio.sleep(0.3)
                if not self.going_on:
                    break
        except OSError:
            self.answers["cut"] = self.answers.get("cut", 0) + 1
        finally:
            writer.close()

    async def paths(self):
        """What lies beside the page."""
        path = random.choice(TRICKS).encode("latin-1")
        await self.ask(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    async def crowd(self):
        """One of many that say nothing."""
        _, writer = await self.connect()
        if writer is None:
            return
        self.sent += 1
        while self.going_on and not writer.is_closing():
            await asyncio.sleep(0.2)
        writer.close()

    async def deaf(self):
        """Asks for much on one connection and takes nothing."""
        reader, writer = await self.connect()
        if writer is None:
            return
        writer.get_extra_info("socket").setsockopt(1, 8, 4096)  # SO_RCVBUF
        reader._transport.pause_reading()  # pylint: disable=protected-access
        try:
            for _ in range(50):
                writer.write(b"GET /api/v1/summary?country=CN HTTP/1.1\r\nHost: x\r\n\r\n")
                self.sent += 1
            await writer.drain()
            await asyncio.sleep(min(5, max(0, self.end - time.monotonic())))
        except OSError:
            pass
        finally:
            writer.close()

    async def fast(self):
        """Never the same question twice, so that nothing kept helps."""
        query = f"/api/v1/timeline?country=CN&target_id=target{random.randrange(8)}&step=14400s&start_time=" \
                f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - random.uniform(9e5, 25e5)))}"
        await self.ask(f"GET {query} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())


async def main(mode, port, seconds, crowd):
    """Goes on until the time is over."""
    harm = Harm(int(port), float(seconds))

    async def again():
        while harm.going_on:
            await getattr(harm, mode)()

    await asyncio.gather(*[again() for _ in range(int(crowd) if mode == "crowd" else TASKS)])
    print(json.dumps({"sent": harm.sent, "answers": harm.answers}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

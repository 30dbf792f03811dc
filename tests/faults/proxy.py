"""A TCP proxy that breaks connections on purpose: between agents and collectors, and between a
collector and PostgreSQL. Runs on a thread of its own.

Every road has one listening port on 127.0.0.1 and one target. Its connections come to the target
from an address of the road's own, so that many agents on one machine are many origins.
"""

import asyncio
import random
import socket
import threading

CHUNK_BYTES = 65536
# What a cut leaves alive for a while: milliseconds.
LINGER_MS = (20, 400)
# How long a COMMIT takes on its way, and its answer as long again: milliseconds.
COMMIT_DELAY_MS = (0, 10)


class Road:
    """One listening port. Attributes are read by the proxy's thread at every chunk."""

    def __init__(self, target, source, watch_commit):
        self.target = target
        self.source = source
        self.watch_commit = watch_commit
        self.server = None
        self.port = 0
        self.closed = False  # refuses new connections
        self.armed = None  # what happens to the next COMMIT: before, after, doubt, late
        self.commits_cut = 0
        self.connections = set()


class Connection:
    """A pair of streams."""

    def __init__(self, near, far):
        self.near = near
        self.far = far
        self.drop_up = False
        self.drop_down = False
        self.cut_after_answer = False
        self.answer_late = False

    def abort(self, near=True, far=True):
        """Ends without a goodbye."""
        if near:
            self.near.transport.abort()
        if far:
            self.far.transport.abort()


class Proxy:
    """Context manager. Its methods may be called from any thread."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._roads = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def add(self, target, source="127.0.0.1", watch_commit=False):
        """A new road. `target` is a port on 127.0.0.1 or the path of a Unix socket."""
        road = Road(target, source, watch_commit)
        self._call(self._listen(road))
        self._roads.append(road)
        return road

    def cut(self, roads, how):
        """Cuts every connection of these roads: both, mute, deaf or orphan (see faults/README)."""
        return self._call(self._cut(list(roads), how))

    async def _close(self):
        for road in self._roads:
            road.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _listen(self, road):
        async def accept(reader, writer):
            await self._serve(road, reader, writer)

        road.server = await asyncio.start_server(accept, "127.0.0.1", 0)
        road.port = road.server.sockets[0].getsockname()[1]

    async def _serve(self, road, reader, writer):
        if road.closed:
            writer.transport.abort()
            return
        try:
            if isinstance(road.target, int):
                far_reader, far_writer = await asyncio.open_connection(
                    "127.0.0.1", road.target, local_addr=(road.source, 0))
                far_writer.get_extra_info("socket").setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(road.target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, far_writer)
        road.connections.add(connection)
        try:
            await asyncio.gather(self._up(road, connection, reader),
                                 self._down(road, connection, far_reader))
        except OSError:
            pass
        finally:
            connection.abort()
            road.connections.discard(connection)

    async def _up(self, road, connection, reader):
        while data := await reader.read(CHUNK_BYTES):
            if road.watch_commit and b"COMMIT" in data:
                await self._delay()
                connection.answer_late = True
                how, road.armed = road.armed, None
                road.commits_cut += how is not None
                if how == "before":
                    connection.abort()
                    return
                if how == "late":
                    # The collector has given it up long since, and it is committed all the same.
                    connection.abort(far=False)
                    await self._linger()
                connection.cut_after_answer = how == "after"
                connection.far.write(data)
                await connection.far.drain()
                if how == "late":
                    await self._linger()
                if how in ("doubt", "late"):
                    connection.abort()
                    return
                continue
            if connection.drop_up:
                continue
            connection.far.write(data)
            await connection.far.drain()
        if not connection.drop_up and connection.far.can_write_eof():
            connection.far.write_eof()

    async def _down(self, road, connection, reader):
        while data := await reader.read(CHUNK_BYTES):
            if connection.cut_after_answer:
                connection.abort()
                return
            if connection.answer_late:
                connection.answer_late = False
                await self._delay()
            if connection.drop_down or connection.near.transport.is_closing():
                continue
            connection.near.write(data)
            await connection.near.drain()
        if connection.near.can_write_eof() and not connection.near.transport.is_closing():
            connection.near.write_eof()

    async def _delay(self):
        await asyncio.sleep(self._random.uniform(*COMMIT_DELAY_MS) / 1000)

    async def _linger(self):
        await asyncio.sleep(self._random.uniform(*LINGER_MS) / 1000)

    async def _cut(self, roads, how):
        victims = [each for road in roads for each in list(road.connections)]
        for each in victims:
            if how == "mute":
                each.drop_up = True
            elif how == "deaf":
                each.drop_down = True
            elif how == "orphan":
                each.drop_down = True
                each.abort(far=False)
        if how != "both":
            await self._linger()
        for each in victims:
            each.abort()
        return len(victims)

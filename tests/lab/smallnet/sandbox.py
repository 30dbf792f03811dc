"""Runs one scenario: builds its internet, runs the agent in it, returns the agent's reports."""

import asyncio
import contextlib
import json
import os
import pathlib
import shlex
import socket
import subprocess
import threading
from typing import Any, Dict, List, Optional

from sightline_lab import noise

from . import places
from .certificates import Chest
from .dns_server import Resolver
from .middlebox import Middlebox
from .net import Net
from .plan_text import plan
from .scenario import NEUTRAL_SITES, SERVICE_SITES, TRUTH, Injector, Scenario
from .stun_server import StunServer
from .web_server import serve

_RESPONDER = pathlib.Path(noise.__file__).with_name("noise_responder.py")
_MIDDLEBOX_PORT = 9999
_INJECTOR = "sightline-lab-injector"
_AGENT = "sightline-agent"


class ScenarioError(RuntimeError):
    """The scenario could not be run; the message says why."""


class Sandbox:
    """One scenario's internet, as a context."""

    def __init__(self, scenario: Scenario, directory: pathlib.Path, chest: Chest,
                 programs: pathlib.Path):
        self._scenario = scenario
        self._directory = directory
        self._chest = chest
        self._programs = programs
        directory.mkdir()
        self._noise_keys = directory / "noise.json"
        self.net = Net(directory / "ns")
        self._undo = contextlib.ExitStack()
        self._loop = asyncio.new_event_loop()
        self._sockets: List[socket.socket] = []

    def __enter__(self) -> "Sandbox":
        try:
            self.net.build()
            self._undo.callback(self.net.release)
            self._start_loop()
            asyncio.run_coroutine_threadsafe(self._serve_all(), self._loop).result(20)
            self._censor()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._undo.close()

    def probe(self) -> List[Dict[str, Any]]:
        """Runs `sightline-agent probe` on the client's machine; one report a round."""
        scenario = self._scenario
        path = self._directory / "plan.txtpb"
        path.write_text(plan(scenario.plan_targets(), self._chest.root_pem(), **scenario.plan,
                             **self._noise_profile()))
        argv = [str(self._programs / _AGENT), "probe", "--plan", str(path), "--format", "json"]
        if scenario.rounds > 1:
            argv += ["--rounds", str(scenario.rounds), "--pause", f"{scenario.pause_s:g}s"]
        environment = {key: value for key, value in os.environ.items()
                       if not key.lower().endswith("_proxy")}
        with self.net.inside(places.CLIENT_NS):
            child = subprocess.Popen(self._with_own_resolver(argv), text=True,
                                     env={**environment, **scenario.environment},
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
        try:
            out, err = child.communicate(timeout=scenario.run_s_max)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise ScenarioError(
                f"the agent did not end within {scenario.run_s_max:g} s") from None
        if child.returncode != 0:
            raise ScenarioError(f"the agent ended with status {child.returncode}: {err.strip()}")
        answer = json.loads(out)
        return answer if isinstance(answer, list) else [answer]

    def _with_own_resolver(self, argv: List[str]) -> List[str]:
        """`argv` with a resolv.conf of the scenario, never the host's."""
        path = self._directory / "resolv.conf"
        path.write_text(f"nameserver {places.ISP_RESOLVER}\n")
        script = f"mount --bind {shlex.quote(str(path))} /etc/resolv.conf && exec \"$@\""
        return ["unshare", "--mount", "sh", "-c", script, "sh", *argv]

    def _start_loop(self) -> None:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()

        def end():
            asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result(20)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()
            for sock in self._sockets:
                sock.close()

        self._undo.callback(end)

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_asyncgens()

    def _bound(self, ns: str, kind: int, address: str, port: int) -> socket.socket:
        with self.net.inside(ns):
            sock = socket.socket(socket.AF_INET, kind)
        self._sockets.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.setblocking(False)
        return sock

    async def _serve_all(self) -> None:
        scenario = self._scenario
        # asyncio reports every broken connection of a client that was cut: that is the point here.
        self._loop.set_exception_handler(lambda loop, context: None)
        zone = {**TRUTH, **scenario.zone}
        resolvers = [(places.WORLD_NS, places.RESOLVER, zone, scenario.resolver_delay_s),
                     (places.WORLD_NS, places.OTHER_RESOLVER, TRUTH, scenario.resolver_delay_s)]
        if scenario.isp_zone is not None:
            resolvers.append((places.INNER_NS, places.ISP_RESOLVER, scenario.isp_zone, 0.01))
        for ns, address, answers, delay_s in resolvers:
            await Resolver(answers, delay_s).serve(
                self._bound(ns, socket.SOCK_DGRAM, address, 53),
                self._bound(ns, socket.SOCK_STREAM, address, 53))
        for ns, address in ((places.WORLD_NS, places.FOREIGN_ECHO),
                            (places.INNER_NS, places.DOMESTIC_ECHO)):
            await self._loop.create_datagram_endpoint(
                StunServer, sock=self._bound(ns, socket.SOCK_DGRAM, address, places.ECHO_PORT))
        await self._serve_sites()
        if scenario.proxy:
            for port in (80, 443):
                await self._middlebox(places.WORLD_NS, places.PROXY, port, places.SERVICE)
        if scenario.censor.filters:
            await self._middlebox(places.BORDER_NS, "0.0.0.0", _MIDDLEBOX_PORT, None)

    async def _serve_sites(self) -> None:
        sites = {(site.address, site.port): site for site in
                 (*SERVICE_SITES, *NEUTRAL_SITES, *self._scenario.sites)}
        for port in self._scenario.dead_ports:
            del sites[(places.SERVICE, port)]
        for (address, port), site in sites.items():
            inner = address in places.INNER_ADDRESSES
            listener = self._bound(places.INNER_NS if inner else places.WORLD_NS,
                                   socket.SOCK_STREAM, address, port)
            context = self._chest.context(site.certificate) if site.certificate else None
            await serve(site, listener, context)

    async def _middlebox(self, ns: str, address: str, port: int, upstream: Optional[str]) -> None:
        def leaving() -> socket.socket:
            with self.net.inside(ns):
                return socket.socket(socket.AF_INET, socket.SOCK_STREAM)

        box = Middlebox(self._scenario.censor.filters, leaving, upstream)
        await box.serve(self._bound(ns, socket.SOCK_STREAM, address, port))

    def _censor(self) -> None:
        censor = self._scenario.censor
        for rule in censor.rules:
            self.net.tool(places.BORDER_NS, ["iptables", *rule.split()])
        for rule in censor.province_rules:
            self.net.tool(places.PROVINCE_NS, ["iptables", *rule.split()])
        for address, port in sorted({(rule.address, rule.port) for rule in censor.filters}):
            self.net.tool(places.BORDER_NS, [
                "iptables", "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "-d", address,
                "--dport", str(port), "-j", "REDIRECT", "--to-ports", str(_MIDDLEBOX_PORT)])
        if censor.nft:
            self.net.tool(places.BORDER_NS, ["nft", "-f", "-"], censor.nft.splitlines())
        for address, kbit_s in censor.rates.items():
            self.net.limit_rate(address, kbit_s)
        for injector in censor.injectors:
            self._inject(injector)
        if self._scenario.noise is not None:
            self._respond(self._scenario.noise)
        if self._scenario.tunnel:
            self._undo.callback(self.net.tunnel().close)

    def _respond(self, defect: str) -> None:
        argv = ["/usr/bin/python3", "-B", str(_RESPONDER), "--keys", str(self._noise_keys),
                "--listen", f"{places.CHAT}:{places.HTTPS_PORT}", "--defect", defect]
        with self.net.inside(places.WORLD_NS):
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     text=True)

        def end():
            child.kill()
            child.wait(10)
            child.stdout.close()

        self._undo.callback(end)
        answer = child.stdout.readline()
        if not answer.startswith("ready "):
            raise ScenarioError(f"{_RESPONDER.name} did not start: {answer.strip()}")

    def _noise_profile(self) -> Dict[str, Any]:
        """The plan's profile of the responder, if there is one."""
        if self._scenario.noise is None:
            return {}
        root = noise.load_or_make_root(self._noise_keys)
        return {"noise_profiles": [{"name": "chat", "header": noise.HEADER,
                                    "pattern": noise.PATTERN.decode(),
                                    "root_keys": [bytes.fromhex(root.public_hex)]}]}

    def _inject(self, injector: Injector) -> None:
        argv = [str(self._programs / _INJECTOR),
                "--router", f"border={self.net.path(places.BORDER_NS)}",
                "--delay-ms", str(injector.delay_ms)]
        for address in injector.forge:
            argv += ["--forge", address]
        child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def end():
            child.stdin.close()  # The injector ends with its input.
            child.wait(10)
            child.stdout.close()

        self._undo.callback(end)
        child.stdin.write(f"set border {' '.join(injector.names)}\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer.startswith("ok "):
            raise ScenarioError(f"{_INJECTOR} refused: {answer.strip() or 'it ended'}")

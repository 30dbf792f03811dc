"""The lab's own process: first in a private set of namespaces, parent of everything in the lab.

When it ends, by whatever means, the kernel ends every process of its PID namespace and removes
every network namespace, cable, rule and mount: nothing is left behind even after a kill.
Run by `lab up` as `lab init` through unshare; nobody else runs it.
"""

import json
import os
import pathlib
import select
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any, Callable, Dict, FrozenSet

from . import policy, topology
from .certificates import Certificates
from .network import Network
from .policy import PolicyError
from .processes import ProcessError, Processes
from .services import Services
from .sightline import Sightline

_REQUEST_BYTES_MAX = 1 << 20


class Supervisor:
    """Carries out requests on the running lab. Thread-safe: changes are made one at a time."""

    def __init__(self, directory: pathlib.Path, options: Dict[str, Any]):
        bin_directory = pathlib.Path(options["bin"])
        self._network = Network(directory / "ns")
        self._processes = Processes(self._network, directory / "logs")
        self._certificates = Certificates(directory / "certificates")
        self._services = Services(directory / "services", self._certificates, self._network,
                                  self._processes, bin_directory)
        self._sightline = None
        if options["sightline"]:
            self._sightline = Sightline(directory, bin_directory, self._certificates,
                                        self._processes,
                                        bytes.fromhex(self._services.chat_root.public_hex),
                                        options["store"], options["window"], options["grace"])
        self._closed = policy.initial()
        self._cut: FrozenSet[topology.Place] = frozenset()
        self._change = threading.Lock()
        self._started = time.monotonic()

    def bring_up(self, progress: Callable[[str], None]) -> None:
        """Builds and starts everything, telling `progress` what comes next."""
        progress(f"network: {len(topology.namespaces())} namespaces")
        self._network.build()
        progress("servers and censors")
        self._certificates.make_all()
        self._services.start_all()
        self._apply(topology.PLACES)
        if self._sightline is None:
            return
        progress("collector")
        self._sightline.prepare()
        self._sightline.start_collector()
        self._sightline.publish_plan()
        progress(f"agents: {len(topology.all_agents())} enrolments")
        self._sightline.enroll_agents()
        self._sightline.start_agents()

    def handle(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Carries out one request. Raises PolicyError for a wrong one."""
        operation = request["op"]
        with self._change:
            if operation in ("open", "close"):
                return self._set_policy(operation, request["target"], request["place"])
            if operation in ("cut", "restore"):
                return self._set_line(operation, request["place"])
            if operation in ("start-service", "stop-service"):
                service = policy.check_service(request["service"])
                start = operation == "start-service"
                (self._services.start if start else self._services.stop)(service)
                return {}
            if operation == "collector":
                return self._collector(request["action"])
            if operation == "agents":
                return self._agents(request["action"])
            if operation == "status":
                return self._status()
        raise PolicyError(f'unknown request "{operation}"')

    def attach(self, connection: socket.socket, request: Dict[str, Any], fds) -> Dict[str, Any]:
        """Runs a command with the client's streams until it ends or the client goes away."""
        ns = request["ns"]
        if ns not in topology.namespaces():
            known = ", ".join(topology.namespaces())
            raise PolicyError(f'unknown namespace "{ns}"; known: {known}')
        try:
            child = self._processes.attach(ns, request["argv"], fds, request["cwd"])
        except OSError as error:
            raise ProcessError(f"cannot start {request['argv'][0]}: {error.strerror}") from error
        with os.fdopen(os.pidfd_open(child.pid)) as ended:
            ready, _, _ = select.select([ended, connection], [], [])
            if ended not in ready:
                child.kill()
        return {"status": child.wait()}

    def _set_policy(self, operation: str, target: str, place: str) -> Dict[str, Any]:
        places = policy.parse_places(place)
        change = policy.with_opened if operation == "open" else policy.with_closed
        self._closed = change(self._closed, policy.check_target(target), places)
        self._apply(places)
        return {"places": [p.name for p in places]}

    def _set_line(self, operation: str, place: str) -> Dict[str, Any]:
        places = policy.parse_places(place)
        self._cut = self._cut | set(places) if operation == "cut" else self._cut - set(places)
        self._apply(places)
        return {"places": [p.name for p in places]}

    def _apply(self, places) -> None:
        for place in places:
            targets, cut = self._closed[place], place in self._cut
            self._network.load_firewall(place, policy.firewall(targets, cut))
            self._services.set_forged_names(place, policy.forged_names(targets, cut))

    def _collector(self, action: str) -> Dict[str, Any]:
        sightline = self._need_sightline()
        if action == "start":
            sightline.start_collector()
        else:
            sightline.stop_collector(signal.SIGKILL if action == "kill" else signal.SIGTERM)
        return {}

    def _agents(self, action: str) -> Dict[str, Any]:
        sightline = self._need_sightline()
        (sightline.start_agents if action == "start" else sightline.stop_agents)()
        return {}

    def _need_sightline(self) -> Sightline:
        if self._sightline is None:
            raise PolicyError("this lab runs without Sightline (--no-sightline)")
        return self._sightline

    def _status(self) -> Dict[str, Any]:
        table = policy.table(self._closed, self._cut)
        state = self._processes.state
        return {
            "uptime_s": int(time.monotonic() - self._started),
            "places": [{"region": region, "asn": asn, "cut": cut, "closed": closed}
                       for region, asn, cut, closed in table],
            "services": {name: state(name) for name in topology.SERVICE_BY_NAME},
            **{name: state(name) for name in ("resolver", "relay", "injector")},
            "sightline": None if self._sightline is None else self._sightline.state(),
        }


def _converse(supervisor: Supervisor, connection: socket.socket, end: Callable[[], None]) -> None:
    """One connection: a request and an answer, a line each; `exec` brings three streams along."""
    with connection:
        data, fds, _, _ = socket.recv_fds(connection, _REQUEST_BYTES_MAX, 3)
        while data and not data.endswith(b"\n") and len(data) < _REQUEST_BYTES_MAX:
            more = connection.recv(_REQUEST_BYTES_MAX)
            if not more:
                break
            data += more
        ending = False
        try:
            request = json.loads(data)
            ending = request["op"] == "down"
            if ending:
                answer = {}
            elif request["op"] == "exec":
                answer = supervisor.attach(connection, request, fds)
            else:
                answer = supervisor.handle(request)
        except (PolicyError, KeyError, TypeError, json.JSONDecodeError) as error:
            answer = {"error": str(error), "wrong_request": True}
        except (ProcessError, OSError, RuntimeError) as error:
            answer = {"error": str(error)}
        finally:
            for fd in fds:
                os.close(fd)
        try:
            connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError:
            pass  # The client has gone; nobody is left to tell.
        if ending:
            end()


def _serve(supervisor: Supervisor, listener: socket.socket) -> None:
    """Answers until a request ends the lab."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_converse, daemon=True,
                         args=(supervisor, connection, lambda: os._exit(0))).start()


def _supervise(directory: pathlib.Path, options: Dict[str, Any], ready_fd: int) -> None:
    with os.fdopen(ready_fd, "w") as ready:
        def tell(**message) -> None:
            print(json.dumps(message), file=ready, flush=True)

        try:
            (directory / "logs").mkdir(exist_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(directory / "control.sock"))
            supervisor = Supervisor(directory, options)
            supervisor.bring_up(lambda text: tell(progress=text))
            listener.listen(64)
        except (OSError, RuntimeError, ValueError) as error:
            traceback.print_exc()
            tell(error=str(error))
            os._exit(1)
        tell(ready=True)
    _serve(supervisor, listener)


def init(directory: pathlib.Path, options: Dict[str, Any], ready_fd: int, lock_fd: int) -> None:
    """The first process: reaps whatever loses its parent, and ends when the supervisor does."""
    os.set_inheritable(lock_fd, False)
    os.set_inheritable(ready_fd, False)
    child = os.fork()
    if child == 0:
        _supervise(directory, options, ready_fd)
        os._exit(0)
    os.close(ready_fd)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        pid, status = os.wait()
        if pid == child:
            sys.exit(os.waitstatus_to_exitcode(status) and 1)

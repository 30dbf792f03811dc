"""The lab as its users hold it: starts, asks and ends the process that supervisor.py describes."""

import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, TypeVar

from .home import Home, LabError, LabUsageError, NotAllowedError, default_directory
from .services import INJECTOR
from .sightline import PROGRAMS
from .topology import COLLECTOR, COLLECTOR_PORT, INTERNET_NS

LAB = pathlib.Path(__file__).resolve().parent.parent / "lab"
_DOORWAY = pathlib.Path(__file__).resolve().parent / "doorway.py"
_REPOSITORY = LAB.parent.parent.parent
_TOOLS = ("unshare", "ip", "iptables-restore", "nginx", "dnsmasq", "openssl", "perl")
_Value = TypeVar("_Value")


def default_bin() -> pathlib.Path:
    """Where the programs are: $SIGHTLINE_BIN, else the first build folder that has the injector."""
    if os.environ.get("SIGHTLINE_BIN"):
        return pathlib.Path(os.environ["SIGHTLINE_BIN"])
    choices = [_REPOSITORY / "build" / preset / "bin" for preset in ("release", "asan", "dev")]
    return next((choice for choice in choices if (choice / INJECTOR).exists()), choices[0])


class Lab:
    """One lab in one directory. Others may hold the same one. Leaving it as a context ends it."""

    def __init__(self, directory: Optional[os.PathLike] = None,
                 bin_directory: Optional[os.PathLike] = None):
        self.directory = pathlib.Path(directory or default_directory()).absolute()
        self._home = Home(self.directory)
        self.bin = pathlib.Path(bin_directory or default_bin()).absolute()

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *_) -> None:
        self.down()

    def up(self, sightline: bool = True, store: str = "sqlite", window: str = "10s",
           grace: str = "4s", progress: Callable[[str], None] = lambda text: None) -> None:
        """Brings the lab up with everything closed. Removes the remains of a killed lab first.

        `store` is "sqlite" or a postgresql:// URL; `window` and `grace` are the collector's.
        Raises NotAllowedError, LabUsageError when one runs already, LabError.
        """
        self._check_tools(sightline)
        lock = self._home.take()
        try:
            options = {"bin": str(self.bin), "sightline": sightline, "store": store,
                       "window": window, "grace": grace}
            self._launch(lock, options, progress)
        finally:
            os.close(lock)

    def down(self, keep_logs: bool = False) -> None:
        """Ends the lab, if any, and removes its directory (all but logs/ with `keep_logs`)."""
        if not self._home.exists():
            return
        if self._home.running():
            try:
                self._request({"op": "down"}, timeout_s=3)
                answered = True
            except (LabError, OSError):
                answered = False  # The kill is enough.
            if not answered or not self._home.wait_ended(5):
                os.kill(int((self.directory / "pid").read_text()), signal.SIGKILL)
            if not self._home.wait_ended(10):
                raise LabError(f"the lab in {self.directory} survived SIGKILL; see `ps`")
        self._home.clean(keep=("logs",) if keep_logs else ())

    def running(self) -> bool:
        """Whether the processes of a lab hold this directory."""
        return self._home.running()

    def open(self, target: str, place: str = "all") -> None:
        """Lifts the censorship of `target` at REGION, REGION/ASN, all or all/ASN."""
        self._request({"op": "open", "target": target, "place": place})

    def close(self, target: str, place: str = "all") -> None:
        """Censors `target` there."""
        self._request({"op": "close", "target": target, "place": place})

    def cut(self, place: str) -> None:
        """Cuts the line between the place's routers and everything else, the collector included."""
        self._request({"op": "cut", "place": place})

    def restore(self, place: str) -> None:
        """Mends the line."""
        self._request({"op": "restore", "place": place})

    def stop_service(self, service: str) -> None:
        """Stops a service's servers: they refuse connections."""
        self._request({"op": "stop-service", "service": service})

    def start_service(self, service: str) -> None:
        """Starts them again."""
        self._request({"op": "start-service", "service": service})

    def collector(self, action: str) -> None:
        """ "kill" (SIGKILL), "stop" (SIGTERM) or "start", on the same store."""
        self._request({"op": "collector", "action": action}, timeout_s=60)

    def agents(self, action: str) -> None:
        """ "stop" (SIGTERM, each finishes cleanly) or "start", all of them."""
        self._request({"op": "agents", "action": action}, timeout_s=60)

    def status(self) -> Dict[str, Any]:
        """State of places, services, collector and agents."""
        return self._request({"op": "status"})

    def attach(self, ns: str, argv: Sequence[str], fds: Sequence[int]) -> int:
        """Runs a command in a namespace with these streams; its status (-N: by signal N)."""
        request = {"op": "exec", "ns": ns, "argv": list(argv), "cwd": os.getcwd()}
        return self._request(request, timeout_s=None, fds=fds)["status"]

    def open_door(self, address: str, port: int) -> int:
        """Port of 127.0.0.1, outside of the lab, that leads to a TCP port of the collector until
        the lab ends."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listener, open(os.devnull, "r+b") as nothing:
                try:
                    self.attach(INTERNET_NS, ["/usr/bin/python3", str(_DOORWAY), address, str(port)],
                                (listener.fileno(), nothing.fileno(), nothing.fileno()))
                except LabError:
                    pass  # The lab ended.

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def exec(self, ns: str, argv: Sequence[str]) -> subprocess.CompletedProcess:
        """Runs a command in a namespace and returns its status and output."""
        with open(os.devnull, "rb") as nothing, _Memory("out") as out, _Memory("err") as err:
            status = self.attach(ns, argv, (nothing.fileno(), out.fd, err.fd))
            return subprocess.CompletedProcess(list(argv), status, out.text(), err.text())

    def summary(self, target: Optional[str] = None, country: str = "CN") -> Dict[str, Any]:
        """GetSummaryResponse as protobuf JSON. Raises LabError when the collector refuses."""
        argv = self._summary_argv("json", country)
        argv += ["--target", target] if target else []
        done = self.exec(INTERNET_NS, argv)
        if done.returncode != 0:
            raise LabError(f"sightline summary ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def print_summary(self, output_format: str, country: str = "CN") -> None:
        """`sightline summary` onto this process's own streams, in colour on a terminal."""
        status = self.attach(INTERNET_NS, self._summary_argv(output_format, country), (0, 1, 2))
        if status != 0:
            raise LabError(f"sightline summary ended with {status}")

    def verdict(self, target: str, country: str = "CN") -> Dict[str, Any]:
        """The summary's verdict about one target. Raises LabError when there is none."""
        for verdict in self.summary(target, country).get("verdicts", []):
            if verdict["target_id"] == target:
                return verdict
        raise LabError(f"the summary has no verdict about {target}")

    def wait_for(self, predicate: Callable[[], _Value], timeout_s: float,
                 what: str = "the condition", interval_s: float = 0.2) -> _Value:
        """Asks `predicate` until it says something true, and returns that.

        A LabError counts as "not yet". Raises TimeoutError with the last answer.
        """
        deadline = time.monotonic() + timeout_s
        last: Any = None
        while time.monotonic() < deadline:
            try:
                last = predicate()
                if last:
                    return last
            except LabError as error:
                last = error
            time.sleep(interval_s)
        raise TimeoutError(f"{what} did not come true within {timeout_s:g} s; last: {last!r}")

    def _summary_argv(self, output_format: str, country: str) -> List[str]:
        return [str(self.bin / "sightline"), "summary", "--format", output_format,
                "--country", country, "--collector", f"{COLLECTOR}:{COLLECTOR_PORT}",
                "--roots", str(self.directory / "certificates" / "ca-lab.pem")]

    def _check_tools(self, sightline: bool) -> None:
        path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
        os.environ["PATH"] = path
        missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
        if missing:
            raise LabError(f"not installed: {', '.join(missing)}; run deploy/deps")
        for program in (INJECTOR,) + (PROGRAMS if sightline else ()):
            if not os.access(self.bin / program, os.X_OK):
                raise LabError(f"no program {self.bin / program}; build first or give --bin DIR")
        done = subprocess.run(_unshare() + ["true"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotAllowedError(f"namespaces are not allowed here: {done.stderr.strip()}; "
                                  "run as root or allow unprivileged user namespaces")

    def _launch(self, lock: int, options: Dict[str, Any], progress: Callable[[str], None]) -> None:
        ready, ready_write = os.pipe()
        argv = _unshare() + ["/usr/bin/python3", str(LAB), "init", str(self.directory),
                             json.dumps(options), str(ready_write), str(lock)]
        with open(self.directory / "lab.log", "wb") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     start_new_session=True, pass_fds=(ready_write, lock))
        os.close(ready_write)
        (self.directory / "pid").write_text(f"{child.pid}\n")
        error = f"it ended; see {self.directory / 'lab.log'}"
        try:
            with os.fdopen(ready) as messages:
                for line in messages:
                    message = json.loads(line)
                    if message.get("ready"):
                        child.returncode = 0  # It lives on by itself; nobody here waits for it.
                        return
                    error = message.get("error", error)
                    if "progress" in message:
                        progress(message["progress"])
        except BaseException:
            child.kill()
            child.wait()
            raise
        child.wait()
        raise LabError(f"the lab did not come up: {error}")

    def _request(self, request: Dict[str, Any], timeout_s: Optional[float] = 30,
                 fds: Sequence[int] = ()) -> Dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_s)
            try:
                connection.connect(str(self.directory / "control.sock"))
            except (FileNotFoundError, ConnectionRefusedError):
                raise LabError(f"no lab runs in {self.directory}; `lab up` starts one") from None
            line = json.dumps(request).encode() + b"\n"
            if fds:
                rest = line[socket.send_fds(connection, [line], list(fds)):]
                if rest:  # An empty send would fail once a quick command has been answered.
                    connection.sendall(rest)
            else:
                connection.sendall(line)
            try:
                data = b"".join(iter(lambda: connection.recv(65536), b""))
            except TimeoutError:
                raise LabError(
                    f"the lab did not answer \"{request['op']}\" in {timeout_s:g} s") from None
        if not data:
            raise LabError(f"the lab ended before it answered \"{request['op']}\"")
        answer = json.loads(data)
        if "error" in answer:
            raise (LabUsageError if answer.get("wrong_request") else LabError)(answer["error"])
        return answer

def _unshare() -> List[str]:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


class _Memory:
    """A file in memory that a command writes to."""

    def __init__(self, name: str):
        self.fd = os.memfd_create(name)

    def __enter__(self) -> "_Memory":
        return self

    def __exit__(self, *_) -> None:
        os.close(self.fd)

    def text(self) -> str:
        """All that was written."""
        os.lseek(self.fd, 0, os.SEEK_SET)
        with os.fdopen(os.dup(self.fd), "rb") as file:
            return file.read().decode(errors="replace")

"""Child processes of the lab: each in a namespace, with a log of its own. Thread-safe."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
from typing import Dict, List, Optional, Sequence

from . import netns
from .network import Network

_POLL_S = 0.01


class ProcessError(RuntimeError):
    """A process did not start, ended early or failed; the message ends with its last words."""


class Processes:
    """Starts, watches and ends named processes."""

    def __init__(self, network: Network, log_directory: pathlib.Path):
        self._network = network
        self._logs = log_directory
        self._running: Dict[str, subprocess.Popen] = {}
        self._lock = threading.Lock()
        # The lab must behave alike behind any proxy of the host.
        self._environment = {key: value for key, value in os.environ.items()
                             if not key.lower().endswith("_proxy")}

    def start(self, name: str, ns: str, argv: Sequence[str], **pipes) -> subprocess.Popen:
        """Starts `argv` in namespace `ns` as `name`; its output is appended to its log."""
        with self._lock, open(self.log_path(name), "ab") as log:
            if self._alive(name):
                raise ProcessError(f"{name} is running already")
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **pipes}
            with netns.inside(self._network.path(ns)):
                try:
                    child = subprocess.Popen(list(argv), env=self._environment, **streams)
                except OSError as error:
                    raise ProcessError(f"cannot start {argv[0]}: {error.strerror}") from error
            self._running[name] = child
            return child

    def run(self, ns: str, argv: Sequence[str], timeout_s: float = 60) -> str:
        """Runs `argv` in namespace `ns` to its end and returns its standard output."""
        what = f"{' '.join(argv[:2])} on {ns}"
        with netns.inside(self._network.path(ns)):
            try:
                child = subprocess.Popen(list(argv), env=self._environment, text=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE)
            except OSError as error:
                raise ProcessError(f"cannot start {argv[0]}: {error.strerror}") from error
        try:
            out, err = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            child.kill()
            child.communicate()
            raise ProcessError(f"{what} did not end within {timeout_s:g} s") from error
        if child.returncode != 0:
            words = (err or out).strip()
            raise ProcessError(f"{what} ended with status {child.returncode}: {words}")
        return out

    def attach(self, ns: str, argv: Sequence[str], fds: Sequence[int],
               cwd: str) -> subprocess.Popen:
        """Starts `argv` in namespace `ns` with the given standard input, output and error."""
        with netns.inside(self._network.path(ns)):
            return subprocess.Popen(list(argv), env=self._environment, cwd=cwd, stdin=fds[0],
                                    stdout=fds[1], stderr=fds[2])

    def stop(self, names: Sequence[str], how: int = signal.SIGTERM, timeout_s: float = 20) -> None:
        """Signals the processes of `names` that run and waits for them; kills what stays."""
        with self._lock:
            children = [(n, self._running[n]) for n in names if self._alive(n)]
        for _, child in children:
            child.send_signal(how)
        deadline = time.monotonic() + timeout_s
        stubborn = []
        for name, child in children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                stubborn.append(name)
        if stubborn:
            raise ProcessError(f"had to be killed after {timeout_s:g} s: {', '.join(stubborn)}")

    def state(self, name: str) -> str:
        """ "running", "stopped" or "ended with status N"."""
        with self._lock:
            child = self._running.get(name)
            status = None if child is None else child.poll()
        if child is None:
            return "stopped"
        if status is None:
            return "running"
        if status in (0, -signal.SIGTERM, -signal.SIGKILL):
            return "stopped"
        return f"ended with status {status}"

    def wait_listening(self, name: str, ns: str, address: str, port: int,
                       timeout_s: float = 20) -> None:
        """Waits until something accepts connections there; fails when `name` ends first."""
        deadline = time.monotonic() + timeout_s
        while not self._accepts(ns, address, port):
            if self.state(name) != "running":
                raise ProcessError(f"{name} ended before it listened: {self.last_words(name)}")
            if time.monotonic() > deadline:
                raise ProcessError(f"{name} did not listen on {address}:{port} within "
                                   f"{timeout_s:g} s: {self.last_words(name)}")
            time.sleep(_POLL_S)

    def log_path(self, name: str) -> pathlib.Path:
        """Where the output of `name` goes."""
        return self._logs / f"{name}.log"

    def last_words(self, name: str) -> str:
        """End of the log of `name`."""
        lines: List[str] = self.log_path(name).read_text(errors="replace").splitlines()
        return " | ".join(lines[-3:]) or "it said nothing"

    def _alive(self, name: str) -> bool:
        child: Optional[subprocess.Popen] = self._running.get(name)
        return child is not None and child.poll() is None

    def _accepts(self, ns: str, address: str, port: int) -> bool:
        with netns.inside(self._network.path(ns)):
            probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with probe:
            probe.settimeout(1)
            return probe.connect_ex((address, port)) == 0

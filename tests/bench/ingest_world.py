"""What tests/bench/ingest runs: prepared load, fresh stores, a collector, sightline-load."""

import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from bench_world import REPOSITORY, BenchError, run

sys.path.insert(0, str(REPOSITORY / "tests" / "collector" / "store"))
# pylint: disable=wrong-import-position
from private_postgres import PrivatePostgres  # noqa: E402

_HTTP_HARM = pathlib.Path(__file__).resolve().parent / "http_harm.py"
STORES = ("postgresql", "sqlite")
FOLD_TIMEOUT_S = 120


def raise_file_limit(wanted):
    """For this process and those that it starts; fails when the machine does not allow it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        raise BenchError(f"open files: the hard limit is {hard}, {wanted} are needed; raise it with "
                         "ulimit -n as root")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port():
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Tools:
    """The programs of one build, and what they can do."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("sightline-collector", "sightline-load"):
            if not os.access(self.folder / name, os.X_OK):
                raise BenchError(f"{self.folder / name} is missing; build the preset release")
        self.collector = self.folder / "sightline-collector"
        self.has_http = "--http" in run([self.collector, "serve", "--help"])
        self.has_migrate = "migrate" in run([self.collector, "--help"])

    def load(self, *arguments, nice=0, timeout_s=600):
        """Runs sightline-load to its end; its report."""
        return self.finish(self.start_load(*arguments, nice=nice), timeout_s)

    def start_load(self, *arguments, nice=0):
        """Starts sightline-load beside what goes on."""
        argv = ["nice", "-n", str(nice), str(self.folder / "sightline-load"),
                *map(str, arguments)]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @staticmethod
    def finish(process, timeout_s=600):
        """Waits for what start_load started; its report, or nothing when it prints none."""
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise BenchError(f"{' '.join(process.args)}: took over {timeout_s} s") from None
        if process.returncode != 0:
            raise BenchError(f"{' '.join(process.args)}: {err.strip()}")
        return json.loads(out) if out.strip() else None


@contextlib.contextmanager
def fresh_store(kind, folder):
    """URL of an empty store that a crash of the machine would not harm."""
    os.sync()  # What earlier runs left to write would be written at this one's cost.
    if kind == "postgresql":
        with PrivatePostgres(fsync=True) as postgres:
            yield postgres.url
        return
    path = pathlib.Path(folder) / f"log-{time.monotonic_ns()}.db"
    try:
        yield f"sqlite:{path}"
    finally:
        for each in path.parent.glob(path.name + "*"):
            each.unlink()


def enroll(tools, url, *data):
    """Enrols all agents of the prepared folders, durable by the time that load begins."""
    if url.startswith("sqlite:"):
        # Thousands of small transactions need not wait for the disk one by one.
        with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="sightline-") as memory:
            _enroll(tools, f"sqlite:{memory}/log.db", data)
            shutil.copy(f"{memory}/log.db", url.removeprefix("sqlite:"))
    else:
        _enroll(tools, f"{url}&options=-csynchronous_commit%3Doff", data)
    os.sync()


def _enroll(tools, url, data):
    if tools.has_migrate:
        run([tools.collector, "migrate", "--store", url])
    for folder in data:
        tools.load("enroll", "--data", folder, "--store", url)


class Collector:
    """A collector on a store, until the `with` block ends."""

    def __init__(self, tools, url, data, folder):
        self._tools = tools
        self._port = free_port()
        self._http = free_port()
        self.address = f"127.0.0.1:{self._port}"
        self._argv = [tools.collector, "serve", "--store", url, "--listen", self.address,
                      "--tls-cert", f"{data}/server.pem", "--tls-key", f"{data}/server.key",
                      "--operator-key", f"{data}/operator.pub.pem", "--geo", f"{data}/geo.mmdb",
                      "--admin-socket", f"{folder}/admin-{self._port}.sock"]
        if tools.has_http:
            self._argv += ["--http", f"127.0.0.1:{self._http}"]
        self._log = f"{folder}/collector-{self._port}.log"
        self._program = None

    def __enter__(self):
        self.start()
        self._program.wait_port(self._port)
        return self

    def __exit__(self, *_):
        if self._program is not None:
            self._program.stop()

    def start(self):
        """Returns at once."""
        self._program = _Logged(self._argv, self._log)

    def kill(self):
        """SIGKILL."""
        self._program.stop(signal.SIGKILL)
        self._program = None

    @property
    def pid(self):
        """Its process id."""
        return self._program.pid

    def start_http_harm(self, mode, seconds, crowd):
        """Starts http_harm.py, at a low priority: it has machines of its own in life."""
        return subprocess.Popen(
            ["nice", "-n", "19", sys.executable, str(_HTTP_HARM), mode, str(self._http),
             str(seconds), str(crowd)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def metrics(self):
        """Sums over labels, by name; empty when this collector has none."""
        if not self._tools.has_http:
            return {}
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}/metrics", timeout=5) as page:
            text = page.read().decode()
        values = {}
        for name, value in re.findall(r"^([a-z_]+)(?:\{[^}]*\})? ([^ \n]+)", text, re.MULTILINE):
            values[name] = values.get(name, 0) + float(value)
        return values

    def wait_folded(self, records):
        """Waits until `records` batches are folded; when that was seen, or None without metrics."""
        deadline = time.monotonic() + FOLD_TIMEOUT_S
        while time.monotonic() < deadline:
            metrics = self.metrics()
            if "sightline_fold_records_total" not in metrics:
                return None
            if metrics["sightline_fold_records_total"] >= records:
                return time.time()
            time.sleep(0.02)
        raise BenchError(f"the fold did not come to {records} batches within {FOLD_TIMEOUT_S} s")


class _Logged:
    """A program that writes to a file, so that it never waits for a reader."""

    def __init__(self, argv, log):
        self._argv = [str(each) for each in argv]
        self._log = pathlib.Path(log)
        with open(log, "wb") as file:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=file)

    @property
    def pid(self):
        """Its process id."""
        return self._process.pid

    def wait_port(self, port, timeout_s=60):
        """Waits until it accepts connections there."""
        deadline = time.monotonic() + timeout_s
        while True:
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace").splitlines()[-5:]
                self.stop()
                raise BenchError(f"{self._argv[0]} does not listen; it said: " + " | ".join(tail))
            time.sleep(0.01)

    def stop(self, signal_number=signal.SIGTERM):
        """Signals, and waits."""
        self._process.send_signal(signal_number)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class LagWatch:
    """Largest fold lag within the body of a `with`: seconds, or None without metrics."""

    def __init__(self, collector):
        self._collector = collector
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.largest = None

    def _watch(self):
        while not self._done.wait(0.2):
            try:
                lag = self._collector.metrics().get("sightline_fold_lag_seconds")
            except OSError:  # Too busy to answer: the next look tells.
                continue
            if lag is None:
                return
            self.largest = lag if self.largest is None else max(self.largest, lag)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

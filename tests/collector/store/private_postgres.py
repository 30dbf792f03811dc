"""A PostgreSQL server of a test's own: a Unix socket in a temporary folder, no TCP.

    with PrivatePostgres() as postgres:
        run_collector("--store", postgres.url)
        postgres.crash()   # as a crash of the server
        postgres.start()

As root the server runs as user postgres. It ends with the `with` block and with the process that
started it. fsync is off unless asked for: a crash of the server, which is all that crash() makes,
needs none; a benchmark does.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAMS = "/usr/lib/postgresql/15/bin"
START_TIMEOUT_S = 60


class PrivatePostgres:
    """Context manager. `url` opens an empty database named sightline."""

    def __init__(self, fsync=False):
        self.folder = None
        self._fsync = "on" if fsync else "off"
        self.url = None
        self._server = None

    def __enter__(self):
        if not os.access(f"{PROGRAMS}/postgres", os.X_OK):
            raise RuntimeError(f"{PROGRAMS}/postgres is missing; install it with deploy/deps")
        self.folder = tempfile.mkdtemp(prefix="sightline-pg-")
        try:
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres", "postgres")
            self._run("initdb", f"--pgdata={self.folder}/data", "--auth=trust",
                      "--username=sightline", "--encoding=UTF8", "--locale=C", "--no-sync")
            self.start()
            self._run("createdb", "--host", self.folder, "--username=sightline", "sightline")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.url = f"postgresql:///sightline?user=sightline&host={self.folder}"
        return self

    def __exit__(self, *unused):
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        """Returns when the server takes connections."""
        with open(f"{self.folder}/log", "ab") as log:
            self._server = subprocess.Popen(
                self._command("postgres", "-D", f"{self.folder}/data", "-c", "listen_addresses=",
                              "-c", f"unix_socket_directories={self.folder}",
                              "-c", f"fsync={self._fsync}"),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        ready = [f"{PROGRAMS}/pg_isready", "--quiet", "--host", self.folder]
        while subprocess.run(ready, check=False).returncode != 0:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self._log_tail()}")
            time.sleep(0.02)

    def crash(self):
        """Ends the server without clean-up; the next start recovers."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait()
            self._server = None

    @staticmethod
    def _command(program, *arguments):
        user = []
        if os.geteuid() == 0:
            user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return ["setpriv", "--pdeathsig=QUIT", *user, f"{PROGRAMS}/{program}", *arguments]

    def _run(self, program, *arguments):
        done = subprocess.run(self._command(program, *arguments), check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=self.folder, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout.strip()}")

    def _log_tail(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-5:]).strip()

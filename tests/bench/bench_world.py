"""A network of one machine for benchmarks: nginx, a collector, an agent and the peer's exporter.

Runs inside a network namespace of its own, where public-looking addresses lead back to this machine,
because the agent refuses to probe any other.
"""

import pathlib
import select
import shutil
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SERVERS = [f"45.60.1.{number}" for number in range(1, 17)]
COLLECTOR = "45.60.2.1:7443"
EXPORTER = ("127.0.0.1", 9115)
BODY = "x" * 1000 + "\n"
_CONFIG = """[req]
distinguished_name = name
prompt = no
[name]
CN = bench
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""
_NGINX = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_timeout 0;
  ssl_certificate {folder}/server.pem;
  ssl_certificate_key {folder}/server.key;
  ssl_session_cache off;
  ssl_session_tickets off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 0.0.0.0:80 backlog=1024;
    listen 0.0.0.0:443 ssl backlog=1024;
    root {folder}/www;
  }}
  server {{ listen 127.0.0.1:8081; location / {{ stub_status; }} }}
}}
"""
_EXPORTER = """modules:
  https:
    prober: http
    timeout: 5s
    http: {{preferred_ip_protocol: ip4, fail_if_not_ssl: true, tls_config: {{ca_file: {folder}/ca.pem}}}}
  http:
    prober: http
    timeout: 5s
    http: {{preferred_ip_protocol: ip4}}
  tcp:
    prober: tcp
    timeout: 5s
    tcp: {{preferred_ip_protocol: ip4}}
"""


class BenchError(RuntimeError):
    """The benchmark could not be run; the message says why."""


def run(argv, **options):
    """Runs a command to its end; its standard output."""
    done = subprocess.run([str(each) for each in argv], capture_output=True, text=True, check=False,
                          timeout=60, **options)
    if done.returncode != 0:
        raise BenchError(f"{argv[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Program:
    """A program that runs until it is stopped, and the lines it writes to standard error."""

    def __init__(self, argv, env=None):
        self.argv = [str(each) for each in argv]
        self._process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, env=env,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._rest = b""
        self.lines = []

    @property
    def pid(self):
        """Its process id."""
        return self._process.pid

    def wait_line(self, text, timeout_s=60, count=1):
        """Waits until `count` lines in all hold `text`."""
        deadline = time.monotonic() + timeout_s
        while sum(text in line for line in self.lines) < count:
            ready, _, _ = select.select([self._process.stderr], [], [],
                                        max(0, deadline - time.monotonic()))
            data = self._process.stderr.read1(65536) if ready else b""
            if not data:
                raise BenchError(f"{self.argv[0]} did not say \"{text}\"; it said: "
                                 + " | ".join(self.lines[-5:]))
            *lines, self._rest = (self._rest + data).split(b"\n")
            self.lines += [line.decode(errors="replace") for line in lines]

    def stop(self):
        """SIGTERM, and waits."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wait_listening(program, address, port):
    """Waits until something accepts connections there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as attempt:
            if attempt.connect_ex((address, port)) == 0:
                return
        time.sleep(0.01)
    raise BenchError(f"{program} does not listen on {address}:{port}")


class World:
    """Everything but the two programs under test. `folder` is empty and ours."""

    def __init__(self, folder, bin_folder):
        self.folder = pathlib.Path(folder)
        self.bin = pathlib.Path(bin_folder)
        self._programs = []
        self._plan_version = 0

    def up(self):
        """Starts nginx and the collector."""
        run(["ip", "link", "set", "lo", "up"])
        run(["ip", "route", "add", "local", "45.60.0.0/16", "dev", "lo"])
        self._make_certificates()
        www = self.folder / "www"
        www.mkdir()
        (www / "index.html").write_text(BODY)
        (self.folder / "nginx.conf").write_text(_NGINX.format(folder=self.folder))
        (self.folder / "exporter.yml").write_text(_EXPORTER.format(folder=self.folder))
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
        self._start([nginx, "-e", "stderr", "-c", self.folder / "nginx.conf"], "127.0.0.1", 8081)
        run([self.bin / "sightline", "keys", "new", "--out", self.folder / "operator.pem"])
        run(["perl", REPOSITORY / "deploy/lab/make_mmdb.pl", self.folder / "geo.mmdb"],
            input="45.60.0.0/16 CN 64500 Bench\n")
        self._start([self.bin / "sightline-collector", "serve",
                     "--store", f"sqlite:{self.folder}/log.db",
                     "--listen", COLLECTOR, "--advertise", COLLECTOR,
                     "--tls-cert", self.folder / "server.pem",
                     "--tls-key", self.folder / "server.key",
                     "--invite-roots", self.folder / "ca.pem",
                     "--admin-socket", self.folder / "admin.sock",
                     "--operator-key", self.folder / "operator.pub.pem",
                     "--geo", self.folder / "geo.mmdb"], *COLLECTOR.split(":"))

    def down(self):
        """Stops what up() started."""
        for program in reversed(self._programs):
            program.stop()

    def publish(self, text):
        """Signs the plan, which has @VERSION@ in place of its version and times, and publishes it."""
        self._plan_version += 1
        now = int(time.time())
        header = (f"version: {self._plan_version}\nissue_time {{ seconds: {now - 60} }}\n"
                  f"expire_time {{ seconds: {now + 86400} }}\n")
        plan = self.folder / "plan.txtpb"
        plan.write_text(text.replace("@VERSION@", header))
        run([self.bin / "sightline", "plan", "sign", "--key", self.folder / "operator.pem",
             "--in", plan, "--out", self.folder / "plan.signed"])
        run([self.bin / "sightline", "plan", "publish", self.folder / "plan.signed",
             "--admin", self.folder / "admin.sock"])

    def enroll(self, agent):
        """Enrols `agent` (a path) anew; its state folder."""
        invite = run([self.bin / "sightline", "invite", "--admin", self.folder / "admin.sock",
                      "--count", 1]).strip()
        state = self.folder / f"agent-{time.monotonic_ns()}"
        run([agent, "enroll", "--invite", invite, "--region", "CN-BJ", "--state", state,
             "--accept"])
        return state

    def handled(self):
        """Connections that nginx has served so far (this question is one of them)."""
        with socket.create_connection(("127.0.0.1", 8081)) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            text = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
        return int(text.split("handled requests\n")[1].split()[1])

    def pem_literal(self):
        """The authority as string literals of the protobuf text format."""
        return "".join(f'"{line}\\n"\n' for line in (self.folder / "ca.pem").read_text().split("\n"))

    def _start(self, argv, address, port):
        program = Program(argv)
        self._programs.append(program)
        wait_listening(argv[0], address, int(port))

    def _make_certificates(self):
        names = [f"IP:{address}" for address in SERVERS + [COLLECTOR.split(":", maxsplit=1)[0]]]
        config = self.folder / "openssl.cnf"
        config.write_text(_CONFIG.format(names=",".join(names)))
        common = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                  "ec_paramgen_curve:P-256", "-noenc", "-sha256", "-days", "30", "-config", config]
        run(common + ["-extensions", "ca", "-keyout", self.folder / "ca.key",
                      "-out", self.folder / "ca.pem"])
        run(common + ["-extensions", "leaf", "-CA", self.folder / "ca.pem",
                      "-CAkey", self.folder / "ca.key", "-keyout", self.folder / "server.key",
                      "-out", self.folder / "server.pem"])

"""Everything on the internet but Sightline: web servers, resolver, injector of forged answers."""

import pathlib
import socket
import subprocess
import threading
from typing import Iterable

from . import netns, noise, topology
from .certificates import Certificates
from .network import Network
from .processes import ProcessError, Processes
from .topology import Place, Service

INJECTOR = "sightline-lab-injector"
_RELAY = pathlib.Path(__file__).resolve().parent / "relay.py"
_CHAT = pathlib.Path(__file__).resolve().parent / "noise_responder.py"
# The process that speaks Noise for topology.CHAT_SERVICE.
_CHAT_PROCESS = "chat"
# The resolver proper; clients see it through the relay.
_DNSMASQ = ("127.0.0.1", 5353)

_NGINX = """user root;
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type text/html;
  keepalive_timeout 5s;
  ssl_protocols TLSv1.2 TLSv1.3;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  server {{
{listen}
    location / {{ return 200 "{body}\\n"; }}
  }}
}}
"""


class Services:
    """The servers and the injector. Thread-safe."""

    def __init__(self, directory: pathlib.Path, certificates: Certificates, network: Network,
                 processes: Processes, bin_directory: pathlib.Path):
        self._directory = directory
        self._certificates = certificates
        self._network = network
        self._processes = processes
        self._bin = bin_directory
        # Root key of the chat's certificates; made before the first start.
        self.chat_root = noise.load_or_make_root(directory.parent / "chat-root.key")
        self._injector = None
        self._injector_lock = threading.Lock()

    def start_all(self) -> None:
        """Starts everything and waits until it answers."""
        self._directory.mkdir(exist_ok=True)
        servers = topology.SERVICES + (topology.FORGED_HOST,)
        for service in servers:
            self._launch(service)
        self._launch_resolver()
        self._launch_injector()
        for service in servers:
            self._wait(service)
        # dnsmasq opens TCP and UDP together; the relay's socket is open already.
        self._processes.wait_listening("resolver", topology.INTERNET_NS, *_DNSMASQ)

    def start(self, name: str) -> None:
        """Starts one service; nothing happens when it runs."""
        if self._processes.state(name) != "running":
            service = topology.SERVICE_BY_NAME[name]
            self._launch(service)
            self._wait(service)

    def stop(self, name: str) -> None:
        """Stops one service: its addresses then refuse connections."""
        self._processes.stop([name] + [_CHAT_PROCESS] * (name == topology.CHAT_SERVICE))

    def set_forged_names(self, place: Place, names: Iterable[str]) -> None:
        """Replaces the names that the injector answers at one router; in force on return."""
        line = " ".join(["set", place.name, *names])
        with self._injector_lock:
            try:
                self._injector.stdin.write(line + "\n")
                self._injector.stdin.flush()
                answer = self._injector.stdout.readline()
            except OSError as error:
                last_words = self._processes.last_words("injector")
                raise ProcessError(f"{INJECTOR} is gone: {last_words}") from error
        if not answer.startswith("ok "):
            raise ProcessError(f"{INJECTOR} refused \"{line}\": "
                               f"{answer.strip() or self._processes.last_words('injector')}")

    def _launch(self, service: Service) -> None:
        directory = self._directory / service.name
        directory.mkdir(exist_ok=True)
        config = directory / "nginx.conf"
        config.write_text(_NGINX.format(
            directory=directory, body=service.body,
            certificate=self._certificates.certificate(service.name),
            key=self._certificates.key(service.name),
            listen="\n".join(f"    listen {a}:443 ssl;" for a in service.hosts.values())))
        self._processes.start(service.name, service.ns,
                              ["nginx", "-e", "stderr", "-p", str(directory), "-c", str(config)])
        if service.name == topology.CHAT_SERVICE:
            listen = f"{service.hosts[topology.CHAT_HOST]}:{topology.CHAT_PORT}"
            self._processes.start(_CHAT_PROCESS, service.ns, [
                "/usr/bin/python3", str(_CHAT), "--keys",
                str(self._directory.parent / "chat-root.key"), "--listen", listen])

    def _wait(self, service: Service) -> None:
        for address in service.hosts.values():
            self._processes.wait_listening(service.name, service.ns, address, 443)
        if service.name == topology.CHAT_SERVICE:
            self._processes.wait_listening(_CHAT_PROCESS, service.ns,
                                           service.hosts[topology.CHAT_HOST], topology.CHAT_PORT)

    def _launch_resolver(self) -> None:
        argv = ["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                "--bind-interfaces", f"--listen-address={_DNSMASQ[0]}", f"--port={_DNSMASQ[1]}",
                "--cache-size=0",
                "--local-ttl=60", "--local=/#/"]
        argv += [f"--host-record={host},{address}"
                 for host, address in topology.dns_records().items()]
        self._processes.start("resolver", topology.INTERNET_NS, argv)
        with netns.inside(self._network.path(topology.INTERNET_NS)):
            front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with front:
            front.bind((topology.RESOLVER, 53))
            self._processes.start("relay", topology.INTERNET_NS, [
                "/usr/bin/python3", str(_RELAY), *map(str, _DNSMASQ + topology.RESOLVER_DELAY_MS)],
                stdin=front)

    def _launch_injector(self) -> None:
        argv = [str(self._bin / INJECTOR)]
        for place in topology.PLACES:
            argv += ["--router", f"{place.name}={self._network.path(place.name)}"]
        for address in topology.FORGED_ADDRESSES:
            argv += ["--forge", address]
        self._injector = self._processes.start("injector", topology.INTERNET_NS, argv,
                                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                               text=True)

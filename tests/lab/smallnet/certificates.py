"""Certificates for the small internet, good ones and bad ones, made once for a whole suite."""

import pathlib
import ssl
import subprocess
from typing import Dict

from sightline_lab.certificates import Certificates

from . import places

# A chain as long as those in the field, some KiB, so that its transfer tells how fast a path is.
_PADDING = tuple(f"customer-{n}.{places.NEUTRAL_NAME}" for n in range(80))
# Leaf name: names in it, authority.
_LEAVES = {
    "service": ((places.SERVICE_NAME, places.REDIRECTOR_NAME, places.INNER_NAME), "lab"),
    "sibling": ((places.SIBLING_NAME,), "lab"),
    "neutral": ((places.NEUTRAL_NAME, places.ANCHOR_NAME, *_PADDING), "lab"),
    "block-page": ((places.BLOCK_PAGE_NAME,), "lab"),
    "unknown": ((places.SERVICE_NAME,), "stranger"),
}
_EXPIRED = "expired"
_CA_CONFIG = """[ca]
default_ca = only
[only]
database = {directory}/index.txt
new_certs_dir = {directory}
default_md = sha256
rand_serial = yes
policy = any
[any]
commonName = optional
[leaf]
subjectAltName = DNS:{name}
"""


class Chest:
    """All certificates in one directory, and TLS contexts that show them."""

    def __init__(self, directory: pathlib.Path):
        self._certificates = Certificates(directory)
        self._directory = directory
        self._contexts: Dict[str, ssl.SSLContext] = {}

    def make(self) -> None:
        """Makes everything."""
        self._directory.mkdir(mode=0o700)
        for authority in ("lab", "stranger"):
            self._certificates.make(f"ca-{authority}", f"Small internet root ({authority})", (),
                                    None)
        for name, (hosts, authority) in _LEAVES.items():
            self._certificates.make(name, hosts[0], [f"DNS:{host}" for host in hosts], authority)
        self._make_expired()
        for name in (*_LEAVES, _EXPIRED):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificates.certificate(name),
                                    self._certificates.key(name))
            context.set_alpn_protocols(["http/1.1"])
            self._contexts[name] = context

    def context(self, name: str) -> ssl.SSLContext:
        """A server's context with that certificate."""
        return self._contexts[name]

    def root_pem(self) -> str:
        """The authority that plans believe."""
        return self._certificates.certificate("ca-lab").read_text()

    def _make_expired(self) -> None:
        config = self._directory / "ca.cnf"
        config.write_text(_CA_CONFIG.format(directory=self._directory, name=places.SERVICE_NAME))
        (self._directory / "index.txt").touch()
        request = self._directory / "request.pem"
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                 "-subj", f"/CN={places.SERVICE_NAME}", "-out", request,
                 "-keyout", self._certificates.key(_EXPIRED))
        _openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "leaf",
                 "-cert", self._certificates.certificate("ca-lab"),
                 "-keyfile", self._certificates.key("ca-lab"), "-in", request,
                 "-startdate", "20240101000000Z", "-enddate", "20250101000000Z",
                 "-out", self._certificates.certificate(_EXPIRED))


def _openssl(*argv) -> None:
    done = subprocess.run(["openssl", *map(str, argv)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {argv[0]} failed: {done.stderr.strip()}")

"""Certificates of the lab: two authorities (Signal has its own, as in the field) and the leaves.

Made afresh with each lab by the openssl command; P-256 throughout, because it is quick to make.
"""

import pathlib
import subprocess
from typing import Iterable

from . import topology

AUTHORITIES = ("lab", "signal")
_DAYS = "30"
_CONFIG = """[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class CertificateError(RuntimeError):
    """The openssl command refused; the message holds its words."""


class Certificates:
    """Files NAME.pem and NAME.key in one directory."""

    def __init__(self, directory: pathlib.Path):
        self._directory = directory

    def make_all(self) -> None:
        """Makes the authorities and every leaf."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        for authority in AUTHORITIES:
            self.make(f"ca-{authority}", f"Sightline lab root ({authority})", (), None)
        for service in topology.SERVICES:
            self.make(service.name, next(iter(service.hosts)),
                       [f"DNS:{host}" for host in service.hosts], service.authority)
        forged = topology.FORGED_CERTIFICATE_NAME
        self.make(topology.FORGED_HOST.name, forged, [f"DNS:{forged}"], "lab")
        # Readers outside of the lab come through a door on their own loopback.
        self.make("collector", "collector",
                  [f"IP:{topology.COLLECTOR}", "IP:127.0.0.1", "DNS:localhost"], "lab")

    def certificate(self, name: str) -> pathlib.Path:
        """The certificate of a service, or of an authority as "ca-NAME"."""
        return self._directory / f"{name}.pem"

    def key(self, name: str) -> pathlib.Path:
        """The private key that belongs to `certificate`."""
        return self._directory / f"{name}.key"

    def make(self, name: str, common_name: str, names: Iterable[str], authority) -> None:
        """Makes one certificate for `names`, signed by "ca-AUTHORITY"; None makes an authority."""
        config = self._directory / f"{name}.cnf"
        config.write_text(_CONFIG.format(name=common_name, names=",".join(names) or "DNS:none"))
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-noenc", "-sha256", "-days", _DAYS, "-config", config,
                "-extensions", "leaf" if authority else "authority",
                "-keyout", self.key(name), "-out", self.certificate(name)]
        if authority:
            argv += ["-CA", self.certificate(f"ca-{authority}"),
                     "-CAkey", self.key(f"ca-{authority}")]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CertificateError(f"openssl could not make {name}: {done.stderr.strip()}")

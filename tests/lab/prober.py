"""Looks at the lab's network from inside a namespace, without Sightline. Run by lab_test.

  prober.py dns NAME             every address that comes back within the hold, in order of arrival
  prober.py tls ADDRESS NAME     what a TLS handshake with that server name ends in
Prints one JSON value.
"""

import json
import secrets
import socket
import ssl
import sys
import time

RESOLVER = ("45.60.53.53", 53)
HOLD_S = 0.4
TIMEOUT_S = 2.0


def dns(name):
    """Asks the resolver once and keeps every answer."""
    identifier = secrets.token_bytes(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = identifier + b"\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01"
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(RESOLVER)
        sock.send(query)
        end = time.monotonic() + HOLD_S
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                data = sock.recv(4096)
            except TimeoutError:
                break
            assert data[:2] == identifier and data[3] & 15 == 0, data
            answers.append(socket.inet_ntoa(data[-4:]))
    return answers


def tls(address, name):
    """Connects and shakes hands without verification; "ok" and the certificate, or the failure."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((address, 443), TIMEOUT_S) as raw:
            with context.wrap_socket(raw, server_hostname=name) as sock:
                return ["ok", sock.getpeercert(binary_form=True).hex()]
    except TimeoutError:
        return ["timed_out"]
    except ConnectionResetError:
        return ["connection_reset"]
    except ConnectionRefusedError:
        return ["connection_refused"]


if __name__ == "__main__":
    print(json.dumps({"dns": dns, "tls": tls}[sys.argv[1]](*sys.argv[2:])))

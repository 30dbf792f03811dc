"""WhatsApp's Noise handshake from the server's side, and its certificates signed with XEdDSA.

Written from the protocol, not from the agent's code, because the two check each other. Not constant
in time: for the lab and the tests only.
"""

import dataclasses
import hashlib
import hmac
import json
import os
import pathlib
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HEADER = b"WA\x06\x03"
PATTERN = b"Noise_XX_25519_AESGCM_SHA256"
DAY_S = 86_400

# Curve25519 in both shapes (RFC 7748, RFC 8032).
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
_BASE_Y = 4 * pow(5, -1, P) % P


def _x_of(y, odd):
    """x of the Edwards point, or None when there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and odd):
        return None
    return x if x % 2 == odd else P - x


# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, x * y = T/Z (RFC 8032, section 5.1.4).
_NEUTRAL = (0, 1, 1, 0)
_BASE = (_x_of(_BASE_Y, 0), _BASE_Y, 1, _x_of(_BASE_Y, 0) * _BASE_Y % P)


def _add(left, right):
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = 2 * left[3] * right[3] * D % P
    d = 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar, point):
    result = _NEUTRAL
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


# The base point doubled again and again: signing only adds.
_BASE_DOUBLED = [_BASE]
for _ in range(255):
    _BASE_DOUBLED.append(_add(_BASE_DOUBLED[-1], _BASE_DOUBLED[-1]))


def _times_base(scalar):
    result = _NEUTRAL
    for i in range(256):
        if scalar >> i & 1:
            result = _add(result, _BASE_DOUBLED[i])
    return result


def _encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _hash_to_scalar(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def _clamp(private):
    scalar = int.from_bytes(private, "little")
    return (scalar & ~7 & (2**255 - 1)) | 2**254


def sign(private, message, random=None):
    """XEdDSA: the sign of the key's x goes into the signature's top bit."""
    scalar = _clamp(private)
    key = _encode(_times_base(scalar))
    random = os.urandom(64) if random is None else random
    nonce = _hash_to_scalar(b"\xfe" + b"\xff" * 31, private, message, random)
    commitment = _encode(_times_base(nonce))
    plain_key = key[:31] + bytes([key[31] & 0x7F])
    # As the verifier sees it: y from the public u, the sign from the signature.
    assert int.from_bytes(plain_key, "little") == edwards_y(public_of(private))
    answer = (nonce + _hash_to_scalar(commitment, key, message) * scalar) % ORDER
    signature = bytearray(commitment + answer.to_bytes(32, "little"))
    signature[63] |= key[31] & 0x80
    return bytes(signature)


def edwards_y(public):
    """y = (u - 1) / (u + 1)."""
    u = int.from_bytes(public, "little")
    return (u - 1) * pow(u + 1, -1, P) % P


def verify(public, message, signature):
    """Whether the owner of `public` signed: 8-fold torsion and odd encodings are refused."""
    u = int.from_bytes(public, "little")
    if len(public) != 32 or len(signature) != 64 or u >= P or u == P - 1:
        return False
    y, odd = edwards_y(public), signature[63] >> 7
    x = _x_of(y, odd)
    if x is None:
        return False
    point = (x, y, 1, x * y % P)
    if _encode(_times(8, point)) == _encode(_NEUTRAL):
        return False
    answer = int.from_bytes(signature[32:], "little") & (2**255 - 1)
    if answer >= ORDER:
        return False
    challenge = _hash_to_scalar(signature[:32], _encode(point), message)
    minus = (P - point[0], point[1], point[2], P - point[3])
    return _encode(_add(_times_base(answer), _times(challenge, minus))) == signature[:32]


def public_of(private):
    """The X25519 public key."""
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _exchange(private, public):
    own = X25519PrivateKey.from_private_bytes(private)
    return own.exchange(X25519PublicKey.from_public_bytes(public))


@dataclasses.dataclass(frozen=True)
class RootKey:
    """The key pair that the lab's certificates lead to."""

    private: bytes

    @property
    def public_hex(self):
        """What a plan's Noise profile holds as root key."""
        return public_of(self.private).hex()


def load_or_make_root(path):
    """The root key of this file, which is made when it is not there."""
    path = pathlib.Path(path)
    try:
        return RootKey(bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["root_private"]))
    except FileNotFoundError:
        root = RootKey(os.urandom(32))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"root_private": root.private.hex(), "root_public": root.public_hex}, file)
        return root


def _varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number_field(field, number):
    return _varint(field << 3) + _varint(number)


def _bytes_field(field, data):
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _details(serial, issuer_serial, key, dates):
    out = _number_field(1, serial) + _number_field(2, issuer_serial) + _bytes_field(3, key)
    return out + _number_field(4, dates[0]) + _number_field(5, dates[1])


def _certificate(signer, details):
    return _bytes_field(1, details) + _bytes_field(2, sign(signer, details))


# What can be wrong with a chain.
CHAIN_DEFECTS = (
    "wrong-root",
    "wrong-leaf-key",
    "expired",
    "not-yet-valid",
    "serial-mismatch",
    "bad-leaf-signature",
)


def make_chain(root_private, static_public, defect=None, now_s=None):
    """A serialised CertChain for the server's static key."""
    now = int(time.time()) if now_s is None else now_s
    good = (now - 30 * DAY_S, now + 30 * DAY_S)
    leaf_dates = {
        "expired": (now - 30 * DAY_S, now - DAY_S),
        "not-yet-valid": (now + DAY_S, now + 30 * DAY_S),
    }.get(defect, good)
    signer = os.urandom(32) if defect == "wrong-root" else root_private
    intermediate_private = os.urandom(32)
    intermediate = _details(7, 0, public_of(intermediate_private), good)
    leaf = _details(
        42,
        8 if defect == "serial-mismatch" else 7,
        os.urandom(32) if defect == "wrong-leaf-key" else static_public,
        leaf_dates,
    )
    leaf_signer = os.urandom(32) if defect == "bad-leaf-signature" else intermediate_private
    return _bytes_field(1, _certificate(leaf_signer, leaf)) + _bytes_field(
        2, _certificate(signer, intermediate)
    )


class _Symmetric:
    """Noise's symmetric state (noiseprotocol.org, section 5.2), AES-GCM and SHA-256."""

    def __init__(self, name):
        self._hash = self._chaining_key = name.ljust(32, b"\0")
        self._key, self._counter = None, 0

    def mix_hash(self, data):
        self._hash = hashlib.sha256(self._hash + data).digest()

    def mix_key(self, shared):
        secret = hmac.digest(self._chaining_key, shared, "sha256")
        self._chaining_key = hmac.digest(secret, b"\x01", "sha256")
        self._key = hmac.digest(secret, self._chaining_key + b"\x02", "sha256")
        self._counter = 0

    def encrypt(self, plain):
        nonce = self._counter.to_bytes(12, "big")
        self._counter += 1
        sealed = AESGCM(self._key).encrypt(nonce, plain, self._hash)
        self.mix_hash(sealed)
        return sealed


def read_client_hello(payload):
    """The client's ephemeral key. ValueError when this is no hello of a client."""
    if len(payload) != 36 or payload[:4] != b"\x12\x22\x0a\x20":
        raise ValueError("no client hello")
    return payload[4:]


def server_hello(client_ephemeral, static_private, chain, header=HEADER, ephemeral_private=None):
    """The server's frame, length included."""
    ephemeral = os.urandom(32) if ephemeral_private is None else ephemeral_private
    state = _Symmetric(PATTERN)
    state.mix_hash(header)
    state.mix_hash(client_ephemeral)
    state.mix_hash(public_of(ephemeral))
    state.mix_key(_exchange(ephemeral, client_ephemeral))
    sealed_static = state.encrypt(public_of(static_private))
    state.mix_key(_exchange(static_private, client_ephemeral))
    hello = _bytes_field(1, public_of(ephemeral)) + _bytes_field(2, sealed_static)
    payload = _bytes_field(3, hello + _bytes_field(3, state.encrypt(chain)))
    return len(payload).to_bytes(3, "big") + payload

#!/usr/bin/python3
"""The agent's XEdDSA against the lab's, which shares no code with it: they must agree on each of
1,000 genuine signatures and 1,000 spoilt ones. SIGHTLINE_SEED repeats a run."""

import os
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "deploy" / "lab"))
sys.dont_write_bytecode = True

from sightline_lab import noise  # noqa: E402

PAIRS = 1_000
# u of the points of small order (cr.yp.to/ecdh.html), and numbers that are no canonical u.
ODD_KEYS = [
    0,
    1,
    noise.P - 1,
    noise.P,
    noise.P + 1,
    2**255 - 1,
    2**256 - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
]


def flipped(data, bit):
    """The data with one bit flipped."""
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def spoil(rng, key, message, signature):
    """One of the ways in which a signature does not fit."""
    way = rng.randrange(6)
    if way == 0:
        return flipped(key, rng.randrange(256)), message, signature
    if way == 1:
        return key, flipped(message, rng.randrange(8 * len(message))), signature
    if way == 2:
        return key, message, flipped(signature, rng.randrange(512))
    if way == 3:
        return noise.public_of(rng.randbytes(32)), message, signature
    if way == 4:  # one more group order in the scalar
        top = signature[63] & 0x80
        scalar = int.from_bytes(signature[32:], "little") & (2**255 - 1)
        raised = (scalar + noise.ORDER).to_bytes(32, "little")
        return key, message, signature[:32] + raised[:31] + bytes([raised[31] | top])
    # R the neutral point and s zero: fits many messages if keys of small order are let through.
    odd_key = rng.choice(ODD_KEYS).to_bytes(32, "little")
    return odd_key, message, b"\1" + bytes(62) + bytes([rng.choice((0, 0x80))])


def cases(rng):
    """(key, message, signature, whether it is genuine)."""
    for _ in range(PAIRS):
        private = rng.randbytes(32)
        key, message = noise.public_of(private), rng.randbytes(rng.randrange(1, 200))
        signature = noise.sign(private, message, rng.randbytes(64))
        yield key, message, signature, True
        yield *spoil(rng, key, message, signature), False


def main():
    """Exit status 1 when they disagree."""
    seed = int(os.environ.get("SIGHTLINE_SEED") or random.SystemRandom().randrange(2**32))
    print(f"SIGHTLINE_SEED={seed}", flush=True)
    made = list(cases(random.Random(seed)))
    lines = "".join(f"{k.hex()} {m.hex()} {s.hex()}\n" for k, m, s, _ in made)
    program = pathlib.Path(os.environ["SIGHTLINE_BIN"]) / "noise_check"
    out = subprocess.run(
        [program, "xeddsa"], input=lines, stdout=subprocess.PIPE, text=True, check=True, timeout=100
    ).stdout.split()
    assert len(out) == len(made), f"{len(out)} answers to {len(made)} signatures"
    signs = {signature[63] >> 7 for _, _, signature, genuine in made if genuine}
    assert signs == {0, 1}, "only one sign of x was met"
    wrong = 0
    for (key, message, signature, genuine), said in zip(made, out):
        lab = noise.verify(key, message, signature)
        if lab != genuine or (said == "1") != genuine:
            wrong += 1
            print(
                f"genuine {genuine}, lab {lab}, agent {said}: "
                f"{key.hex()} {message.hex()} {signature.hex()}"
            )
    print(f"{len(made)} signatures of {PAIRS} keys, {wrong} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

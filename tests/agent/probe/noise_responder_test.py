#!/usr/bin/python3
"""The agent's steps against the lab's Noise responder, which shares no code with them: over TCP and
over WebSocket the genuine one passes, and each defect is refused by its own name."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "deploy" / "lab"))
sys.dont_write_bytecode = True

from sightline_lab import noise  # noqa: E402

PROGRAM = pathlib.Path(os.environ["SIGHTLINE_BIN"]) / "noise_check"
RESPONDER = ROOT / "deploy" / "lab" / "sightline_lab" / "noise_responder.py"
HOST = "web.whatsapp.com"
ORIGIN = "https://web.whatsapp.com"

DEFECTS = {
    "wrong-root": "noise_wrong_root",
    "wrong-leaf-key": "noise_wrong_leaf_key",
    "expired": "noise_certificate_expired",
    "not-yet-valid": "noise_certificate_not_yet_valid",
    "serial-mismatch": "noise_serial_mismatch",
    "bad-leaf-signature": "noise_bad_leaf_signature",
    "replayed-hello": "noise_decryption_failed",
    "nonsense": "noise_malformed_message",
    "oversize": "noise_malformed_message",
    "truncate=0": "eof_error",
    "truncate=2": "eof_error",
    "truncate=3": "eof_error",
    "truncate=100": "eof_error",
}


class NoiseResponderTest(unittest.TestCase):
    """Each test starts the responders that it needs."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.keys = cls.folder / "noise.json"
        cls.root = noise.load_or_make_root(cls.keys)
        # Self-signed, so that it is its own root.
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
             "-addext", f"subjectAltName=DNS:{HOST}",
             "-keyout", cls.folder / "key.pem", "-out", cls.folder / "certificate.pem"],
            check=True, stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def start(self, *arguments):
        """Port of a responder that lives as long as the test."""
        process = subprocess.Popen(
            ["/usr/bin/python3", "-B", RESPONDER, "--keys", self.keys, "--listen", "127.0.0.1:0",
             *arguments],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

        def stop():
            process.kill()
            process.wait()
            process.stdout.close()

        self.addCleanup(stop)
        line = process.stdout.readline()
        self.assertTrue(line.startswith("ready 127.0.0.1:"), line)
        return line.strip().rpartition(":")[2]

    def start_websocket(self, *arguments):
        """The same with TLS and WebSocket."""
        return self.start(
            "--websocket", "--tls-certificate", self.folder / "certificate.pem",
            "--tls-key", self.folder / "key.pem", "--origin", ORIGIN, *arguments,
        )  # fmt: skip

    def probe(self, *words):
        """The attempt that the agent's steps report."""
        out = subprocess.run(
            [PROGRAM, *words], stdout=subprocess.PIPE, text=True, check=True, timeout=60
        ).stdout
        return json.loads(out)

    def probe_tcp(self, port, root=None):
        """Over TCP; the Noise part."""
        root = self.root.public_hex if root is None else root
        return self.probe("tcp", root, "127.0.0.1", port)["noise"]

    def probe_websocket(self, port):
        """Over WebSocket; the whole attempt."""
        root, roots = self.root.public_hex, self.folder / "certificate.pem"
        return self.probe("websocket", root, "127.0.0.1", port, HOST, roots)

    def check_genuine(self, evidence):
        """What a verified handshake reports."""
        self.assertNotIn("failure", evidence)
        self.assertTrue(evidence["verified"])
        self.assertEqual(evidence["leaf_serial"], 42)
        self.assertEqual(evidence["first_message_bytes"], 43)
        self.assertGreater(evidence["first_message_bits_set"], 0)

    def check_refused(self, evidence, failure):
        """What a refused handshake reports."""
        self.assertEqual(evidence["failure"], failure)
        self.assertNotIn("verified", evidence)

    def test_genuine_over_tcp(self):
        self.check_genuine(self.probe_tcp(self.start()))

    def test_genuine_over_websocket(self):
        attempt = self.probe_websocket(self.start_websocket())
        self.assertEqual(attempt["websocket"]["status"], 101)
        self.assertNotIn("failure", attempt["websocket"])
        self.check_genuine(attempt["noise"])

    def test_genuine_in_several_messages(self):
        attempt = self.probe_websocket(self.start_websocket("--defect", "pieces"))
        self.check_genuine(attempt["noise"])

    def test_another_root_in_the_plan(self):
        other = noise.RootKey(os.urandom(32)).public_hex
        self.check_refused(self.probe_tcp(self.start(), other), "noise_wrong_root")

    def test_defects_over_tcp(self):
        for defect, failure in DEFECTS.items():
            with self.subTest(defect):
                port = self.start("--defect", defect)
                self.check_refused(self.probe_tcp(port), failure)

    def test_defects_over_websocket(self):
        for defect, failure in {**DEFECTS, "text": "noise_malformed_message"}.items():
            with self.subTest(defect):
                attempt = self.probe_websocket(self.start_websocket("--defect", defect))
                self.assertEqual(attempt["websocket"]["status"], 101)
                self.check_refused(attempt["noise"], failure)

    def test_refused_upgrades_have_their_status(self):
        for arguments, status in (
            (("--defect", "refuse=403"), 403),
            (("--path", "/elsewhere"), 404),
            (("--origin", "https://example.com"), 403),
        ):
            with self.subTest(status):
                attempt = self.probe_websocket(self.start_websocket(*arguments))
                self.assertEqual(attempt["websocket"]["status"], status)
                self.assertEqual(attempt["websocket"]["failure"], "http_unexpected_status_code")
                self.assertNotIn("noise", attempt)


if __name__ == "__main__":
    unittest.main()

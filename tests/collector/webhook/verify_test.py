#!/usr/bin/python3
"""Runs what collector/README.md tells receivers to do, on messages that are genuine and that are not."""

import base64
import hashlib
import hmac
import pathlib
import re
import time
import unittest

README = pathlib.Path(__file__).resolve().parents[3] / "collector" / "README.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def readme_code():
    """The function of the README."""
    scope = {}
    exec(re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1], scope)
    return scope["is_genuine"]


def headers_at(when):
    """Headers as a collector sends them."""
    signed = f"msg_1.{when}.".encode() + BODY
    mac = hmac.new(base64.b64decode(SECRET[6:]), signed, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(when),
            "webhook-signature": "v1," + base64.b64encode(mac).decode()}


class VerifyTest(unittest.TestCase):
    def setUp(self):
        self.is_genuine = readme_code()
        self.now = int(time.time())

    def test_the_specifications_example(self):
        genuine = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                   "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}
        clock = self.is_genuine.__globals__["time"]
        self.is_genuine.__globals__["time"] = type("Clock", (), {"time": lambda: 1614265331})
        self.assertTrue(self.is_genuine(genuine, BODY, SECRET))
        self.is_genuine.__globals__["time"] = clock
        self.assertFalse(self.is_genuine(genuine, BODY, SECRET), "an old one may be a replay")

    def test_a_genuine_one(self):
        self.assertTrue(self.is_genuine(headers_at(self.now), BODY, SECRET))

    def test_one_of_several_signatures_is_enough(self):
        headers = headers_at(self.now)
        headers["webhook-signature"] = "v1,abcd v1a,efgh " + headers["webhook-signature"]
        self.assertTrue(self.is_genuine(headers, BODY, SECRET))

    def test_forged_ones(self):
        other = "whsec_" + base64.b64encode(b"x" * 32).decode()
        self.assertFalse(self.is_genuine(headers_at(self.now), BODY + b" ", SECRET))
        self.assertFalse(self.is_genuine(headers_at(self.now), BODY, other))
        self.assertFalse(self.is_genuine(headers_at(self.now - 400), BODY, SECRET))
        for name, value in (("webhook-id", "msg_2"), ("webhook-timestamp", str(self.now - 1)),
                            ("webhook-signature", "v1,"), ("webhook-signature", "")):
            self.assertFalse(self.is_genuine(headers_at(self.now) | {name: value}, BODY, SECRET), name)


if __name__ == "__main__":
    unittest.main()

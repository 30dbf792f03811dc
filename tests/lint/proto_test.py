"""tests/lint/proto finds what programs of the last release would not understand."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROTOS = HERE.parent.parent / "proto"
BUILD = os.environ.get("SIGHTLINE_BUILD", HERE.parent.parent / "build" / "dev")
EXIT_NO_LAST_RELEASE = 77


class ProtoTest(unittest.TestCase):
    """Each case changes a copy of proto/."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.protos = pathlib.Path(folder.name) / "proto"
        shutil.copytree(PROTOS, self.protos, ignore=shutil.ignore_patterns("examples"))

    def change(self, name, old, new):
        """Puts `new` in the place of `old`, which must be there once."""
        path = self.protos / "sightline" / name
        text = path.read_text()
        self.assertEqual(text.count(old), 1, f"{old!r} in {name}")
        path.write_text(text.replace(old, new))

    def check(self):
        """What the check says, and how it ends."""
        done = subprocess.run([HERE / "proto", BUILD, self.protos], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def assert_refused(self, *words):
        """It is refused for this."""
        code, said = self.check()
        self.assertEqual(code, 1, said)
        for word in words:
            self.assertIn(word, said)

    def test_unchanged(self):
        """A copy passes."""
        code, said = self.check()
        self.assertEqual(code, 0, said)
        self.assertIn("still understand", said)

    def test_another_number(self):
        """A number is what the wire calls a field."""
        self.change("v1/observation.proto", "uint64 batch_seq = 2;", "uint64 batch_seq = 99;")
        self.assert_refused("observation.proto", "\"2\"")

    def test_another_number_in_what_is_stored(self):
        """A collector reads what an older one stored."""
        self.change("internal/v1/timeline.proto", "repeated Series series = 4;",
                    "repeated Series series = 99;")
        self.assert_refused("timeline.proto")

    def test_another_name(self):
        """Readers of JSON go by names."""
        self.change("v1/observation.proto", "uint64 batch_seq = 2;", "uint64 batch_number = 2;")
        self.assert_refused("batch_number")

    def test_call_taken_away(self):
        """A reader of the last release may call it."""
        path = self.protos / "sightline" / "v1" / "summaries.proto"
        lines = path.read_text().splitlines(keepends=True)
        kept = [line for line in lines if "rpc ListRegions(" not in line]
        self.assertEqual(len(lines) - len(kept), 1)
        path.write_text("".join(kept))
        self.assert_refused("ListRegions")

    def test_addition(self):
        """What is new harms nobody."""
        self.change("v1/observation.proto", "uint64 batch_seq = 2;",
                    "uint64 batch_seq = 2;\n  // New.\n  uint64 something_new = 99;")
        code, said = self.check()
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    if subprocess.run([HERE / "proto", BUILD], check=False).returncode == EXIT_NO_LAST_RELEASE:
        sys.exit(EXIT_NO_LAST_RELEASE)  # It has said why.
    unittest.main(verbosity=2)

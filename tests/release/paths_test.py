"""No program holds a path of the sources: it would be another one in each folder, and a release that is
built twice would differ. The compiler cache hides that, so it is looked for here.

Goes by build/release and build/agent-static; ends with 77 where they are not built.
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROGRAMS = [BUILD / name for name in ("release/bin/sightline", "release/bin/sightline-collector",
                                      "agent-static/bin/sightline-agent")]
EXIT_NOT_BUILT = 77
PATH = re.compile(rb"/((?:agent|collector|common|proto)/[a-z0-9_/]+\.(?:cc|h))\b")


def sources_named(data):
    """Sources of ours whose path is in the bytes; libraries have folders of the same names."""
    found = {match.decode() for match in PATH.findall(data)}
    return {path for path in found if (ROOT / path).exists()}


class PathsTest(unittest.TestCase):
    """What __FILE__, or a macro with it such as OPENSSL_free, leaves behind."""

    def test_no_program_names_its_sources(self):
        """Each program that is released."""
        for program in PROGRAMS:
            self.assertEqual(sources_named(program.read_bytes()), set(), program)

    def test_one_that_does_is_found(self):
        """As the compiler writes it with and without a cache."""
        self.assertEqual(sources_named(b"\0../../common/certificate.cc\0/home/me/agent/spool.h\0"),
                         {"common/certificate.cc", "agent/spool.h"})
        self.assertEqual(sources_named(b"\0../src/cpp/common/channel_arguments.cc\0"), set())


if __name__ == "__main__":
    missing = [program for program in PROGRAMS if not program.exists()]
    if missing:
        print(f"skipped: {missing[0]} is not built; presets release and agent-static do it",
              file=sys.stderr)
        sys.exit(EXIT_NOT_BUILT)
    unittest.main()

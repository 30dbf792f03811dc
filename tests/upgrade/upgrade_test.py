#!/usr/bin/python3
"""The last release and this one together. README.md says what must hold.

SIGHTLINE_BIN names the folder of this release's programs, SIGHTLINE_PREVIOUS_BIN that of the last
one's (default: what deploy/release/previous built). Ends with 77 where there are none, or no
namespaces.
"""

import os
import subprocess
import sys
import unittest

from release_case import NEW, OLD, PROGRAMS
from in_place import InPlaceTest
from rolling import RollingTest
from wire import WireTest

EXIT_NOT_ALLOWED = 77
INSIDE = "SIGHTLINE_UPGRADE_INSIDE"

__all__ = ["InPlaceTest", "RollingTest", "WireTest"]


def enter_namespace():
    """Becomes this program again in a network namespace of its own; ends with 77 where that is not
    allowed."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    argv = ["unshare", *user, "--net", "--kill-child"]
    done = subprocess.run(argv + ["true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"skipped: namespaces are not allowed here: {done.stderr.strip()}", file=sys.stderr)
        sys.exit(EXIT_NOT_ALLOWED)
    os.environ[INSIDE] = "1"
    os.execvp(argv[0], argv + [sys.executable, *sys.argv])


def main():
    """Runs the tests."""
    for folder, how in ((OLD, "deploy/release/previous builds them"), (NEW, "set SIGHTLINE_BIN")):
        missing = [name for name in PROGRAMS if not (folder / name).exists()]
        if missing:
            print(f"skipped: {folder} has no {', '.join(missing)}; {how}", file=sys.stderr)
            sys.exit(EXIT_NOT_ALLOWED)
    if INSIDE not in os.environ:
        enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    unittest.main(verbosity=2, warnings="ignore")


if __name__ == "__main__":
    main()

"""deploy/release/sbom: what the bills of materials of the release builds say, and that they are valid.

Goes by build/release and build/agent-static; ends with 77 where they are not built.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "sbom"
EXIT_NOT_BUILT = 77
VERSION = "1.2.3"
VALIDATE = """
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { readFileSync } from "node:fs";
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
process.exit((await validator.validate(readFileSync(0, "utf8"))) === null ? 0 : 3);
"""


class SbomTest(unittest.TestCase):
    """One set of bills for all tests."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.out = pathlib.Path(folder.name)
        subprocess.run([ROOT / "deploy" / "release" / "sbom", ROOT, cls.out, VERSION], check=True,
                       env={**os.environ, "SOURCE_DATE_EPOCH": "1764000000"})

    def bill(self, name):
        """One bill."""
        return json.loads((self.out / f"{name}.cdx.json").read_text())

    def parts(self, name):
        """{component: how it is in} of one bill."""
        return {each["name"]: next(prop["value"] for prop in each["properties"]
                                   if prop["name"] == "sightline:in")
                for each in self.bill(name)["components"]}

    @staticmethod
    def valid(text):
        """Whether the schema takes it."""
        done = subprocess.run(["node", "--input-type=module", "-e", VALIDATE], input=text, text=True,
                              cwd=TOOLS, check=False)
        return {0: True, 3: False}[done.returncode]

    def test_the_schema_takes_them(self):
        """And refuses one with a field that it does not know."""
        for name in ("sightline-agent", "sightline-collector", "sightline"):
            self.assertTrue(self.valid((self.out / f"{name}.cdx.json").read_text()), name)
        broken = self.bill("sightline")
        broken["components"][0]["versoin"] = "1"
        self.assertFalse(self.valid(json.dumps(broken)))

    def test_agent_has_archives_and_headers_only(self):
        """It loads nothing."""
        parts = self.parts("sightline-agent")
        self.assertEqual(set(parts.values()), {"archive linked in", "headers compiled in"})
        for name in ("libc6-dev", "libstdc++-12-dev", "libgrpc++-dev", "libssl-dev", "libldns-dev",
                     "libsodium-dev", "libprotobuf-dev"):
            self.assertEqual(parts.get(name), "archive linked in", name)
        for name in ("libboost1.81-dev", "libcli11-dev", "libtomlplusplus-dev", "libspdlog-dev"):
            self.assertEqual(parts.get(name), "headers compiled in", name)

    def test_collector_has_libraries_and_the_page(self):
        """What it loads, what is compiled in, and what the dashboard is bundled from."""
        parts = self.parts("sightline-collector")
        for name in ("libc6", "libgrpc++1.51", "libpqxx-6.4", "libsqlite3-0", "libssl3"):
            self.assertEqual(parts.get(name), "shared library", name)
        self.assertEqual(parts.get("libcli11-dev"), "headers compiled in")
        page = {name for name, how in parts.items() if how == "dashboard"}
        self.assertEqual(page, {"preact", "uplot"})
        self.assertNotIn("libssl-dev", parts)

    def test_command_line_has_no_page(self):
        """The dashboard is the collector's."""
        self.assertNotIn("dashboard", self.parts("sightline").values())

    def test_versions_are_those_of_this_machine(self):
        """Each Debian package with its version, source, licence file and address."""
        for each in self.bill("sightline-collector")["components"]:
            if each["purl"].startswith("pkg:npm/"):
                continue
            version = subprocess.run(
                ["dpkg-query", "--show", "--showformat", "${Version}", each["name"]], check=True,
                capture_output=True, text=True).stdout
            self.assertEqual(each["version"], version)
            self.assertTrue(each["purl"].startswith("pkg:deb/debian/"), each["purl"])
            properties = {prop["name"]: prop["value"] for prop in each["properties"]}
            self.assertTrue(pathlib.Path(properties["sightline:licence-file"]).exists())
            self.assertTrue(properties["sightline:source"])

    def test_again_the_same_bytes(self):
        """A bill is compared when a release is built twice."""
        with tempfile.TemporaryDirectory() as again:
            subprocess.run([ROOT / "deploy" / "release" / "sbom", ROOT, again, VERSION], check=True,
                           env={**os.environ, "SOURCE_DATE_EPOCH": "1764000000",
                                "TZ": "Asia/Kathmandu"})
            for path in self.out.iterdir():
                self.assertEqual(path.read_bytes(), (pathlib.Path(again) / path.name).read_bytes())


if __name__ == "__main__":
    for program in ("release/bin/sightline", "release/bin/sightline-collector",
                    "agent-static/bin/sightline-agent"):
        if not (ROOT / "build" / program).exists():
            print(f"skipped: build/{program} is not built; presets release and agent-static do it",
                  file=sys.stderr)
            sys.exit(EXIT_NOT_BUILT)
    unittest.main(verbosity=2)

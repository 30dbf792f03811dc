"""deploy/release/release: what it refuses, and that it notices a build that does not reproduce.

The builds are a script of a few lines here, in a small repository with the real release script.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = "1.2.3"
# Stands for deploy/debian/build; `{}` is what goes into the package.
BUILD = """#!/bin/sh
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/agent-static/bin
echo agent > build/agent-static/bin/sightline-agent
{{ {}; }} > "$1/sightline_1.2.3-1_amd64.deb"
"""
SBOM = """#!/bin/sh
echo "{}" > "$2/sightline.cdx.json"
"""
CHANGELOG = """@PACKAGE@ ({}-1) bookworm; urgency=medium

  * Something.

 -- The developers <developers@sightline.example>  Sun, 29 Nov 2026 18:00:00 +0000
"""


class ReleaseTest(unittest.TestCase):
    """Each test has a repository of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "repository"
        (self.root / "deploy" / "release").mkdir(parents=True)
        shutil.copy(ROOT / "deploy" / "release" / "release", self.root / "deploy" / "release")
        self.git("init", "--quiet")
        self.write("CMakeLists.txt", f"project(sightline VERSION {VERSION} LANGUAGES CXX)\n")
        self.write(".gitignore", "/build/\n")
        self.write("deploy/release/last_release", f"# The last one.\n1.2.2 {'0' * 40}\n")
        self.write("deploy/debian/changelog", CHANGELOG.format(VERSION))
        self.write("deploy/release/sbom", SBOM)
        self.build_with("cat CMakeLists.txt")

    def git(self, *arguments):
        """git in the repository; its standard output."""
        names = ["-c", "user.name=Test", "-c", "user.email=test@sightline.example"]
        return subprocess.run(["git", *names, *arguments], cwd=self.root, check=True,
                              capture_output=True, text=True).stdout

    def write(self, name, text):
        """A file of the repository; scripts may be executed."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)

    def build_with(self, command):
        """The shell command whose output the package is."""
        self.write("deploy/debian/build", BUILD.format(command))

    def commit(self):
        """Everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "All")

    def release(self, *arguments):
        """How it ends, and all that it says."""
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run([self.root / "deploy" / "release" / "release", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, env=environment)
        return done.returncode, done.stdout

    def assert_refused(self, words, *arguments):
        """It ends before anything is built, for this reason."""
        code, said = self.release(*(arguments or (VERSION,)))
        self.assertEqual(code, 1, said)
        self.assertIn(words, said)
        self.assertNotIn("first build", said)

    def assert_differs(self, command):
        """A package with the command's output is found not to reproduce."""
        self.build_with(command)
        self.commit()
        code, said = self.release(VERSION, "--quick")
        self.assertEqual(code, 1, said)
        self.assertIn("sightline_1.2.3-1_amd64.deb differs", said)
        self.assertIn("not reproducible", said)
        self.assertFalse((self.root / "build" / "release-1.2.3" / "SHA256SUMS").exists())

    def test_makes_files_with_sums_and_signature(self):
        """All is well."""
        self.commit()
        key = self.root.parent / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        code, said = self.release(VERSION, "--sign", str(key))
        self.assertEqual(code, 0, said)
        out = self.root / "build" / f"release-{VERSION}"
        names = {path.name for path in out.iterdir()}
        self.assertEqual({"SHA256SUMS", "SHA256SUMS.sig", "sightline.cdx.json",
                          "sightline-1.2.3.tar.gz", "sightline_1.2.3-1_amd64.deb"},
                         {name for name in names if not name.startswith("sightline-agent-1.2.3-")})
        subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=out, check=True,
                       capture_output=True)
        listed = {line.split()[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
        self.assertEqual(listed, names - {"SHA256SUMS", "SHA256SUMS.sig"})
        public = self.root.parent / "key.pub.pem"
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
        check = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public,
                 "-sigfile", out / "SHA256SUMS.sig", "-in"]
        subprocess.run([*check, out / "SHA256SUMS"], check=True, capture_output=True)
        (out / "SHA256SUMS").write_text("another\n")
        done = subprocess.run([*check, out / "SHA256SUMS"], check=False, capture_output=True)
        self.assertNotEqual(done.returncode, 0)
        commit = self.git("rev-parse", "HEAD").strip()
        self.assertIn(f"git tag --annotate v{VERSION} --message 'Sightline {VERSION}' {commit}", said)
        self.assertEqual(self.git("tag"), "")

    def test_built_from_the_commit_not_from_the_tree(self):
        """What git ignores is not in the release."""
        self.write(".gitignore", "/build/\n/ignored\n")
        self.build_with("ls")
        self.commit()
        self.write("ignored", "secret\n")
        code, said = self.release(VERSION, "--quick")
        self.assertEqual(code, 0, said)
        package = self.root / "build" / f"release-{VERSION}" / "sightline_1.2.3-1_amd64.deb"
        self.assertEqual(package.read_text(), "CMakeLists.txt\nbuild\ndeploy\n")

    def test_notices_the_folder(self):
        """Such as __FILE__ in a program."""
        self.assert_differs("pwd")

    def test_notices_the_time(self):
        """Such as __DATE__."""
        self.assert_differs("date +%s%N")

    def test_notices_the_time_zone(self):
        """Such as a time of a file."""
        self.assert_differs('date -d "@$SOURCE_DATE_EPOCH"')

    def test_notices_the_umask(self):
        """Such as the mode of a file."""
        self.assert_differs("touch made; stat -c %a made")

    def test_notices_the_order_of_files(self):
        """Such as an archive in the order in which a folder lists."""
        self.write("deploy/debian/b", "b\n")
        self.write("deploy/debian/c", "c\n")
        self.assert_differs("stat -c '%n %i' deploy/debian/? | sort -k 2 -n | cut -d ' ' -f 1")

    def test_notices_what_a_cache_hides(self):
        """The second build of a release does without the compiler cache."""
        self.build_with('echo "${CCACHE_DISABLE-}"')
        self.commit()
        code, said = self.release(VERSION)
        self.assertEqual(code, 1, said)
        self.assertEqual(self.release(VERSION, "--quick")[0], 0)

    def test_refuses_a_tree_that_is_not_clean(self):
        """A new file is enough."""
        self.commit()
        self.write("new", "")
        self.assert_refused("the tree is not clean")

    def test_refuses_another_version_than_the_project(self):
        """The programs would say another one."""
        self.commit()
        self.assert_refused("CMakeLists.txt has version 1.2.3; set it to 1.2.4", "1.2.4")
        self.assert_refused("v1 is not a version", "v1")

    def test_refuses_a_version_that_is_not_above_the_last(self):
        """Versions are compared as numbers."""
        self.write("deploy/release/last_release", f"1.2.10 {'0' * 40}\n")
        self.commit()
        self.assert_refused("1.2.3 is not above 1.2.10")

    def test_refuses_a_changelog_about_another_version(self):
        """Whoever upgrades wants to know what changes."""
        self.write("deploy/debian/changelog", CHANGELOG.format("1.2.2"))
        self.commit()
        self.assert_refused("the first entry of deploy/debian/changelog is about 1.2.2-1")

    def test_refuses_a_tag_that_is_there(self):
        """A version is released once."""
        self.commit()
        self.git("tag", f"v{VERSION}")
        self.assert_refused("there is a tag v1.2.3 already")

    def test_refuses_another_kind_of_key(self):
        """Before an hour of building."""
        self.commit()
        key = self.root.parent / "rsa.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", key], check=True,
                       capture_output=True)
        self.assert_refused("is not an Ed25519 private key", VERSION, "--sign", str(key))


if __name__ == "__main__":
    unittest.main()

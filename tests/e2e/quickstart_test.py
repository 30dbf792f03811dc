"""The first command of the README, on the release build: one summary as JSON, and nothing else."""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from sightline_lab.topology import COLLECTOR, COLLECTOR_PORT, INTERNET_NS

# The build comes before; this is for the story alone.
STORY_TIMEOUT_S = 180
PAGE_TIMEOUT_S = 120
WATCH_S = 60


class QuickstartTest(unittest.TestCase):
    """Runs deploy/lab/story.py as deploy/quickstart does once everything is built."""

    STORY = [sys.executable, str(harness.ROOT / "deploy" / "lab" / "story.py"),
             "--bin", os.environ["SIGHTLINE_RELEASE_BIN"]]

    def test_once_as_json(self):
        """WhatsApp is local in exactly two cities; the rest as it always was."""
        done = subprocess.run(self.STORY + ["--once", "--format", "json"],
                              capture_output=True, text=True, timeout=STORY_TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        summary = json.loads(done.stdout)
        scopes = {each["target_id"]: each["scope"].removeprefix("SCOPE_")
                  for each in summary["verdicts"]}
        self.assertEqual(scopes["whatsapp"], "LOCAL")
        self.assertEqual(harness.verdict(summary, "whatsapp")["open_regions"], ["CN-BJ", "CN-SH"])
        self.assertEqual((scopes["signal"], scopes["instagram"]), ("NOWHERE", "NOWHERE"))
        self.assertEqual((scopes["wechat"], scopes["weibo"]), ("WIDESPREAD", "WIDESPREAD"))

    def check_client(self, lab, command):
        """A client in another language tells of every region what `sightline summary` tells."""
        done = lab.exec(INTERNET_NS, command + [
            f"{COLLECTOR}:{COLLECTOR_PORT}", "CN",
            "--roots", str(lab.directory / "certificates" / "ca-lab.pem")])
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split("\t") for line in done.stdout.splitlines() if line[0] != "#"]
        told = {(line[0], line[2]): (line[1], line[3]) for line in lines}
        self.assertEqual(told["whatsapp", "CN-BJ"][0], "LOCAL")
        self.assertIn(told["whatsapp", "CN-BJ"][1], ("OPEN", "PARTIAL"))
        self.assertEqual(told["whatsapp", "CN-GD"][1], "BLOCKED")
        self.assertEqual(told["wechat", "CN-GD"], ("WIDESPREAD", "OPEN"))
        self.assertEqual(len({region for _, region in told}), 6)
        # What is wrong is said in the collector's words.
        done = lab.exec(INTERNET_NS, command + [
            f"{COLLECTOR}:{COLLECTOR_PORT}", "XX",
            "--roots", str(lab.directory / "certificates" / "ca-lab.pem")])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn('NOT_FOUND: country: "XX" is not under observation', done.stderr)

    def python(self, name):
        """Command of an example in Python."""
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        subprocess.run(["protoc", "-I", str(harness.ROOT / "proto"), f"--python_out={folder.name}",
                        *sorted(map(str, harness.ROOT.glob("proto/sightline/v1/*.proto")))],
                       check=True)
        return ["env", f"PYTHONPATH={folder.name}", "/usr/bin/python3",
                str(harness.ROOT / "proto" / "examples" / name)]

    def check_clients(self, lab):
        """The examples of proto/, with the packages that everybody has."""
        examples = harness.ROOT / "proto" / "examples"
        self.check_client(lab, self.python("summary.py"))
        with tempfile.TemporaryDirectory() as folder:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(examples / name, folder)
            npm = subprocess.run(["npm", "--prefix", folder, "ci", "--ignore-scripts", "--no-audit",
                                  "--no-fund"], capture_output=True, text=True, check=False)
            self.assertEqual(npm.returncode, 0, npm.stderr + "the first run needs the npm registry")
            self.check_client(lab, ["env", f"SIGHTLINE_NODE_MODULES={folder}", "node",
                                    str(examples / "summary.mjs")])

    def page(self, url, *arguments):
        """Starts tests/page/live.mjs, which looks at a dashboard."""
        return subprocess.Popen(
            ["node", str(harness.ROOT / "tests" / "page" / "live.mjs"), url, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"SIGHTLINE_NODE_MODULES": os.environ["SIGHTLINE_PAGE_MODULES"]})

    def check_page(self, lab, url):
        """The dashboard says what is so, without fault, and what changes without a reload."""
        with self.page(url, "--axe", "--screenshots", os.environ["SIGHTLINE_SCREENSHOTS"]) as look:
            out, err = look.communicate(timeout=PAGE_TIMEOUT_S)
        self.assertEqual(look.returncode, 0, out + err)
        said = json.loads(out.splitlines()[0])
        self.assertEqual(said["problems"], [])
        sentences = said["sentences"]
        self.assertRegex(sentences["whatsapp"], r"open in Beijing\S* (Shi )?and Shanghai.* only")
        self.assertRegex(sentences["signal"], r"blocked in (6|all 6) ")
        self.assertRegex(sentences["instagram"], r"blocked in (6|all 6) ")
        # A third city opens; the page must say so within 5 s of the verdict, and who watches hears it.
        watch_py = ["timeout", str(WATCH_S), *self.python("watch.py"),
                    f"{COLLECTOR}:{COLLECTOR_PORT}", "CN", "--target", "whatsapp",
                    "--roots", str(lab.directory / "certificates" / "ca-lab.pem")]
        pool = concurrent.futures.ThreadPoolExecutor(1)
        heard = pool.submit(lab.exec, INTERNET_NS, watch_py)
        with self.page(url, "--wait", "whatsapp=Guangdong", "--timeout", "90") as watch:
            self.assertIn("sentences", watch.stdout.readline())
            lab.open("whatsapp", "CN-GD")
            lab.wait_for(lambda: "CN-GD" in lab.verdict("whatsapp")["open_regions"], 90,
                         "the verdict", interval_s=0.2)
            told = time.monotonic()
            out, err = watch.communicate(timeout=PAGE_TIMEOUT_S)
            late_s = time.monotonic() - told
        self.assertEqual(watch.returncode, 0, out + err)
        self.assertLess(late_s, 5)
        lines = heard.result(timeout=WATCH_S + 30).stdout.splitlines()
        self.assertTrue(lines[0].startswith("now\t"), lines)
        widened = [line for line in lines if "WIDENED" in line]
        self.assertEqual(len(widened), 1, lines)
        self.assertIn("WhatsApp opened in Guangdong Sheng as well", widened[0])

    def test_interrupt_cleans_up(self):
        """Without --once it shows tables and how to change the policy; Ctrl-C leaves nothing."""
        with subprocess.Popen(self.STORY, stdout=subprocess.PIPE, text=True) as story:
            self.addCleanup(story.kill)
            seen = ""
            while "deploy/lab/lab open" not in seen:
                line = story.stdout.readline()
                self.assertTrue(line, "it ended before it showed a table; its words are above")
                seen += line
            directory = seen.split("--dir ")[1].split()[0]
            self.assertTrue(os.path.exists(directory))
            lab = harness.Lab(directory)
            self.check_clients(lab)
            self.check_page(lab, seen.split("in a browser: ")[1].split()[0])
            story.send_signal(signal.SIGINT)
            self.assertEqual(story.wait(timeout=60), 0)
        self.assertIn("WhatsApp", seen)
        self.assertFalse(os.path.exists(directory))
        left = subprocess.run(["pgrep", "-f", directory], capture_output=True, text=True,
                              check=False).stdout
        self.assertEqual(left, "")


if __name__ == "__main__":
    harness.main()

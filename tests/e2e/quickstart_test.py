"""The first command of the README, on the release build: one summary as JSON, and nothing else."""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import harness
import readme

# The build comes before; this is for the story alone.
STORY_TIMEOUT_S = 180
PAGE_TIMEOUT_S = 120
WATCH_TIMEOUT_S = 30


class QuickstartTest(unittest.TestCase):
    """Runs deploy/lab/story.py as deploy/quickstart does once everything is built."""

    STORY = [sys.executable, str(harness.ROOT / "deploy" / "lab" / "story.py"),
             "--bin", os.environ["SIGHTLINE_RELEASE_BIN"]]
    TOKEN = "build/watch.token"
    PAGE = harness.ROOT / "proto" / "README.md"

    def test_page_shows_the_examples(self):
        """What proto/README.md shows of a file is the file; each but the longest three is shown."""
        shown = readme.check_files(self.PAGE.read_text(encoding="utf-8"))
        files = {f"examples/{file.name}" for file in self.PAGE.parent.glob("examples/*.*")
                 if file.suffix in (".py", ".mjs")}
        self.assertEqual(files - set(shown),
                         {"examples/summary.py", "examples/summary.mjs", "examples/watch.py"})

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

    def check_client(self, reader, command):
        """A client in another language tells of every region what `sightline summary` tells."""
        done = reader.shell(f'{command} "$SIGHTLINE_COLLECTOR" CN --roots "$SIGHTLINE_ROOTS"')
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.split("\t") for line in done.stdout.splitlines() if line[0] != "#"]
        told = {(line[0], line[2]): (line[1], line[3]) for line in lines}
        self.assertEqual(told["whatsapp", "CN-BJ"][0], "LOCAL")
        self.assertIn(told["whatsapp", "CN-BJ"][1], ("OPEN", "PARTIAL"))
        self.assertEqual(told["whatsapp", "CN-GD"][1], "BLOCKED")
        self.assertEqual(told["wechat", "CN-GD"], ("WIDESPREAD", "OPEN"))
        self.assertEqual(len({region for _, region in told}), 6)
        # What is wrong is said in the collector's words.
        done = reader.shell(f'{command} "$SIGHTLINE_COLLECTOR" XX')
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn('NOT_FOUND: country: "XX" is not under observation', done.stderr)

    def check_install(self, reader):
        """What the page has readers install is what the tests were run with."""
        words = reader.commands("install").split()
        self.assertEqual(words[:4], ["sudo", "apt-get", "install", "-y"])
        listed = subprocess.run([str(harness.ROOT / "deploy" / "deps"), "--list"],
                                capture_output=True, text=True, check=True).stdout.split()
        # Debian's, or others that are there already.
        self.assertEqual(set(words[4:]) - set(listed) - {"nodejs", "npm"}, set())
        reader.done.add("install")

    def check_examples(self, reader):
        """proto/README.md from its begin to where a third region is opened."""
        self.assertEqual(reader.commands("start").strip(), "./deploy/quickstart")
        reader.done.add("start")
        self.check_install(reader)
        for name in ("setup", "targets", "regions", "summary", "clients", "causes", "curl"):
            reader.run(name)
        self.check_client(reader, "python3 proto/examples/summary.py")
        self.check_client(reader, "node proto/examples/summary.mjs")
        # A person is slower than this: the place is kept once how things are is said.
        reader.run_until("watch", "watch", self.TOKEN, WATCH_TIMEOUT_S)

    def check_examples_after_opening(self, lab, reader):
        """The rest of it, once Guangdong is open."""
        told = reader.run_until("watch", "watch again", self.TOKEN, WATCH_TIMEOUT_S)
        self.assertNotIn("now\t", told)
        lab.wait_for(lambda: harness.region_state(lab.summary(), "whatsapp", "CN-GD") == "OPEN"
                     and lab.verdict("whatsapp")["events"], PAGE_TIMEOUT_S, "the event")
        for name in ("events", "past", "timeline", "verify"):
            reader.run(name)
        self.assertEqual(reader.done, reader.names())

    def page(self, url, *arguments):
        """Starts tests/page/live.mjs, which looks at a dashboard."""
        return subprocess.Popen(
            ["node", str(harness.ROOT / "tests" / "page" / "live.mjs"), url, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"SIGHTLINE_NODE_MODULES": os.environ["SIGHTLINE_PAGE_MODULES"]})

    def check_page(self, lab, reader, url):
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
        pool = concurrent.futures.ThreadPoolExecutor(1)
        heard = pool.submit(
            reader.follow,
            'python3 proto/examples/watch.py "$SIGHTLINE_COLLECTOR" CN --target whatsapp',
            lambda text: "WIDENED" in text, PAGE_TIMEOUT_S)
        with self.page(url, "--wait", "whatsapp=Guangdong", "--timeout", "90") as watch:
            self.assertIn("sentences", watch.stdout.readline())
            reader.run("open")
            lab.wait_for(lambda: "CN-GD" in lab.verdict("whatsapp")["open_regions"], 90,
                         "the verdict", interval_s=0.2)
            told = time.monotonic()
            out, err = watch.communicate(timeout=PAGE_TIMEOUT_S)
            late_s = time.monotonic() - told
        self.assertEqual(watch.returncode, 0, out + err)
        self.assertLess(late_s, 5)
        lines = heard.result(timeout=PAGE_TIMEOUT_S).splitlines()
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
            with tempfile.TemporaryDirectory() as folder:
                reader = readme.Reader(self.PAGE.read_text(encoding="utf-8"), folder,
                                       seen.split("another terminal:\n  . ")[1].split()[0],
                                       os.environ["SIGHTLINE_RELEASE_BIN"])
                self.check_examples(reader)
                self.check_page(lab, reader, seen.split("in a browser: ")[1].split()[0])
                self.check_examples_after_opening(lab, reader)
            story.send_signal(signal.SIGINT)
            self.assertEqual(story.wait(timeout=60), 0)
        self.assertIn("WhatsApp", seen)
        self.assertFalse(os.path.exists(directory))
        left = subprocess.run(["pgrep", "-f", directory], capture_output=True, text=True,
                              check=False).stdout
        self.assertEqual(left, "")


if __name__ == "__main__":
    harness.main()

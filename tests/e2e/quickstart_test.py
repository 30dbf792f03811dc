"""The first command of the README, on the release build: one summary as JSON, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import unittest

import harness

# The build comes before; this is for the story alone.
STORY_TIMEOUT_S = 180


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
            story.send_signal(signal.SIGINT)
            self.assertEqual(story.wait(timeout=60), 0)
        self.assertIn("WhatsApp", seen)
        self.assertFalse(os.path.exists(directory))
        left = subprocess.run(["pgrep", "-f", directory], capture_output=True, text=True,
                              check=False).stdout
        self.assertEqual(left, "")


if __name__ == "__main__":
    harness.main()

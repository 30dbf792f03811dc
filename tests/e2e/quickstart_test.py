"""The first command of the README, on the release build: one summary as JSON, and nothing else."""

import json
import os
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


if __name__ == "__main__":
    harness.main()

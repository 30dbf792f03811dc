"""That the test of proto/README.md can fail: a page that is not true is found out."""

import tempfile
import unittest

import readme

PAGE = """
<!-- run: environment -->
```sh
export PLACE=Beijing
```

<!-- run: example -->
```sh
echo "2026-11-29T16:33:00Z  open in $PLACE"
```
<!-- gives: example -->
```
2024-04-08T01:00:00Z open in Beijing
```
"""


class ReadmeTest(unittest.TestCase):
    """Pages made up, and run with no lab."""

    def reader(self, page):
        """Of a made-up page."""
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        return readme.Reader(page, folder.name, "/dev/null", "/nonexistent")

    def test_true_page_passes(self):
        """Times and the width of gaps do not count."""
        self.reader(PAGE).run("example")

    def test_other_output_fails(self):
        """One word more or less is told."""
        for said in ("open in", "open in Beijing and Shanghai", "blocked in Beijing"):
            with self.subTest(said), self.assertRaisesRegex(readme.MismatchError, "printed"):
                self.reader(PAGE.replace("Z open in Beijing", f"Z {said}")).run("example")

    def test_failing_command_fails(self):
        """Also before the last, and with the output that is shown."""
        page = PAGE.replace('```sh\necho', '```sh\nfalse\necho')
        with self.assertRaisesRegex(readme.MismatchError, "ended with 1"):
            self.reader(page).run("example")

    def test_dots_stand_for_anything(self):
        """Within a line for that line only; alone for any number of lines."""
        self.assertTrue(readme.fits("a ... d\n...\nz", "a b c d\nz\n"))
        self.assertTrue(readme.fits("...\nz", "a\nb\nz\n"))
        self.assertFalse(readme.fits("a ... d", "a\nd\n"))
        self.assertFalse(readme.fits("...\nz", "a\nz\nb\n"))

    def test_ctrl_c_ends_what_goes_on(self):
        """And what comes without being shown is told."""
        page = PAGE.replace('Beijing"', 'Beijing"\nexec sleep 60').replace("$PLACE", "Beijing")
        page = page.replace('Beijing"', 'Beijing"; exec sleep 60')
        told = self.reader(page).run_until("example", "example", "proto", 30)
        self.assertIn("open in Beijing", told)
        page = page.replace("; exec", "; echo more; exec")
        with self.assertRaisesRegex(readme.MismatchError, "more"):
            self.reader(page).run_until("example", "example", "proto", 1)

    def test_commands_without_a_name_fail(self):
        """No command of the page stays untried."""
        with self.assertRaisesRegex(readme.MismatchError, "want of a name: true"):
            readme.blocks("```sh\ntrue\n```\n")

    def test_file_that_differs_fails(self):
        """The page shows what is there."""
        page = '<!-- file: examples/targets.py -->\n```python\n"""Else."""\n```\n'
        with self.assertRaisesRegex(readme.MismatchError, "examples/targets.py is not"):
            readme.check_files(page)


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""The commands of proto/README.md, run as a reader runs them and compared with what it shows.

A fenced block of that page is named by the comment on the line before it:

  <!-- run: NAME -->     commands
  <!-- gives: NAME -->   what they print: "..." stands for anything, also for any number of lines;
                         times and the width of gaps do not count
  <!-- file: PATH -->    a file below proto/, in full
"""

import contextlib
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import time

from harness import ROOT

PROTO = ROOT / "proto"
COMMAND_TIMEOUT_S = 60
_BLOCK = re.compile(r"^(?:<!-- (\w+): ([^\n]+) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")


class MismatchError(AssertionError):
    """The page is not true."""


def blocks(page):
    """(kind, name, text) of each named block. Raises MismatchError for commands without a name."""
    found = []
    for kind, name, language, text in _BLOCK.findall(page):
        if language == "sh" and kind != "run":
            raise MismatchError(f"commands that no test runs, for want of a name: {text}")
        if kind:
            found.append((kind, name, text))
    return found


def _plain(text):
    """Without what may differ."""
    lines = (re.sub(r"\s+", " ", _TIME.sub("TIME", line)).strip() for line in text.splitlines())
    return [line for line in lines if line]


def fits(shown, printed):
    """Whether the page shows what was printed."""
    pattern = ""
    for line in _plain(shown):
        if line == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(line).replace(re.escape("..."), r"[^\n]*") + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in _plain(printed))) is not None


def check_files(page):
    """Every example file is what the page shows of it. Returns their paths below proto/."""
    paths = []
    for kind, path, text in blocks(page):
        if kind == "file":
            paths.append(path)
            if (PROTO / path).read_text(encoding="utf-8") != text:
                raise MismatchError(f"proto/{path} is not what proto/README.md shows")
    return paths


class Reader:
    """A reader's second terminal: a folder like a checkout, and the file to begin with."""

    def __init__(self, page, folder, reader_env, programs):
        """`folder` is empty; `reader_env` is what the quickstart names, `programs` its build."""
        self._folder = pathlib.Path(folder)
        self._runs = {name: text for kind, name, text in blocks(page) if kind == "run"}
        self._gives = {name: text for kind, name, text in blocks(page) if kind == "gives"}
        self._begin = f". '{reader_env}'\n{self._runs['environment']}"
        self.done = {"environment"}
        # A shell that starts jobs in the background has switched Ctrl-C off for them.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        shutil.copytree(PROTO, self._folder / "proto",
                        ignore=shutil.ignore_patterns("node_modules"))
        (self._folder / "deploy").symlink_to(ROOT / "deploy")
        (self._folder / "build" / "release").mkdir(parents=True)
        (self._folder / "build" / "release" / "bin").symlink_to(programs)

    def names(self):
        """Of all commands; `done` has those that were run."""
        return set(self._runs)

    def commands(self, name):
        """As the page has them."""
        return self._runs[name]

    def run(self, name):
        """Runs commands, and compares where the page shows what they print."""
        self.done.add(name)
        done = self.shell(self._runs[name])
        if done.returncode != 0:
            raise MismatchError(f'"{name}" ended with {done.returncode}: {done.stderr}{done.stdout}')
        self._compare(name, done.stdout + done.stderr)

    def run_until(self, name, gives, file, timeout_s):
        """Runs commands until they have printed what the page shows as `gives` and `file` is there;
        then Ctrl-C. Returns all that they printed."""
        self.done.add(name)
        out = self.follow(
            self._runs[name],
            lambda text: fits(self._gives[gives], text) and (self._folder / file).exists(),
            timeout_s)
        self._compare(gives, out)
        return out

    def shell(self, commands):
        """Runs other commands there, as far as the first that fails."""
        with self._start(commands) as process:
            out, err = process.communicate(timeout=COMMAND_TIMEOUT_S)
        return subprocess.CompletedProcess(commands, process.returncode, out.decode(), err.decode())

    def follow(self, commands, enough, timeout_s):
        """Runs commands until `enough` of what they printed, or the time is up; then Ctrl-C.
        Returns what they printed."""
        out = b""
        deadline = time.monotonic() + timeout_s
        with self._start(commands) as process:
            pipe = process.stdout.fileno()
            while time.monotonic() < deadline and not enough(out.decode(errors="replace")):
                if select.select([pipe], [], [], 0.1)[0]:
                    data = os.read(pipe, 65536)
                    if not data:
                        break  # It ended by itself.
                    out += data
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            rest, err = process.communicate(timeout=COMMAND_TIMEOUT_S)
        return (out + rest + err).decode()

    def _start(self, commands):
        # Debian's Python before others, as the page has it, and no settings but the page's.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("SIGHTLINE_", "GRPC_", "PYTHON"))}
        environment |= {"PATH": f"/usr/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        return subprocess.Popen(["sh", "-euc", self._begin + commands], cwd=self._folder,
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)

    def _compare(self, name, out):
        if name in self._gives and not fits(self._gives[name], out):
            raise MismatchError(f'"{name}" printed\n{out}and not\n{self._gives[name]}')

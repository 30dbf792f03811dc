"""The directory of a lab, and the lock in it that shows whether a lab lives there."""

import fcntl
import os
import pathlib
import shutil
import time
from typing import Sequence

# A Unix socket's name has at most 107 bytes; "control.sock" and a slash take 13.
_DIRECTORY_BYTES_MAX = 90
_LOCK = "lab.lock"


class LabError(RuntimeError):
    """The lab could not do it; the message says what to do."""


class LabUsageError(LabError):
    """The request was wrong: an unknown target, region, service, namespace or directory."""


class NotAllowedError(LabError):
    """This machine does not let the user make namespaces."""


def default_directory() -> pathlib.Path:
    """Where a lab lives unless told otherwise; one for each user."""
    parent = pathlib.Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    return parent / f"sightline-lab-{os.geteuid()}"


class Home:
    """One directory; the processes of a lab hold its lock for as long as any of them lives."""

    def __init__(self, path: pathlib.Path):
        self.path = path

    def exists(self) -> bool:
        """Whether a lab or the remains of one are here."""
        return (self.path / _LOCK).exists()

    def running(self) -> bool:
        """Whether the processes of a lab hold this directory."""
        try:
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(lock)

    def take(self) -> int:
        """Makes the directory ours and empty; returns the lock that shows a lab lives in it."""
        if len(os.fsencode(self.path)) > _DIRECTORY_BYTES_MAX:
            raise LabUsageError(f"--dir {self.path} is longer than {_DIRECTORY_BYTES_MAX} bytes, "
                                "too long for Unix sockets in it")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.stat().st_uid != os.geteuid():
            raise LabUsageError(f"{self.path} belongs to another user; give --dir DIR")
        if any(self.path.iterdir()) and not (self.path / _LOCK).exists():
            if [entry.name for entry in self.path.iterdir()] != ["logs"]:
                raise LabUsageError(f"{self.path} is not empty and holds no lab; give --dir DIR")
        lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise LabUsageError(f"a lab runs in {self.path} already; `lab down` ends it") from None
        self.clean(keep=(_LOCK,))
        return lock

    def wait_ended(self, timeout_s: float) -> bool:
        """Whether the lab's last process ended within the time."""
        deadline = time.monotonic() + timeout_s
        while self.running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def clean(self, keep: Sequence[str]) -> None:
        """Removes everything here but `keep`; without `keep` the directory too."""
        entries = sorted(self.path.iterdir(), key=lambda entry: entry.name == _LOCK)
        for entry in entries:
            if entry.name in keep:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        if not keep:
            self.path.rmdir()

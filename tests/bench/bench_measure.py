"""What a process costs, read from /proc and from its CPU clock. Linux."""

import dataclasses
import os
import pathlib
import statistics
import threading
import time


def cpu_s(pid):
    """CPU time of a process so far, its ended threads included: seconds, to the nanosecond."""
    # The clock id that clock_getcpuclockid(3) makes: pid in the upper bits, 2 is CPUCLOCK_SCHED.
    return time.clock_gettime((~pid << 3) | 2)


@dataclasses.dataclass
class Memory:
    """MB (10^6 bytes)."""

    rss: float
    pss: float
    own: float  # Anonymous: what no file holds, so that it cannot be dropped and read again.


def memory(pid):
    """Resident and proportional memory of a process now."""
    sizes = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        sizes[name] = int(value) * 1024 / 1e6
    return Memory(sizes["Rss:"], sizes["Pss:"], sizes["Anonymous:"])


class MemoryPeak:
    """Largest memory within the body of a `with`; RSS as the kernel notes it, else sampled."""

    def __init__(self, pid):
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak = Memory(0, 0, 0)

    def _watch(self):
        while not self._done.wait(0.005):
            now = memory(self._pid)
            self.peak.pss = max(self.peak.pss, now.pss)
            self.peak.own = max(self.peak.own, now.own)

    def __enter__(self):
        pathlib.Path(f"/proc/{self._pid}/clear_refs").write_text("5")  # Resets the high-water mark.
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        for line in pathlib.Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                self.peak.rss = int(line.split()[1]) * 1024 / 1e6


def forget_cached(path):
    """Makes the system read a program anew from disk when it next starts, as after a boot.

    How much of a program one page fault maps depends on how it came into the page cache: newer
    kernels map 2 MB at once of a file that was just written, and little of one that was read.
    """
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def wakeups(pid):
    """Voluntary and involuntary context switches of all living threads."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def spread(values):
    """(least, median, most)."""
    return min(values), statistics.median(values), max(values)

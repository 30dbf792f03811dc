"""How large the packages are, how quickly their services start, and what they take at rest."""

import pathlib
import re
import subprocess

MIB = 1024 * 1024


def package_sizes(path):
    """Bytes of a package's file, and of what it installs."""
    field = subprocess.run(["dpkg-deb", "--field", path, "Installed-Size"], check=True,
                           capture_output=True, text=True).stdout
    return pathlib.Path(path).stat().st_size, int(field) * 1024


def start_ms(root, unit):
    """From the start of its process until the service said that it is ready."""
    times = root.show(unit, "ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    return (int(times["ActiveEnterTimestampMonotonic"])
            - int(times["ExecMainStartTimestampMonotonic"])) / 1000


def memory_mib(root, unit):
    """Resident and proportional memory of its process."""
    pid = root.show(unit, "MainPID")["MainPID"]
    text = root.run(["cat", f"/proc/{pid}/smaps_rollup"]).stdout
    found = [int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024
             for name in ("Rss", "Pss")]
    return tuple(found)


def print_table(rows):
    """One line a package: name, .deb, installed, start, resident, proportional."""
    print("\n| Package | .deb, MiB | Installed, MiB | Start to ready, ms | Resident, MiB | "
          "Proportional, MiB |\n|---|---|---|---|---|---|")
    for name, deb, installed, start, memory in rows:
        start = f"{start:.0f}" if start is not None else ""
        resident, proportional = (f"{value:.1f}" for value in memory) if memory else ("", "")
        print(f"| `{name}` | {deb / MIB:.1f} | {installed / MIB:.1f} | {start} | {resident} | "
              f"{proportional} |")
    print(flush=True)

"""Debian packages in a fresh Debian root: installed, used, upgraded, cut off, purged.

SIGHTLINE_PACKAGES: folder of the three packages. SIGHTLINE_PREVIOUS_PACKAGES: those of the last
release. Ends with 77, and says why, where no root can be made or started.
"""

import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import debian_root
import measure
from newcomer import ADMIN, SUMMARY, Newcomer, make_certificate

EXIT_NOT_ALLOWED = 77
PACKAGES = pathlib.Path(os.environ.get("SIGHTLINE_PACKAGES", debian_root.ROOT / "build/packages"))
PREVIOUS = pathlib.Path(os.environ.get("SIGHTLINE_PREVIOUS_PACKAGES",
                                       debian_root.ROOT / "build/previous/packages"))
NAMES = ("sightline-agent", "sightline-collector", "sightline")
SERVICES = ("sightline-agent", "sightline-collector")
STORE = "/var/lib/sightline-collector/sightline.db"
AGENT = "/var/lib/sightline-agent"
AGENT_PACKAGE_MIB_MAX = 12
START_MS_MAX = {"sightline-agent": 100, "sightline-collector": 500}
# Written by dpkg, apt and systemd themselves.
NOT_OURS = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/var/lib/systemd", "/root",
            "/srv", "/tmp", "/run", "/proc", "/sys", "/dev", "/etc/ld.so.cache", "/var/backups",
            "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/.pwd.lock")


def packages_in(folder):
    """The three packages of a folder."""
    found = [path for name in NAMES for path in folder.glob(f"{name}_*.deb")]
    if len(found) != len(NAMES):
        raise AssertionError(f"{folder} must hold one package each of {', '.join(NAMES)}; it holds "
                             f"{[path.name for path in found]}: run deploy/debian/build {folder}")
    return found


def everything(root):
    """Every path that could be ours, and every user and group."""
    paths = root.run(["find", "/", "-xdev"]).stdout.splitlines()
    kept = {path for path in paths if not path.startswith(NOT_OURS)}
    return kept | set(root.run(["cat", "/etc/passwd", "/etc/group"]).stdout.splitlines())


def rows(root, sql, store=STORE):
    """Rows of the store, read from outside."""
    with sqlite3.connect(f"file:{root.path}{store}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchall()


def wait_for(condition, timeout_s, what):
    """Returns the condition's first true value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.2)


class PackageTest(unittest.TestCase):
    """One root each: a fresh install, and an upgrade with a power cut behind it."""

    maxDiff = None

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sightline-package-")
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)

    def assert_well(self, root, service):
        """The service is active, and its doctor finds no problem."""
        self.assertEqual(root.show(service, "ActiveState")["ActiveState"], "active",
                         root.journal(service))
        done = root.run([service, "doctor"], check=False)
        print(f"\n$ {service} doctor\n{done.stdout}{done.stderr}", flush=True)
        self.assertEqual(done.returncode, 0)

    def acknowledged(self, root):
        """How many batches the collector has said that it keeps."""
        return self.status(root)["acked_seq"]

    @staticmethod
    def status(root):
        """What the agent says of itself."""
        return json.loads(root.run(["sightline-agent", "status", "--format", "json"]).stdout)

    def identity(self, root):
        """What must never change: who the agent is."""
        return {name: hashlib.sha256((root.path / f"{AGENT[1:]}/{name}").read_bytes()).hexdigest()
                for name in ("agent.key", "identity.toml")}

    def history(self, root):
        """The log: every batch and its place in its chain."""
        return rows(root, "SELECT hex(agent_id), batch_seq, hex(chain_hash) FROM batches "
                          "ORDER BY agent_id, batch_seq")

    def test_fresh_install(self):
        """Install, use, reload, crash, remove, purge."""
        packages = packages_in(PACKAGES)
        with debian_root.DebianRoot(self.folder / "fresh") as root:
            root.download(packages)
            root.boot()
            before = everything(root)
            newcomer = Newcomer(root, self.folder / "elsewhere", packages)
            newcomer.bring()
            newcomer.operate()
            newcomer.volunteer()
            summary = newcomer.read()
            newcomer.print_steps()
            print(summary, flush=True)
            self.assertIn("Reachable without a VPN from inside China (CN)?", summary)
            self.assertIn("WhatsApp", summary)
            for service in SERVICES:
                self.assert_well(root, service)
            self.check_sizes(root, packages)
            self.check_permissions(root)
            self.check_reload(root)
            self.check_restarts(root)
            self.remove_and_purge(root, before)

    def check_sizes(self, root, packages):
        """The table, and its bounds."""
        table = []
        for path in packages:
            name = path.name.split("_")[0]
            deb, installed = measure.package_sizes(path)
            if name in SERVICES:
                start = min(self.start_again(root, name) for _ in range(3))
                self.assertLessEqual(start, START_MS_MAX[name], name)
                table.append((name, deb, installed, start, measure.memory_mib(root, name)))
            else:
                table.append((name, deb, installed, None, None))
            if name == "sightline-agent":
                self.assertLessEqual(deb, AGENT_PACKAGE_MIB_MAX * measure.MIB)
        measure.print_table(table)

    def start_again(self, root, name):
        """Milliseconds of one start."""
        root.run(["systemctl", "restart", name])
        return measure.start_ms(root, name)

    def check_permissions(self, root):
        """Nobody but the service and root looks into its folders or sees its key."""
        for name in SERVICES:
            mode = root.run(["stat", "-c", "%a %U", f"/var/lib/{name}"]).stdout.strip()
            self.assertEqual(mode, f"700 {name}")
        owners = root.run(["find", AGENT, "!", "-user", "sightline-agent"]).stdout
        self.assertEqual(owners, "", "files that the service cannot use")
        seen = root.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat",
                         "/etc/sightline/tls.key", f"{AGENT}/agent.key"], check=False)
        self.assertEqual(seen.stdout, "")

    def served(self, root):
        """Hash of the certificate that the collector shows."""
        return root.run(["sh", "-c", "openssl s_client -connect localhost:7443 </dev/null "
                         "2>/dev/null | openssl x509 -fingerprint -sha256 -noout"]).stdout

    def check_reload(self, root):
        """A new certificate is shown after a reload, by the same process."""
        pid = root.show("sightline-collector", "MainPID")
        old = self.served(root)
        self.assertIn("Fingerprint", old)
        certificates = make_certificate(self.folder / "elsewhere", "collector2")
        for source, name in ((certificates.certificate("collector2"), "tls.crt"),
                             (certificates.key("collector2"), "tls.key")):
            (root.path / f"etc/sightline/{name}").write_bytes(source.read_bytes())
        for service in SERVICES:
            root.run(["systemctl", "reload", service])
        wait_for(lambda: self.served(root) not in ("", old), 10, "the new certificate")
        self.assertEqual(root.show("sightline-collector", "MainPID"), pid)
        self.assertEqual(root.show("sightline-agent", "ActiveState")["ActiveState"], "active")

    def check_restarts(self, root):
        """A crash is followed by a start, a hang by the watchdog, many crashes by a pause."""
        for service in SERVICES:
            folder = root.path / f"etc/systemd/system/{service}.service.d"
            folder.mkdir(parents=True)
            (folder / "quick.conf").write_text("[Service]\nRestartSec=100ms\nWatchdogSec=2s\n")
        root.run(["systemctl", "daemon-reload"])
        for service in SERVICES:
            root.run(["systemctl", "restart", service])
            pid = root.show(service, "MainPID")["MainPID"]
            time.sleep(5)  # more than twice the time in which it must be heard
            self.assertEqual(root.show(service, "MainPID")["MainPID"], pid, root.journal(service))
            root.run(["kill", "-STOP", pid])
            wait_for(lambda: self.restarted(root, service, pid), 30, f"{service} starts anew")
            self.assertIn("Watchdog timeout", root.journal(service))
            self.crash_until_it_rests(root, service)

    @staticmethod
    def restarted(root, service, pid):
        """Whether another process is at work."""
        state = root.show(service, "MainPID", "ActiveState")
        return state["ActiveState"] == "active" and state["MainPID"] not in ("0", pid)

    def crash_until_it_rests(self, root, service):
        """Crashes in a row end in the timer, which starts the service again."""
        def rests():
            state = root.show(service, "MainPID", "ActiveState")
            if state["ActiveState"] == "failed":
                return True
            if state["MainPID"] != "0":
                root.run(["kill", "-SEGV", state["MainPID"]], check=False)
            return False
        wait_for(rests, 30, f"{service} rests")
        timer = root.show(f"{service}-retry.timer", "ActiveState", "SubState")
        self.assertEqual(timer, {"ActiveState": "active", "SubState": "waiting"})
        root.run(["systemctl", "reset-failed", service])
        root.run(["systemctl", "start", service])

    def remove_and_purge(self, root, before):
        """Removing keeps what is the user's; purging leaves nothing."""
        for service in SERVICES:
            root.run(["rm", "-r", f"/etc/systemd/system/{service}.service.d"])
        root.run(["apt-get", "remove", "-y", *NAMES])
        for service in SERVICES:
            self.assertEqual(root.show(service, "ActiveState")["ActiveState"], "inactive")
        for path in (f"{AGENT}/agent.key", STORE, "/etc/sightline/agent.toml"):
            self.assertEqual(root.run(["ls", path]).stdout.strip(), path)
        root.run(["apt-get", "purge", "-y", "--autoremove", *NAMES])
        # What the operator brought is the operator's to delete.
        root.run(["rm", "-f", "/etc/sightline/ca.pem"])
        root.run(["sh", "-c", "rmdir /etc/sightline 2>/dev/null || true"])
        self.assertEqual(sorted(everything(root) - before), [])

    def test_upgrade_and_power_cut(self):
        """From the last release's packages to these, then a power cut at both ends."""
        if not PREVIOUS.is_dir():
            self.skipTest(f"the last release's packages are not in {PREVIOUS}; deploy/release/"
                          "previous --packages makes them, or says why it cannot")
        old, new = packages_in(PREVIOUS), packages_in(PACKAGES)
        image = Disk(self.folder / "disk.img")
        with image.mounted(self.folder / "disk") as disk:
            root = debian_root.DebianRoot(disk / "layer")
            with root:
                root.download(old)
                root.download(new)
                root.boot()
                newcomer = Newcomer(root, self.folder / "elsewhere", old)
                newcomer.bring()
                newcomer.operate()
                newcomer.volunteer()
                newcomer.read()
                self.upgrade(root, new)
                kept = self.run_until_the_cut(root)
                root.cut()
                after = image.as_of_last_sync(self.folder / "after.img")
        with after.mounted(self.folder / "disk-after") as disk:
            with debian_root.DebianRoot(disk / "layer") as root:
                self.check_after_the_cut(root, kept)

    def upgrade(self, root, new):
        """Keeps identity, spool, log, verdicts and settings; both services run again."""
        wait_for(lambda: self.acknowledged(root) >= 3, 60, "three batches")
        identity, history = self.identity(root), self.history(root)
        verdicts = rows(root, "SELECT * FROM verdicts ORDER BY 1, 2, 3")
        settings = (root.path / "etc/sightline/collector.toml").read_text()
        self.assertTrue(history and verdicts)
        # Some batches wait in the spool while the packages change.
        root.run(["systemctl", "stop", "sightline-collector"])
        wait_for(lambda: self.status(root)["spool_batches"] >= 2, 60, "batches that wait")
        waiting = self.status(root)["sealed_seq"]
        root.run(["apt-get", "install", "-y", "--reinstall",
                  *[f"/srv/{path.name}" for path in new]])
        self.assertEqual(self.identity(root), identity)
        self.assertEqual((root.path / "etc/sightline/collector.toml").read_text(), settings)
        root.run(["systemctl", "start", "sightline-collector"])
        wait_for(lambda: self.acknowledged(root) > waiting, 60, "what waited, and a batch more")
        self.assertEqual(self.history(root)[:len(history)], history)
        later = set(rows(root, "SELECT * FROM verdicts ORDER BY 1, 2, 3"))
        self.assertLessEqual(len(set(verdicts) - later), 7 * 3)  # windows that were still open
        for service in SERVICES:
            self.assert_well(root, service)

    def run_until_the_cut(self, root):
        """Lets both work; what was acknowledged by then, and who they are."""
        (root.path / "root/synced").write_text("synced")
        subprocess.run(["sync"], check=True)
        wanted = self.acknowledged(root) + 2
        wait_for(lambda: self.acknowledged(root) >= wanted, 60, "more batches")
        (root.path / "root/not-synced").write_text("lost")
        return {"identity": self.identity(root), "acknowledged": self.acknowledged(root)}

    def check_after_the_cut(self, root, kept):
        """Everything acknowledged is there, the chain goes on, and both are well."""
        self.assertEqual((root.path / "root/synced").read_text(), "synced")
        lost = root.path / "root/not-synced"
        self.assertNotEqual(lost.read_text() if lost.exists() else "", "lost",
                            "the disk kept what nobody had synced: this is no power cut")
        self.assertEqual(self.identity(root), kept["identity"])
        root.boot()
        wait_for(lambda: root.run(SUMMARY, check=False).returncode == 0, 60, "a summary")
        sequence = [each[0] for each in rows(root, "SELECT batch_seq FROM batches ORDER BY 1")]
        self.assertEqual(sequence, list(range(1, len(sequence) + 1)))
        self.assertGreaterEqual(len(sequence), kept["acknowledged"])
        wait_for(lambda: self.acknowledged(root) > len(sequence), 60, "a batch after the cut")
        for service in SERVICES:
            self.assert_well(root, service)
        agents = json.loads(root.run(["sightline", "agents", "--admin", ADMIN, "--format",
                                      "json"]).stdout)["agents"]
        self.assertEqual([agent["equivocated"] for agent in agents], [False])


class Disk:
    """A file that holds an ext4 file system."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if not self.path.exists():
            with open(self.path, "wb") as file:
                file.truncate(2048 * measure.MIB)
            subprocess.run(["mkfs.ext4", "-q", self.path], check=True)

    def mounted(self, folder):
        """Context manager: the folder where it is mounted."""
        return MountedDisk(self.path, pathlib.Path(folder))

    def as_of_last_sync(self, path):
        """A copy of what has reached the disk: what only the system's memory has is not in it."""
        subprocess.run(["cp", "--sparse=always", self.path, path], check=True)
        return Disk(path)


class MountedDisk:
    """A mount that ends with its `with` block."""

    def __init__(self, path, folder):
        self._path = path
        self._folder = folder

    def __enter__(self):
        self._folder.mkdir()
        subprocess.run(["mount", "-o", "loop", self._path, self._folder], check=True)
        return self._folder

    def __exit__(self, *unused):
        subprocess.run(["umount", "-l", self._folder], check=False)


def main():
    """Says so and ends with 77 where no root can be made or started."""
    try:
        debian_root.check_allowed()
    except debian_root.NotAllowedError as error:
        print(f"skipped: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_ALLOWED)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()

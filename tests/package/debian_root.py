"""A fresh Debian root with systemd as its first process, in namespaces of its own.

The root is made once by debootstrap and kept; every test has a layer of its own above it. It sees no
network but its own loopback, and a way out that leads nowhere. Needs root, and a cgroup2 file system that takes new groups.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
INCLUDED = "systemd,systemd-sysv,dbus,iproute2,procps,ca-certificates"
BOOT_TIMEOUT_S = 60

# Runs in the new namespaces, before systemd. systemd takes it for a container, which has to make
# mounts shared by itself: credentials come that way.
FIRST = r"""
set -e
ip link set lo up
# A way out that leads nowhere.
ip link add up0 type veth peer name up1
ip link set up1 up
ip addr add 192.0.2.2/24 dev up0
ip link set up0 up
ip route add default via 192.0.2.1
mount --bind "$ROOT" "$ROOT"
cd "$ROOT"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  mknod -m 666 dev/$name c $(stat -c '%Hr %Lr' /dev/$name)
done
mkdir dev/shm dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
pivot_root . mnt
umount -l /mnt
mount --make-rshared /
exec env -i container=sightline-test PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
  /lib/systemd/systemd
"""


class NotAllowedError(Exception):
    """This machine lets nobody do it; says what is missing."""


def cgroup_folder():
    """Where cgroup2 is mounted."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, path, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(path)
    raise NotAllowedError("no cgroup2 file system is mounted, which systemd needs")


def check_allowed():
    """Raises NotAllowedError where no root can be made or started."""
    if os.geteuid() != 0:
        raise NotAllowedError("a Debian root is made and started by root only; run as root")
    if shutil.which("debootstrap") is None:
        raise NotAllowedError("debootstrap is missing; deploy/deps installs it")
    group = cgroup_folder() / f"sightline-allowed-{os.getpid()}"
    try:
        group.mkdir()
        group.rmdir()
    except OSError as error:
        raise NotAllowedError(f"no new cgroup may be made: {error}") from None
    trial = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--net", "true"],
                           capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        raise NotAllowedError(f"no namespaces may be made: {trial.stderr.strip()}")


def base_folder():
    """The root that all tests stand on; made when it is not there."""
    folder = pathlib.Path(os.environ.get("SIGHTLINE_DEBIAN_ROOT", ROOT / "build" / "debian-root"))
    base = folder / SUITE
    if (folder / "made").is_file():
        return base
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    with open(folder / "log", "wb") as log:
        done = subprocess.run(["debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE,
                               str(base), MIRROR], stdout=log, stderr=log, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"debootstrap failed:\n{(folder / 'log').read_text()[-2000:]}")
    # Its own caches would make every layer larger.
    (folder / "made").write_text(SUITE)
    print(f"debootstrap made a root in {time.monotonic() - began:.0f} s", flush=True)
    return base


class DebianRoot:
    """One layer above the base, in `folder`; `boot` starts it, `cut` ends it as a power cut does."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "root"
        self._process = None
        self._group = None
        self._init = None

    def __enter__(self):
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={base_folder()},upperdir={self.folder}/upper,"
                        f"workdir={self.folder}/work", self.path], check=True)
        # What an installer writes, and debootstrap does not.
        (self.path / "etc/hosts").write_text("127.0.0.1 localhost\n")
        return self

    def __exit__(self, *unused):
        self.cut()
        subprocess.run(["umount", "-l", self.path], check=False)

    def download(self, packages):
        """Brings what the packages (paths) depend on into the root's cache, from Debian's mirror."""
        shutil.copy("/etc/resolv.conf", self.path / "etc/resolv.conf")
        self.put_packages(packages)
        names = [f"/srv/{pathlib.Path(package).name}" for package in packages]
        for command in (["apt-get", "update", "-q"],
                        ["apt-get", "install", "-y", "-q", "--download-only", *names]):
            done = subprocess.run(["chroot", self.path, *command], capture_output=True, text=True,
                                  check=False)
            if done.returncode != 0:
                raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")

    def put_packages(self, packages):
        """Copies packages to /srv, where `apt install /srv/...` finds them."""
        for package in packages:
            shutil.copy(package, self.path / "srv")

    def boot(self):
        """Starts systemd; returns when it has started everything."""
        self._group = cgroup_folder() / f"sightline-{os.getpid()}-{self.folder.name}"
        self._group.mkdir()
        group = self._group / "cgroup.procs"
        log = open(self.folder / "console.log", "ab")  # pylint: disable=consider-using-with
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["sh", "-c", f"echo $$ >{group}; exec unshare --mount --pid --fork --kill-child "
             '--cgroup --uts --ipc --net --propagation private sh -c "$FIRST"'],
            env={**os.environ, "ROOT": str(self.path), "FIRST": FIRST}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
        log.close()
        children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        while time.monotonic() < deadline:
            time.sleep(0.2)
            if self._process.poll() is not None:
                break
            found = children.read_text().split()
            if not found or not self.is_systemd(found[0]):
                continue
            self._init = int(found[0])
            state = self.run(["systemctl", "is-system-running"], check=False).stdout.strip()
            if state in ("running", "degraded"):
                return
        raise RuntimeError(f"systemd did not start:\n{(self.folder / 'console.log').read_text()}")

    @staticmethod
    def is_systemd(pid):
        """Whether the shell before it is gone."""
        try:
            return "systemd" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return False

    def run(self, command, check=True, text=None, timeout=120):
        """Runs a command inside, as root, with `text` on its standard input."""
        done = subprocess.run(
            ["nsenter", "-t", str(self._init), "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w",
             "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
             "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *map(str, command)],
            input=text, stdin=subprocess.DEVNULL if text is None else None, capture_output=True,
            text=True, check=False, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def show(self, unit, *properties):
        """`systemctl show` as a dictionary."""
        lines = self.run(["systemctl", "show", unit, *[f"-p{name}" for name in properties]]).stdout
        return dict(line.split("=", 1) for line in lines.splitlines() if "=" in line)

    def journal(self, unit):
        """What a unit said, and systemd of it."""
        return self.run(["journalctl", "--no-pager", "-o", "cat", "-u", unit]).stdout

    def host_pid(self, pid):
        """The number outside of a process inside."""
        for path in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                found = re.search(r"^NSpid:\s+(\d+)\s+(\d+)$", path.read_text(), re.MULTILINE)
                if found and found[2] == str(pid) and self.is_inside(found[1]):
                    return int(found[1])
            except OSError:
                continue
        raise AssertionError(f"no process {pid} inside")

    def is_inside(self, pid):
        """Whether a process is in this root's namespace of processes."""
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{self._init}/ns/pid")

    def cut(self):
        """SIGKILL to everything at once; nobody has time to write."""
        if self._process is None:
            return
        if self._init is not None:
            subprocess.run(["kill", "-9", str(self._init)], check=False)
        else:
            self._process.kill()
        self._process.wait(timeout=30)
        self._process = None
        self._init = None
        deadline = time.monotonic() + 10
        while self._group.is_dir() and time.monotonic() < deadline:
            for folder, _, _ in os.walk(self._group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    time.sleep(0.05)

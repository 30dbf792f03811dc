"""What a newcomer does in a fresh Debian root: an operator, then a volunteer. Counted and timed."""

import pathlib
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "lab"))

# pylint: disable=wrong-import-position
from sightline_lab.certificates import Certificates

ADMIN = "/run/sightline-collector/admin.sock"
SUMMARY = ["sightline", "summary", "--collector", "localhost:7443", "--roots", "/etc/sightline/ca.pem"]
# Windows of seconds, so that a summary does not take an hour.
SETTINGS = {
    "advertise": '["localhost:7443"]',
    "invite_roots": '"/etc/sightline/ca.pem"',
    "window": '"10s"',
    "grace": '"1s"',
}
PACE = {"round_interval { seconds: 600 }": "round_interval { seconds: 5 }",
        "round_timeout { seconds: 300 }": "round_timeout { seconds: 5 }",
        "check_timeout { seconds: 10 }": "check_timeout { seconds: 2 }",
        "dns_hold { seconds: 2 }": "dns_hold { seconds: 0 nanos: 300000000 }"}


def with_setting(text, key, value):
    """The settings file with one key set, where its comment stands or at the end."""
    line = f"{key} = {value}"
    changed, count = re.subn(rf"^#?\s*{key}\s*=.*$", line.replace("\\", "\\\\"), text, count=1,
                             flags=re.MULTILINE)
    return changed if count else f"{text}\n{line}\n"


def make_certificate(folder, name):
    """A certificate for localhost from the authority in `folder`, which is made when needed."""
    certificates = Certificates(pathlib.Path(folder))
    if not certificates.certificate("ca-lab").is_file():
        certificates.make("ca-lab", "Test root", (), None)
    certificates.make(name, name, ["DNS:localhost"], "lab")
    return certificates


class Newcomer:
    """Steps in a booted root. `folder` is for what comes from elsewhere: certificates, addresses."""

    def __init__(self, root, folder, packages):
        self.root = root
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.packages = {path.name.split("_")[0]: f"/srv/{path.name}" for path in packages}
        self.steps = []

    def step(self, who, command, **options):
        """One thing that a person types."""
        began = time.monotonic()
        done = self.root.run(["sh", "-c", f"cd && {command}"], **options)
        self.steps.append((who, command, time.monotonic() - began))
        return done.stdout

    def bring(self):
        """What the operator has already: a certificate, a database of addresses."""
        certificates = make_certificate(self.folder, "collector")
        subprocess.run(["perl", ROOT / "deploy/lab/make_mmdb.pl", self.folder / "geo.mmdb"],
                       input="127.0.0.0/8 CN 4134 Chinanet\n::1/128 CN 4134 Chinanet\n", text=True,
                       check=True)
        home = self.root.path / "root"
        for source, name in ((certificates.certificate("collector"), "tls.crt"),
                             (certificates.key("collector"), "tls.key"),
                             (certificates.certificate("ca-lab"), "ca.pem"),
                             (self.folder / "geo.mmdb", "country-asn.mmdb")):
            (home / name).write_bytes(source.read_bytes())
        plan = (ROOT / "deploy/plan/default.txtpb").read_text()
        for old, new in PACE.items():
            assert old in plan, old
            plan = plan.replace(old, new)
        (home / "plan.txtpb").write_text(plan)

    def operate(self):
        """From nothing to a collector that takes agents."""
        self.step("operator", "apt-get install -y "
                  f"{self.packages['sightline-collector']} {self.packages['sightline']}")
        self.step("operator", "sightline keys new --out operator.pem && "
                  "install -m 0644 operator.pub.pem /etc/sightline/")
        self.step("operator", "install -m 0600 tls.crt tls.key /etc/sightline/ && "
                  "install -m 0644 ca.pem /etc/sightline/ && "
                  "install -m 0644 country-asn.mmdb /var/lib/sightline-collector/")
        path = self.root.path / "etc/sightline/collector.toml"
        text = path.read_text()
        for key, value in SETTINGS.items():
            text = with_setting(text, key, value)
        began = time.monotonic()
        self.root.run(["tee", "/etc/sightline/collector.toml"], text=text)
        self.steps.append(("operator", "edit /etc/sightline/collector.toml",
                           time.monotonic() - began))
        self.step("operator", "systemctl enable --now sightline-collector")
        self.step("operator", "sightline plan sign --key operator.pem --in plan.txtpb "
                  f"--out plan.signed && sightline plan publish plan.signed --admin {ADMIN}")
        self.step("operator", f"sightline invite --admin {ADMIN} > invite.txt")

    def volunteer(self):
        """From a package and an invite to reports."""
        self.step("volunteer", f"apt-get install -y {self.packages['sightline-agent']}")
        self.step("volunteer", "sightline-agent enroll --invite @invite.txt --region CN-BJ --accept")
        self.step("volunteer", "systemctl start sightline-agent")

    def read(self, timeout_s=60):
        """Waits for the first summary."""
        began = time.monotonic()
        while True:
            done = self.root.run(SUMMARY, check=False)
            if done.returncode == 0:
                break
            if time.monotonic() - began > timeout_s:
                raise AssertionError(f"no summary within {timeout_s} s: {done.stderr}\n"
                                     f"{self.root.journal('sightline-agent')}")
            time.sleep(0.5)
        self.steps.append(("reader", " ".join(SUMMARY), time.monotonic() - began))
        return done.stdout

    def print_steps(self):
        """The table of steps."""
        print(f"\n{len(self.steps)} steps, {sum(step[2] for step in self.steps):.0f} s:")
        for number, (who, command, seconds) in enumerate(self.steps, 1):
            print(f"  {number:2} {who:9} {seconds:6.1f} s  {command}")
        print(flush=True)

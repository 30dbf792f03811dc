"""The lab's network, seen from its own machines, and what is left when it is gone.

Needs the injector (SIGHTLINE_BIN or a build folder). As root, --unprivileged gives up all privilege
first. Exits with 77 and says why where namespaces are not allowed.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
_ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT / "deploy" / "lab"))

# pylint: disable=wrong-import-position
from sightline_lab import Lab, LabError, LabUsageError, NotAllowedError
from sightline_lab.topology import FORGED_ADDRESSES, SERVICE_BY_NAME

_PROBER = str(pathlib.Path(__file__).resolve().parent / "prober.py")
_LAB = str(_ROOT / "deploy" / "lab" / "lab")
WHATSAPP = SERVICE_BY_NAME["whatsapp"].hosts["web.whatsapp.com"]
SIGNAL = SERVICE_BY_NAME["signal"].hosts["chat.signal.org"]
INSTAGRAM = SERVICE_BY_NAME["instagram"].hosts["www.instagram.com"]
WEIBO = SERVICE_BY_NAME["weibo"].hosts["weibo.com"]
EXAMPLE = SERVICE_BY_NAME["example"].hosts["www.example.com"]


def probe(lab, ns, *what):
    """One look from namespace `ns`."""
    done = lab.exec(ns, ["/usr/bin/python3", _PROBER, *what])
    if done.returncode != 0:
        raise AssertionError(f"prober {what} in {ns}: {done.stderr}")
    return json.loads(done.stdout)


def traces(lab):
    """What of the lab the host shows: processes, interfaces, mounts, the directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if os.fsencode(lab.directory) in (entry / "cmdline").read_bytes():
                    found.append(f"process {entry.name}")
            except OSError:
                continue  # It has ended meanwhile, or is not ours to see.
    if str(lab.directory) in pathlib.Path("/proc/self/mountinfo").read_text():
        found.append("mount")
    found += [f"interface {name}" for name in os.listdir("/sys/class/net")
              if re.fullmatch(r"uplink|to-domestic|[a-z]{2}-\d+(-\d)?|control-.*", name)]
    return found + [f"directory {lab.directory}"] * lab.directory.exists()


def first_process(lab):
    """The host's id of the lab's first process: the only child of unshare."""
    return first_child(int((lab.directory / "pid").read_text()))


def first_child(pid):
    """The oldest child process of `pid`."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def network_namespaces(lab):
    """Network namespaces that the lab's processes live in, as the host sees them."""
    first = first_process(lab)
    own = os.readlink(f"/proc/{first}/ns/pid_for_children")
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and os.readlink(entry / "ns" / "pid") == own:
                found.add(os.readlink(entry / "ns" / "net"))
        except OSError:
            continue  # It has ended meanwhile, or is not ours to see.
    return found


class NetworkTest(unittest.TestCase):
    """One lab for all; each test undoes its changes."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sightline-lab-test-")
        cls.lab = Lab(pathlib.Path(cls.folder.name) / "lab")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up(sightline=False)

    def dns(self, ns, name):
        """Answers for `name` in namespace `ns`."""
        return probe(self.lab, ns, "dns", name)

    def tls(self, ns, address, name):
        """What a handshake with `address` for `name` ends in."""
        return probe(self.lab, ns, "tls", address, name)

    def test_open_names_have_one_true_answer(self):
        for ns in ("bj-4134-1", "sn-4837-4", "control-nl"):
            self.assertEqual(self.dns(ns, "www.example.com"), [EXAMPLE])
            self.assertEqual(self.dns(ns, "weibo.com"), [WEIBO])
            self.assertEqual(self.dns(ns, "chat.signal.org"), [SIGNAL])

    def test_closed_names_get_forged_answers_and_the_true_one(self):
        for name, truth in (("web.whatsapp.com", WHATSAPP), ("www.instagram.com", INSTAGRAM)):
            for ns in ("bj-4134-1", "gd-4837-3"):
                answers = self.dns(ns, name)
                self.assertCountEqual(answers, [truth, *FORGED_ADDRESSES])

    def test_nobody_forges_for_controls(self):
        self.assertEqual(self.dns("control-de", "web.whatsapp.com"), [WHATSAPP])
        self.assertEqual(self.tls("control-se", WHATSAPP, "web.whatsapp.com")[0], "ok")

    def test_server_name_is_reset_and_a_neutral_one_passes(self):
        for address, name in ((WHATSAPP, "web.whatsapp.com"), (SIGNAL, "chat.signal.org")):
            self.assertEqual(self.tls("hb-4134-2", address, name), ["connection_reset"])
            self.assertEqual(self.tls("hb-4134-2", address, "www.example.com")[0], "ok")

    def test_blackhole_times_out(self):
        self.assertEqual(self.tls("sc-4134-1", INSTAGRAM, "www.instagram.com"), ["timed_out"])

    def test_contrasts_are_never_touched(self):
        for address, name in ((EXAMPLE, "www.example.com"), (WEIBO, "weibo.com")):
            self.assertEqual(self.tls("sh-4837-1", address, name)[0], "ok")

    def test_forged_address_shows_another_certificate(self):
        genuine = self.tls("control-nl", WHATSAPP, "web.whatsapp.com")
        forged = self.tls("control-nl", FORGED_ADDRESSES[0], "web.whatsapp.com")
        self.assertEqual(forged[0], "ok")
        self.assertNotEqual(forged[1], genuine[1])
        self.assertIn(b"www.unrelated.example", bytes.fromhex(forged[1]))

    def test_open_acts_in_its_network_only(self):
        self.lab.open("whatsapp", "CN-BJ/4134")
        self.addCleanup(self.lab.close, "whatsapp", "CN-BJ/4134")
        self.assertEqual(self.dns("bj-4134-1", "web.whatsapp.com"), [WHATSAPP])
        self.assertEqual(self.tls("bj-4134-1", WHATSAPP, "web.whatsapp.com")[0], "ok")
        self.assertEqual(self.tls("bj-4134-1", SIGNAL, "chat.signal.org"), ["connection_reset"])
        for ns in ("bj-4837-1", "sh-4134-1"):
            self.assertEqual(len(self.dns(ns, "web.whatsapp.com")), 3)
            self.assertEqual(self.tls(ns, WHATSAPP, "web.whatsapp.com"), ["connection_reset"])

    def test_cut_silences_a_city_only(self):
        self.lab.cut("CN-SC")
        self.addCleanup(self.lab.restore, "CN-SC")
        self.assertEqual(self.dns("sc-4837-1", "web.whatsapp.com"), [])
        self.assertEqual(self.tls("sc-4837-1", WEIBO, "weibo.com"), ["timed_out"])
        self.assertEqual(self.tls("gd-4837-1", WEIBO, "weibo.com")[0], "ok")
        self.lab.restore("CN-SC")
        self.assertEqual(self.tls("sc-4837-1", WEIBO, "weibo.com")[0], "ok")
        self.assertEqual(len(self.dns("sc-4837-1", "web.whatsapp.com")), 3)

    def test_stopped_service_refuses_everywhere_and_alone(self):
        self.lab.stop_service("whatsapp")
        self.addCleanup(self.lab.start_service, "whatsapp")
        self.assertEqual(self.tls("control-nl", WHATSAPP, "web.whatsapp.com"),
                         ["connection_refused"])
        self.assertEqual(self.tls("control-nl", SIGNAL, "chat.signal.org")[0], "ok")
        self.lab.start_service("whatsapp")
        self.assertEqual(self.tls("control-nl", WHATSAPP, "web.whatsapp.com")[0], "ok")

    def test_status_tells_policy_lines_and_services(self):
        status = self.lab.status()
        self.assertEqual(len(status["places"]), 12)
        self.assertEqual(status["places"][0], {"region": "CN-BJ", "asn": 4134, "cut": False,
                                               "closed": ["instagram", "signal", "whatsapp"]})
        self.assertEqual(set(status["services"].values()), {"running"})

    def test_wrong_words_are_refused(self):
        with self.assertRaisesRegex(LabUsageError, "CN-XX"):
            self.lab.open("whatsapp", "CN-XX")
        with self.assertRaisesRegex(LabUsageError, "wechat"):
            self.lab.close("wechat", "all")
        with self.assertRaisesRegex(LabUsageError, "bj-4134-1"):
            self.lab.exec("nowhere", ["true"])
        with self.assertRaisesRegex(LabUsageError, "without Sightline"):
            self.lab.agents("stop")
        with self.assertRaisesRegex(LabUsageError, "runs in .* already"):
            Lab(self.lab.directory).up(sightline=False)
        done = subprocess.run([_LAB, "open", "whatsapp", "CN-XX", "--dir", self.lab.directory],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, "CN-BJ" in done.stderr), (2, True))

    def test_exec_passes_status_and_streams(self):
        done = self.lab.exec("bj-4134-1", ["sh", "-c", "echo out; echo err >&2; exit 7"])
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, "out\n", "err\n"))


class EndTest(unittest.TestCase):
    """Nothing is left behind, whichever way the lab ends."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sightline-lab-test-")
        self.addCleanup(folder.cleanup)
        self.before = traces(Lab(pathlib.Path(folder.name) / "none"))
        self.lab = Lab(pathlib.Path(folder.name) / "lab")
        self.addCleanup(self.lab.down)
        self.lab.up(sightline=False)
        self.assertGreaterEqual(len(network_namespaces(self.lab)), 3)

    def wait_gone(self):
        """Waits until only the directory shows that there was a lab."""
        self.lab.wait_for(lambda: not self.lab.running(), 10, "the end of the lab")
        left = self.before + [f"directory {self.lab.directory}"]
        self.lab.wait_for(lambda: traces(self.lab) == left, 10, "the end of processes and mounts")

    def test_down_leaves_nothing(self):
        self.lab.down()
        self.assertEqual(traces(self.lab), self.before)
        self.lab.down()

    def test_killed_first_process_leaves_nothing_and_up_works_again(self):
        os.kill(first_process(self.lab), signal.SIGKILL)
        self.wait_gone()
        with self.assertRaisesRegex(LabError, "no lab runs"):
            self.lab.status()
        self.lab.up(sightline=False)
        self.assertEqual(probe(self.lab, "bj-4134-1", "dns", "weibo.com"), [WEIBO])
        self.lab.down()
        self.assertEqual(traces(self.lab), self.before)

    def test_killed_unshare_leaves_nothing(self):
        os.kill(int((self.lab.directory / "pid").read_text()), signal.SIGKILL)
        self.wait_gone()
        self.lab.down()
        self.assertEqual(traces(self.lab), self.before)

    def test_down_ends_a_lab_that_does_not_answer(self):
        first = first_process(self.lab)
        os.kill(first_child(first), signal.SIGSTOP)
        self.lab.down()
        self.assertEqual(traces(self.lab), self.before)

    def test_foreign_directory_is_refused_and_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            kept = pathlib.Path(folder) / "letter.txt"
            kept.write_text("mine")
            with self.assertRaisesRegex(LabUsageError, "holds no lab"):
                Lab(folder).up(sightline=False)
            self.assertEqual(kept.read_text(), "mine")


def give_up_privilege():
    """Becomes the user nobody; False when that user could not read what the tests need."""
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    return os.access(_PROBER, os.R_OK) and os.access(Lab().bin, os.X_OK)


def main():
    """77, with the reason, where namespaces are not allowed."""
    if "--unprivileged" in sys.argv:
        sys.argv.remove("--unprivileged")
        if os.geteuid() == 0 and not give_up_privilege():
            print(f"the user nobody cannot read {_ROOT}", file=sys.stderr)
            return 77
    with tempfile.TemporaryDirectory(prefix="sightline-lab-test-") as folder:
        lab = Lab(pathlib.Path(folder) / "lab")
        try:
            lab.up(sightline=False)
        except NotAllowedError as error:
            print(error, file=sys.stderr)
            return 77
        finally:
            lab.down()
    return 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())

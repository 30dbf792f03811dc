"""What each censor is told to do."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy" / "lab"))

from sightline_lab import policy, topology  # pylint: disable=wrong-import-position


class PolicyTest(unittest.TestCase):
    """Pure rules."""

    def test_places_by_region_network_or_all(self):
        self.assertEqual([p.name for p in policy.parse_places("CN-BJ")], ["bj-4134", "bj-4837"])
        self.assertEqual([p.name for p in policy.parse_places("cn-sh/AS4837")], ["sh-4837"])
        self.assertEqual(len(policy.parse_places("all")), 12)
        self.assertEqual(len(policy.parse_places("all/4134")), 6)

    def test_unknown_words_name_the_known_ones(self):
        with self.assertRaisesRegex(policy.PolicyError, "CN-XX.*CN-BJ"):
            policy.parse_places("CN-XX")
        for text in ("CN-BJ/1", "CN-BJ/", "all/x"):
            with self.assertRaisesRegex(policy.PolicyError, "4134, 4837"):
                policy.parse_places(text)
        with self.assertRaisesRegex(policy.PolicyError, "wechat.*whatsapp, signal, instagram"):
            policy.check_target("wechat")
        with self.assertRaisesRegex(policy.PolicyError, "telegram.*weibo"):
            policy.check_service("telegram")

    def test_open_changes_only_its_places(self):
        places = policy.parse_places("CN-BJ")
        closed = policy.with_opened(policy.initial(), "whatsapp", places)
        for place in topology.PLACES:
            self.assertEqual("whatsapp" in closed[place], place.region != "CN-BJ")
            self.assertIn("signal", closed[place])
        self.assertEqual(policy.with_closed(closed, "whatsapp", places), policy.initial())

    def test_each_mechanism_has_its_rule(self):
        self.assertIn("--string chat.signal.org -j REJECT --reject-with tcp-reset",
                      policy.firewall({"signal"}, False))
        self.assertIn("-d 45.60.3.1/32 -j DROP", policy.firewall({"instagram"}, False))
        self.assertNotIn("-A", policy.firewall(set(), False))
        self.assertEqual(policy.forged_names({"signal", "instagram"}, False), ["www.instagram.com"])

    def test_behind_a_cut_line_nothing_is_forged(self):
        self.assertIn("-A FORWARD -j DROP", policy.firewall(set(), True))
        self.assertEqual(policy.forged_names(policy.MECHANISMS, True), [])

    def test_no_rule_touches_a_contrast(self):
        everything = policy.firewall(policy.MECHANISMS, False)
        everything += str(policy.forged_names(policy.MECHANISMS, False))
        for name in ("wechat", "weibo", "baidu", "example"):
            for host, address in topology.SERVICE_BY_NAME[name].hosts.items():
                self.assertNotIn(host, everything)
                self.assertNotIn(address, everything)


if __name__ == "__main__":
    unittest.main()

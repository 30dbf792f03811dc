"""The verdict follows the policy: every kind of opening and outage, live in one lab."""

import tempfile
import unittest

import harness
import privacy

BLOCKED_ELSEWHERE = ("CN-GD", "CN-SC", "CN-HB", "CN-SN")
REGIONS = ("CN-BJ", "CN-SH") + BLOCKED_ELSEWHERE


class StoryTest(unittest.TestCase):
    """One lab for all tests; each begins with WhatsApp closed everywhere."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.lab = harness.start_lab(cls.folder.name)
        cls.addClassCleanup(cls.lab.down)

    def setUp(self):
        self.lab.close("whatsapp")

    def settled(self, change, holds):
        """See harness.settled."""
        return harness.settled(self.lab, change, holds)

    def open_places(self, *places):
        """A change that opens WhatsApp in these places."""
        return lambda: [self.lab.open("whatsapp", place) for place in places]

    def test_1_two_cities(self):
        """Local in exactly the two cities; the contrasts stay what they are."""
        # A city whose rounds were late is unknown in that window: the next one has both.
        summary = self.settled(
            self.open_places("CN-BJ", "CN-SH"),
            lambda s: harness.scope(s, "whatsapp") == "LOCAL"
            and all(harness.region_state(s, "whatsapp", region) != "UNKNOWN" for region in REGIONS))
        whatsapp = harness.verdict(summary, "whatsapp")
        self.assertEqual(whatsapp["open_regions"], ["CN-BJ", "CN-SH"])
        self.assertEqual(whatsapp["service_state"], "SERVICE_STATE_UP")
        for region in BLOCKED_ELSEWHERE:
            self.assertEqual(harness.region_state(summary, "whatsapp", region), "BLOCKED")
        for target in ("signal", "instagram"):
            self.assertEqual(harness.scope(summary, target), "NOWHERE")
        for target in ("wechat", "weibo"):
            self.assertEqual(harness.scope(summary, target), "WIDESPREAD")
        self.assertTrue(whatsapp["reasons"])

    def test_2_causes_by_layer(self):
        """Forged DNS is read as dns, a reset on the name as tls."""
        summary = self.settled(lambda: None, lambda s: harness.scope(s, "whatsapp") == "NOWHERE")
        beijing = harness.verdict(summary, "whatsapp")["regions"][0]["access"]
        self.assertEqual(beijing["blocked_layer"], "dns")
        signal = harness.verdict(summary, "signal")["regions"][0]["access"]
        self.assertEqual((signal["blocked_layer"], signal["blocked_failure"]),
                         ("tls", "connection_reset"))

    def test_3_everywhere(self):
        """Open everywhere."""
        self.settled(self.open_places("all"),
                     lambda s: harness.scope(s, "whatsapp") == "WIDESPREAD")

    def test_4_one_network(self):
        """Open on one network in every city."""
        summary = self.settled(self.open_places("all/4134"),
                               lambda s: harness.scope(s, "whatsapp") == "BY_NETWORK")
        self.assertEqual(harness.verdict(summary, "whatsapp")["open_networks"], [4134])

    def test_5_closed_again(self):
        """Open everywhere, then closed."""
        self.settled(self.open_places("all"),
                     lambda s: harness.scope(s, "whatsapp") == "WIDESPREAD")
        summary = self.settled(lambda: self.lab.close("whatsapp"),
                               lambda s: harness.scope(s, "whatsapp") == "NOWHERE")
        self.assertEqual(harness.verdict(summary, "whatsapp")["open_regions"], [])

    def test_6_service_down(self):
        """WhatsApp's servers stop: the service is down, nobody blocks it."""
        def stop():
            self.lab.open("whatsapp")
            self.lab.stop_service("whatsapp")

        self.addCleanup(self.lab.start_service, "whatsapp")
        summary = self.settled(
            stop, lambda s: harness.verdict(s, "whatsapp")["service_state"] == "SERVICE_STATE_DOWN")
        self.assertEqual(harness.scope(summary, "whatsapp"), "UNDETERMINED")
        states = {harness.region_state(summary, "whatsapp", region) for region in REGIONS}
        self.assertEqual(states, {"DOWN"})
        self.assertEqual(harness.scope(summary, "weibo"), "WIDESPREAD")

    def test_7_city_cut_off(self):
        """A city's uplink is cut: unknown there, not blocked; the rest stays known."""
        self.addCleanup(self.lab.restore, "CN-GD")
        summary = self.settled(
            lambda: self.lab.cut("CN-GD"),
            lambda s: harness.region_state(s, "weibo", "CN-GD") == "UNKNOWN"
            and harness.scope(s, "whatsapp") == "NOWHERE")
        for target in ("whatsapp", "signal", "instagram", "weibo"):
            self.assertEqual(harness.region_state(summary, target, "CN-GD"), "UNKNOWN")
        self.assertEqual(harness.region_state(summary, "whatsapp", "CN-BJ"), "BLOCKED")
        self.assertEqual(harness.region_state(summary, "weibo", "CN-BJ"), "OPEN")

    def test_8_no_volunteer_has_an_address(self):
        """Store, logs, metrics, answers, exports and agents' folders name no volunteer's line."""
        search = privacy.search(self.lab)
        self.assertGreater(search.bytes, 1_000_000, search.places)
        self.assertEqual(search.found, [], "\n".join(search.found[:10]))
        # The same search finds what is there to be found.
        for place in ("30.11.1.2:41234", "1e0b0102", "a\x04\x1e\x0b\x01\x02b", "504037634"):
            planted = privacy.Search()
            planted.look("planted", place.encode("latin-1"))
            self.assertEqual(len(planted.found), 1, place)

    def test_9_ends_cleanly(self):
        """Everything stops on SIGTERM, without leaks or reports."""
        harness.end_cleanly(self, self.lab)


if __name__ == "__main__":
    harness.main()

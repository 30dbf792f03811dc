"""Agents of one release with collectors of another: enrolment, batches, a newer plan, a new key,
leaving. Readers of both releases read."""

from release_case import NEW, OLD, Agent, UpgradeCase, wait_for

SUMMARY_TIMEOUT_S = 30


class WireTest(UpgradeCase):
    """Every message between the two, in both directions."""

    def pass_through(self, agent_folder, collector_folder):
        """The life of an agent with a collector."""
        world = self.world
        world.bin = collector_folder
        collector = world.add_collector(self.sqlite())
        collector.start()
        self.publish(1, collector)
        agent = Agent(world, agent_folder, "real")
        agent.enroll(collector)
        agent.start()
        agent.wait_acked()

        self.publish(2, collector)
        agent.wait(lambda status: status["plan_version"] == 2, "the newer plan is in force")
        agent.wait_acked()
        self.check_readers(collector)

        agent.stop_empty()
        agent.command("rotate-key")
        agent.start()
        status = agent.wait_acked()
        self.assertEqual((status["key_generation"], status["last_refusal"]), (1, ""))
        agent.stop()
        status = agent.status()
        agent.command("forget", "--accept")
        self.assertFalse((agent.state / "agent.key").exists())

        world.bin = collector_folder
        chains = {each["agent_id"]: each for each in world.audit()["agent_chains"]}
        self.assertEqual(list(chains), [status["agent_id"]])
        chain = chains[status["agent_id"]]
        self.assertGreaterEqual(int(chain["last_seq"]), status["acked_seq"])
        self.assertEqual(chain["records"], chain["last_seq"])
        collector.stop()
        world.check_logs()

    def check_readers(self, collector):
        """Both releases' command lines understand the collector, and understand the same."""
        wait_for(lambda: self.world.summary(collector), SUMMARY_TIMEOUT_S, "a summary")
        for command in (("summary",), ("events",), ("timeline", "whatsapp", "--step", "24h")):
            for folder in (OLD, NEW):
                answer = self.read(folder, collector, *command)
                self.assertTrue(answer, command)

        def agree():
            # A window may come to its end between the two.
            old, new = (self.read(folder, collector, "summary") for folder in (OLD, NEW))
            return self.lacks(old, new) == []
        wait_for(agree, SUMMARY_TIMEOUT_S, "both releases read the same")

    def lacks(self, old, new, where="summary"):
        """Names of what the old reader saw and the new one did not, or saw differently."""
        if isinstance(old, dict) and isinstance(new, dict):
            return [each for name, value in old.items()
                    for each in self.lacks(value, new.get(name), f"{where}.{name}")]
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            return [each for place, value in enumerate(old)
                    for each in self.lacks(value, new[place], f"{where}[{place}]")]
        return [] if old == new else [where]

    def test_agent_of_last_release(self):
        """Volunteers do not update on the day on which an operator does."""
        self.pass_through(OLD, NEW)

    def test_collector_of_last_release(self):
        """Nor do operators on the day on which a volunteer does."""
        self.pass_through(NEW, OLD)

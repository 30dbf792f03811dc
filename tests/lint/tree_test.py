"""The rules of the tree, each with a text that breaks it and one that does not."""

import unittest

import tree_rules


class TreeTest(unittest.TestCase):
    def test_only_known_folders_and_root_files(self):
        self.assertEqual(tree_rules.check_path("agent/run.cc"), [])
        self.assertEqual(tree_rules.check_path("README.md"), [])
        self.assertEqual(tree_rules.check_path(".gitignore"), [])
        self.assertIn("src/", tree_rules.check_path("src/a.cc")[0])
        self.assertIn("notes.txt", tree_rules.check_path("notes.txt")[0])

    def test_long_files_are_named(self):
        self.assertEqual(tree_rules.check_text("a.cc", "x\n" * 400), [])
        self.assertIn("401 lines", tree_rules.check_text("a.cc", "x\n" * 401)[0])
        self.assertEqual(tree_rules.check_text("LICENSE", "x\n" * 401), [])

    def test_unfinished_work_is_named_with_its_line(self):
        self.assertIn("a.cc:2:", tree_rules.check_text("a.cc", "x\n// TO" "DO: later\n")[0])
        self.assertEqual(len(tree_rules.check_text("a.cc", "TEST(A, DIS" "ABLED_B)\n")), 1)
        self.assertEqual(tree_rules.check_text("a.cc", "// mastodon, hacks\n"), [])

    def test_agent_and_collector_are_strangers(self):
        include = '#include "collector/store/store.h"\n'
        self.assertIn("agent/a.cc:1:", tree_rules.check_text("agent/a.cc", include)[0])
        self.assertEqual(tree_rules.check_text("collector/a.cc", include), [])
        self.assertEqual(tree_rules.check_text("tests/agent/a.cc", include), [])
        self.assertEqual(len(tree_rules.check_text("collector/a.h", '#include "agent/a.h"\n')), 1)

    def test_grpc_stays_in_files_that_say_so(self):
        for include in ("#include <grpcpp/grpcpp.h>\n", '#include "sightline/v1/admin.grpc.pb.h"\n'):
            self.assertEqual(len(tree_rules.check_text("agent/uplink.cc", include)), 1)
            for path in ("agent/uplink_grpc.cc", "tests/agent/uplink_grpc_test.cc", "agent/main.cc"):
                self.assertEqual(tree_rules.check_text(path, include), [])


if __name__ == "__main__":
    unittest.main()

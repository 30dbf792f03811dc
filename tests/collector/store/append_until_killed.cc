// append_until_killed URL NODE AGENTS: appends groups of one batch per agent, for ever, and prints
// the batch_seq of each group that was stored. The fault tests kill it.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/store.h"
#include "tests/collector/store/chain.h"

namespace sightline {
namespace {

int Fail(const absl::Status& status) {
  fprintf(stderr, "append_until_killed: %s\n", status.ToString().c_str());
  return 1;
}

int Main(const std::string& url, const std::string& node, int agents) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(url);
  if (!store.ok()) return Fail(store.status());
  const absl::StatusOr<AgentRecord> first = (*store)->FindAgent(TestAgent(0).id());
  if (!first.ok()) return Fail(first.status());
  for (uint64_t seq = first->last_seq + 1;; ++seq) {
    std::vector<LogRecord> records;
    for (int i = 0; i < agents; ++i) records.push_back(TestAgent(i).Record(seq));
    const absl::StatusOr<AppendResult> outcomes = (*store)->Append(node, records);
    if (!outcomes.ok()) return Fail(outcomes.status());
    for (const AppendOutcome outcome : outcomes->outcomes) {
      if (outcome != AppendOutcome::kAppended) return Fail(absl::AbortedError("conflict"));
    }
    const std::string line = absl::StrCat(seq, "\n");
    if (write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;
  }
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: append_until_killed URL NODE AGENTS\n");
    return 2;
  }
  return sightline::Main(argv[1], argv[2], atoi(argv[3]));
}

// A small country whose agents sign and chain everything as real ones do, judged by a real fold.
#ifndef SIGHTLINE_TESTS_COLLECTOR_EXPORT_SIGNED_WORLD_H_
#define SIGHTLINE_TESTS_COLLECTOR_EXPORT_SIGNED_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "collector/store/store.h"
#include "common/crypto.h"
#include "tests/collector/test_agent.h"

namespace sightline {

struct SignedWorldOptions {
  int agents_each = 8;  // in each of CN-BJ and CN-SH
  int windows = 14;     // one hour each, one round of everybody in each
  // From this window on whatsapp is open in CN-BJ.
  int opening = 6;
};

class SignedWorld {
 public:
  explicit SignedWorld(SignedWorldOptions options = {});

  // Publishes the plan, enrols everybody and appends all rounds, in turn to the logs of n1 and n2.
  void Append(Store& store);
  // Folds and judges all of it, and writes verdicts, events and a checkpoint.
  void Judge(Store& store) const;
  // Both.
  void Fill(Store& store) {
    Append(store);
    Judge(store);
  }

  const SigningKey& operator_key() const { return operator_key_; }
  const std::vector<std::unique_ptr<TestAgent>>& agents() const { return agents_; }
  absl::Time end() const { return kTestNow + absl::Hours(options_.windows + 1); }

 private:
  AgentRecord Registry(size_t agent) const;
  LogRecord Round(size_t agent, int window);
  bool IsControl(size_t agent) const { return agent >= 2 * Each(); }
  size_t Each() const { return static_cast<size_t>(options_.agents_each); }

  const SignedWorldOptions options_;
  const SigningKey operator_key_ = SigningKey::Generate();
  std::vector<std::unique_ptr<TestAgent>> agents_;  // CN-BJ, CN-SH, then three controls
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_EXPORT_SIGNED_WORLD_H_

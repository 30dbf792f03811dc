// A service that says to those who watch what a test wants, and messages to say.
#ifndef SIGHTLINE_TESTS_COLLECTOR_CLI_SCRIPTED_SUMMARIES_GRPC_H_
#define SIGHTLINE_TESTS_COLLECTOR_CLI_SCRIPTED_SUMMARIES_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/collector/cli/test_summary.h"

namespace sightline::cli {

inline v1::WatchSummariesResponse ChangeMessage(int seq) {
  v1::WatchSummariesResponse message;
  message.set_resume_token(absl::StrCat("token", seq));
  v1::Change& change = *message.mutable_change();
  change.set_change_seq(seq);
  change.set_country("CN");
  change.set_target_id("whatsapp");
  *change.mutable_window_start_time() = ToProto(kWindowStart);
  change.add_kinds(v1::CHANGE_KIND_OPENED);
  change.add_kinds(v1::CHANGE_KIND_EVENT);
  change.set_scope(v1::SCOPE_LOCAL);
  change.set_previous_scope(v1::SCOPE_NOWHERE);
  change.add_open_regions("CN-BJ");
  change.set_text(absl::StrCat("Change ", seq, " is told."));
  return message;
}

inline v1::WatchSummariesResponse SummaryMessage() {
  v1::WatchSummariesResponse message;
  message.set_resume_token("token0");
  *message.mutable_summary() = TwoCities();
  return message;
}

inline v1::WatchSummariesResponse HeartbeatMessage(const std::string& token) {
  v1::WatchSummariesResponse message;
  message.set_resume_token(token);
  *message.mutable_heartbeat()->mutable_window_start_time() = ToProto(kWindowStart);
  return message;
}

// Answers the n-th call as the n-th script says, later ones as the last. Keeps the requests.
class ScriptedSummaries final : public v1::Summaries::Service {
 public:
  struct Script {
    std::vector<v1::WatchSummariesResponse> messages;
    // After these. OK: stays open until the reader leaves.
    grpc::Status end = grpc::Status::OK;
    // Called once they are sent.
    std::function<void()> sent = [] {};
  };

  grpc::Status WatchSummaries(grpc::ServerContext* context,
                              const v1::WatchSummariesRequest* request,
                              grpc::ServerWriter<v1::WatchSummariesResponse>* writer) override {
    Script script;
    {
      const std::lock_guard lock(mutex_);
      script = scripts_[std::min(requests_.size(), scripts_.size() - 1)];
      requests_.push_back(*request);
    }
    for (const v1::WatchSummariesResponse& message : script.messages) writer->Write(message);
    script.sent();
    if (!script.end.ok()) return script.end;
    // The synchronous API has no other way to wait for a reader who leaves.
    std::unique_lock lock(mutex_);
    while (!context->IsCancelled()) left_.wait_for(lock, std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  }

  void Add(Script script) {
    const std::lock_guard lock(mutex_);
    scripts_.push_back(std::move(script));
  }

  std::vector<std::string> Tokens() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> tokens;
    for (const v1::WatchSummariesRequest& request : requests_) {
      tokens.push_back(request.resume_token());
    }
    return tokens;
  }

  v1::WatchSummariesRequest FirstRequest() {
    const std::lock_guard lock(mutex_);
    return requests_.at(0);
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::vector<Script> scripts_;
  std::vector<v1::WatchSummariesRequest> requests_;
};

}  // namespace sightline::cli

#endif  // SIGHTLINE_TESTS_COLLECTOR_CLI_SCRIPTED_SUMMARIES_GRPC_H_

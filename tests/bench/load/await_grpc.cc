#include "tests/bench/load/await_grpc.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/lifetime_grpc.h"
#include "sightline/v1/ingest.grpc.pb.h"
#include "sightline/v1/summaries.grpc.pb.h"
#include "tests/bench/load/channel_grpc.h"

namespace sightline::load {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(2);
constexpr std::chrono::milliseconds kBetween(5);

// grpc.health.v1.Health/Check, whose generated code is not packaged: field 1 of the request is the
// service's name, field 1 of the response the status, of which 1 is SERVING.
grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                         const std::string& service) {
  std::string request = "\x0a";
  request.push_back(static_cast<char>(service.size()));
  request += service;
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTimeout));
  std::promise<grpc::Status> done;
  grpc::GenericStub(channel).UnaryCall(
      &context, "/grpc.health.v1.Health/Check", {}, &sent, &received,
      [&done](const grpc::Status& status) { done.set_value(status); });
  grpc::Status status = done.get_future().get();
  if (!status.ok()) return status;
  grpc::Slice answer;
  if (!received.DumpToSingleSlice(&answer).ok() ||
      absl::string_view(reinterpret_cast<const char*>(answer.begin()), answer.size()) !=
          "\x08\x01") {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, service + " is not serving");
  }
  return status;
}

grpc::Status CheckSummary(const std::shared_ptr<grpc::Channel>& channel,
                          const std::string& country) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTimeout));
  v1::GetSummaryRequest request;
  request.set_country(country);
  v1::GetSummaryResponse response;
  return v1::Summaries::NewStub(channel)->GetSummary(&context, request, &response);
}

// Asks until the answer is OK.
template <typename Ask>
absl::StatusOr<absl::Time> Until(absl::Time deadline, const Dialler& dialler, const Ask& ask) {
  for (;;) {
    // A new channel each time: an old one would wait before it connects again.
    const grpc::Status status = ask(dialler.Dial("127.0.0.1"));
    const absl::Time now = absl::Now();
    if (status.ok()) return now;
    if (now > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("the collector does not serve: ", status.error_message()));
    }
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace

absl::Status Await(const AwaitOptions& options) {
  const absl::Time now = absl::Now();
  const absl::Time since =
      options.since_s > 0 ? absl::UnixEpoch() + absl::Seconds(options.since_s) : now;
  const absl::Time deadline = now + absl::Seconds(options.timeout_s);
  const GrpcLifetime grpc;
  const auto dialler = MakeDialler(options.folder, options.collector);
  if (!dialler.ok()) return dialler.status();
  const auto serving = Until(deadline, *dialler, [](const std::shared_ptr<grpc::Channel>& channel) {
    const grpc::Status ingest = CheckHealth(channel, v1::Ingest::service_full_name());
    return ingest.ok() ? CheckHealth(channel, v1::Summaries::service_full_name()) : ingest;
  });
  if (!serving.ok()) return serving.status();
  const auto summary =
      Until(deadline, *dialler, [&options](const std::shared_ptr<grpc::Channel>& channel) {
        return CheckSummary(channel, options.country);
      });
  if (!summary.ok()) return summary.status();
  absl::PrintF("{\"serving_s\": %.3f, \"summary_s\": %.3f}\n",
               absl::ToDoubleSeconds(*serving - since), absl::ToDoubleSeconds(*summary - since));
  return absl::OkStatus();
}

}  // namespace sightline::load

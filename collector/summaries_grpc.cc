#include "collector/summaries_grpc.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/directory.h"
#include "collector/notes.h"
#include "collector/past.h"
#include "collector/status_grpc.h"
#include "collector/timeline_query.h"
#include "collector/watch_grpc.h"

namespace sightline {
namespace {

// Gives an answer that is bytes already, and finishes.
grpc::ServerUnaryReactor* FinishBytes(grpc::ServerUnaryReactor* reactor,
                                      const absl::StatusOr<grpc::Slice>& bytes,
                                      grpc::ByteBuffer* response) {
  if (bytes.ok()) *response = grpc::ByteBuffer(&*bytes, 1);
  reactor->Finish(ToGrpc(bytes.status()));
  return reactor;
}

// A message of a caller's bytes, without the fields that nobody knows.
template <typename Message>
absl::StatusOr<Message> Parse(const grpc::ByteBuffer& buffer) {
  grpc::Slice bytes;
  if (!buffer.TrySingleSlice(&bytes).ok() && !buffer.DumpToSingleSlice(&bytes).ok()) {
    return absl::InternalError("the request cannot be read");
  }
  Message message;
  if (!message.ParseFromArray(bytes.begin(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("the request is no ", Message::descriptor()->full_name()));
  }
  message.DiscardUnknownFields();
  return message;
}

absl::Status NoPlan() { return absl::UnavailableError("the operator has published no plan yet"); }

}  // namespace

template <typename Response, typename Answer>
grpc::ServerUnaryReactor* SummariesService::FromStore(grpc::CallbackServerContext* context,
                                                      Response* response, Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool posted = parts_.readers.TryPost([this, response, reactor, answer = std::move(answer)] {
    const auto plan = parts_.session_context.plans.Current();
    absl::StatusOr<Response> result = NoPlan();
    if (plan != nullptr) result = answer(parts_.session_context.store, plan->plan);
    FinishWith(reactor, std::move(result), response);
  });
  if (!posted) reactor->Finish(TooBusy());
  return reactor;
}

template <typename Answer>
grpc::ServerUnaryReactor* SummariesService::BytesFromStore(grpc::CallbackServerContext* context,
                                                           grpc::ByteBuffer* response,
                                                           Answer answer) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool posted = parts_.readers.TryPost([this, response, reactor, answer = std::move(answer)] {
    const auto plan = parts_.session_context.plans.Current();
    if (plan == nullptr) {
      FinishBytes(reactor, NoPlan(), response);
      return;
    }
    const auto made = answer(parts_.session_context.store, plan->plan);
    if (made.ok()) {
      FinishBytes(reactor, grpc::Slice(made->SerializeAsString()), response);
    } else {
      FinishBytes(reactor, made.status(), response);
    }
  });
  if (!posted) reactor->Finish(TooBusy());
  return reactor;
}

grpc::ServerUnaryReactor* SummariesService::ListTargets(grpc::CallbackServerContext* context,
                                                        const v1::ListTargetsRequest* request,
                                                        v1::ListTargetsResponse* response) {
  const auto plan = parts_.session_context.plans.Current();
  return FinishWith<v1::ListTargetsResponse>(
      context->DefaultReactor(),
      plan == nullptr ? NoPlan() : sightline::ListTargets(plan->plan, *request), response);
}

grpc::ServerUnaryReactor* SummariesService::ListRegions(grpc::CallbackServerContext* context,
                                                        const v1::ListRegionsRequest* request,
                                                        v1::ListRegionsResponse* response) {
  const auto plan = parts_.session_context.plans.Current();
  return FinishWith<v1::ListRegionsResponse>(
      context->DefaultReactor(),
      plan == nullptr
          ? NoPlan()
          : sightline::ListRegions(plan->plan, parts_.regions, parts_.translations, *request),
      response);
}

grpc::ServerUnaryReactor* SummariesService::GetSummary(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  absl::StatusOr<v1::GetSummaryRequest> asked = Parse<v1::GetSummaryRequest>(*request);
  if (asked.ok() && asked->has_time()) {
    return BytesFromStore(context, response,
                          [asked = *std::move(asked)](Store& store, const v1::Plan& plan) {
                            return SummaryAt(store, plan, asked);
                          });
  }
  return FinishBytes(context->DefaultReactor(),
                     asked.ok() ? SummaryInMemory(*asked) : asked.status(), response);
}

absl::StatusOr<grpc::Slice> SummariesService::SummaryInMemory(
    const v1::GetSummaryRequest& request) {
  const Board::Summary summary = parts_.board.Get(request.country());
  if (!summary.ok()) return summary.status();
  const std::string key = request.SerializeAsString();
  if (std::optional<grpc::Slice> found = summaries_.Find(key, *summary)) return *found;
  const absl::StatusOr<v1::GetSummaryResponse> made = SelectTargets(**summary, request);
  if (!made.ok()) return made.status();
  grpc::Slice slice(made->SerializeAsString());
  summaries_.Put(key, *summary, slice);
  return slice;
}

grpc::ServerUnaryReactor* SummariesService::GetTimeline(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  absl::StatusOr<v1::GetTimelineRequest> asked = Parse<v1::GetTimelineRequest>(*request);
  const absl::StatusOr<TimelineAnswer> answer =
      asked.ok() ? AnswerTimeline(*asked) : asked.status();
  if (answer.ok() && !answer->in_memory) {
    return BytesFromStore(
        context, response,
        [asked = *std::move(asked), answer = *answer](Store& store, const v1::Plan& /*plan*/) {
          return StoredTimeline(store, asked, answer.range, answer.window_length);
        });
  }
  return FinishBytes(context->DefaultReactor(),
                     answer.ok() ? TimelineInMemory(*asked) : answer.status(), response);
}

absl::StatusOr<grpc::Slice> SummariesService::TimelineInMemory(
    const v1::GetTimelineRequest& request) {
  // The version before it is made: of what changes meanwhile it may have some.
  const std::string key =
      absl::StrCat(parts_.chronicle.Version(request.country()), " ", request.SerializeAsString());
  if (std::optional<grpc::Slice> found = timelines_.Find(key, nullptr)) return *found;
  const absl::StatusOr<v1::GetTimelineResponse> made = parts_.chronicle.Timeline(request);
  if (!made.ok()) return made.status();
  grpc::Slice slice(made->SerializeAsString());
  timelines_.Put(key, nullptr, slice);
  return slice;
}

absl::StatusOr<SummariesService::TimelineAnswer> SummariesService::AnswerTimeline(
    const v1::GetTimelineRequest& request) const {
  const auto plan = parts_.session_context.plans.Current();
  if (plan == nullptr) return NoPlan();
  absl::Status checked = CheckTimelinePlaces(plan->plan, request);
  if (!checked.ok()) return checked;
  const absl::StatusOr<TimelineRange> range = parts_.chronicle.RangeOf(request);
  if (!range.ok()) return range.status();
  checked = CheckTimelineSize(plan->plan, request, *range, kTimelineValuesMax);
  if (!checked.ok()) return checked;
  const absl::StatusOr<Chronicle::Reach> reach = parts_.chronicle.ReachOf(request.country());
  if (!reach.ok()) return reach.status();
  return TimelineAnswer{*range, reach->window_length,
                        reach->has_all || range->start >= reach->kept_from};
}

grpc::ServerUnaryReactor* SummariesService::ListEvents(grpc::CallbackServerContext* context,
                                                       const v1::ListEventsRequest* request,
                                                       v1::ListEventsResponse* response) {
  return FromStore(context, response, [request](Store& store, const v1::Plan& plan) {
    return sightline::ListEvents(store, plan, *request);
  });
}

grpc::ServerUnaryReactor* SummariesService::ListAnnotations(
    grpc::CallbackServerContext* context, const v1::ListAnnotationsRequest* request,
    v1::ListAnnotationsResponse* response) {
  return FromStore(context, response, [request](Store& store, const v1::Plan& plan) {
    return sightline::ListAnnotations(store, plan, *request);
  });
}

grpc::ServerWriteReactor<v1::WatchSummariesResponse>* SummariesService::WatchSummaries(
    grpc::CallbackServerContext* context, const v1::WatchSummariesRequest* request) {
  return StartWatch(context, parts_, *request);
}

}  // namespace sightline

#include "collector/summaries_grpc.h"

#include <memory>
#include <string>

#include "collector/directory.h"
#include "collector/notes.h"
#include "collector/past.h"
#include "collector/status_grpc.h"
#include "collector/timeline_query.h"
#include "collector/watch_grpc.h"

namespace sightline {
namespace {

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
                                                       const v1::GetSummaryRequest* request,
                                                       v1::GetSummaryResponse* response) {
  if (request->has_time()) {
    return FromStore(context, response, [request](Store& store, const v1::Plan& plan) {
      return SummaryAt(store, plan, *request);
    });
  }
  const Board::Summary summary = parts_.board.Get(request->country());
  return FinishWith<v1::GetSummaryResponse>(
      context->DefaultReactor(),
      summary.ok() ? SelectTargets(**summary, *request) : summary.status(), response);
}

grpc::ServerUnaryReactor* SummariesService::GetTimeline(grpc::CallbackServerContext* context,
                                                        const v1::GetTimelineRequest* request,
                                                        v1::GetTimelineResponse* response) {
  const absl::StatusOr<TimelineAnswer> answer = AnswerTimeline(*request);
  if (!answer.ok()) {
    return FinishWith<v1::GetTimelineResponse>(context->DefaultReactor(), answer.status(),
                                               response);
  }
  if (answer->in_memory) {
    return FinishWith(context->DefaultReactor(), parts_.chronicle.Timeline(*request), response);
  }
  return FromStore(context, response,
                   [request, answer = *answer](Store& store, const v1::Plan& /*plan*/) {
                     return StoredTimeline(store, *request, answer.range, answer.window_length);
                   });
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

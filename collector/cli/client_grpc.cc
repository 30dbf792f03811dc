#include <grpcpp/grpcpp.h>

#include <utility>

#include "collector/cli/client.h"
#include "collector/cli/client_link_grpc.h"
#include "sightline/v1/summaries.grpc.pb.h"

namespace sightline::cli {
namespace {

// One call to the readers' side.
template <typename Request, typename Response>
absl::StatusOr<Response> CallReaders(
    const Collector& collector,
    grpc::Status (v1::Summaries::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
    const Request& request) {
  const absl::StatusOr<Link> link = Connect(collector);
  if (!link.ok()) return link.status();
  const auto stub = v1::Summaries::NewStub(link->channel);
  Response response;
  const grpc::Status status = Call(*stub, method, request, &response);
  if (!status.ok()) return ToStatus(*link, status);
  return response;
}

}  // namespace

absl::StatusOr<v1::GetSummaryResponse> GetSummary(const Collector& collector,
                                                  const v1::GetSummaryRequest& request) {
  return CallReaders(collector, &v1::Summaries::Stub::GetSummary, request);
}

absl::StatusOr<v1::GetTimelineResponse> GetTimeline(const Collector& collector,
                                                    const v1::GetTimelineRequest& request) {
  return CallReaders(collector, &v1::Summaries::Stub::GetTimeline, request);
}

absl::StatusOr<v1::ListEventsResponse> ListEvents(const Collector& collector,
                                                  v1::ListEventsRequest request) {
  const absl::StatusOr<Link> link = Connect(collector);
  if (!link.ok()) return link.status();
  const auto stub = v1::Summaries::NewStub(link->channel);
  return AllPages<v1::ListEventsResponse>(
      *link, *stub, &v1::Summaries::Stub::ListEvents, std::move(request),
      [](v1::ListEventsResponse& page, v1::ListEventsResponse& all) {
        all.mutable_events()->MergeFrom(page.events());
        return all.events_size();
      });
}

absl::StatusOr<v1::ListAnnotationsResponse> ListAnnotations(const Collector& collector,
                                                            v1::ListAnnotationsRequest request) {
  const absl::StatusOr<Link> link = Connect(collector);
  if (!link.ok()) return link.status();
  const auto stub = v1::Summaries::NewStub(link->channel);
  return AllPages<v1::ListAnnotationsResponse>(
      *link, *stub, &v1::Summaries::Stub::ListAnnotations, std::move(request),
      [](v1::ListAnnotationsResponse& page, v1::ListAnnotationsResponse& all) {
        all.mutable_annotations()->MergeFrom(page.annotations());
        return all.annotations_size();
      });
}

}  // namespace sightline::cli

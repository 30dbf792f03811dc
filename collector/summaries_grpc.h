// The Summaries service: adapters between gRPC and what answers readers. Decides nothing.
#ifndef SIGHTLINE_COLLECTOR_SUMMARIES_GRPC_H_
#define SIGHTLINE_COLLECTOR_SUMMARIES_GRPC_H_

#include <utility>

#include "collector/server_grpc.h"
#include "collector/slice_cache_grpc.h"
#include "collector/timeline_query.h"
#include "sightline/v1/summaries.grpc.pb.h"

namespace sightline {

// GetSummary and GetTimeline are answered in bytes: most ask for the same.
class SummariesService final
    : public v1::Summaries::WithRawCallbackMethod_GetSummary<
          v1::Summaries::WithRawCallbackMethod_GetTimeline<v1::Summaries::CallbackService>> {
 public:
  explicit SummariesService(ServerParts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* ListTargets(grpc::CallbackServerContext* context,
                                        const v1::ListTargetsRequest* request,
                                        v1::ListTargetsResponse* response) override;
  grpc::ServerUnaryReactor* ListRegions(grpc::CallbackServerContext* context,
                                        const v1::ListRegionsRequest* request,
                                        v1::ListRegionsResponse* response) override;
  grpc::ServerUnaryReactor* GetSummary(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetTimeline(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context,
                                       const v1::ListEventsRequest* request,
                                       v1::ListEventsResponse* response) override;
  grpc::ServerUnaryReactor* ListAnnotations(grpc::CallbackServerContext* context,
                                            const v1::ListAnnotationsRequest* request,
                                            v1::ListAnnotationsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchSummariesResponse>* WatchSummaries(
      grpc::CallbackServerContext* context, const v1::WatchSummariesRequest* request) override;

 private:
  // How a timeline is to be answered.
  struct TimelineAnswer {
    TimelineRange range;
    absl::Duration window_length;
    bool in_memory = false;  // else it takes the store
  };
  absl::StatusOr<TimelineAnswer> AnswerTimeline(const v1::GetTimelineRequest& request) const;
  absl::StatusOr<grpc::Slice> SummaryInMemory(const v1::GetSummaryRequest& request);
  absl::StatusOr<grpc::Slice> TimelineInMemory(const v1::GetTimelineRequest& request);
  // Answers on a thread that may wait; `answer(store, plan)` returns a StatusOr<Response>.
  template <typename Response, typename Answer>
  grpc::ServerUnaryReactor* FromStore(grpc::CallbackServerContext* context, Response* response,
                                      Answer answer);
  // The same in bytes; `answer(store, plan)` returns a StatusOr of any message.
  template <typename Answer>
  grpc::ServerUnaryReactor* BytesFromStore(grpc::CallbackServerContext* context,
                                           grpc::ByteBuffer* response, Answer answer);

  static constexpr size_t kSummaryBytesMax = size_t{8} << 20;
  static constexpr size_t kTimelineBytesMax = size_t{16} << 20;

  const ServerParts parts_;
  SliceCache summaries_{kSummaryBytesMax};
  SliceCache timelines_{kTimelineBytesMax};
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SUMMARIES_GRPC_H_

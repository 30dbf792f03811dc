// Calls to a collector. Every call but WatchSummaries connects, asks, and is over within 20 s.
// Errors say what was wrong, where, and what to do. Thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_CLIENT_H_
#define SIGHTLINE_COLLECTOR_CLI_CLIENT_H_

#include <stop_token>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sightline/v1/admin.pb.h"
#include "sightline/v1/annotation.pb.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/summary.pb.h"
#include "sightline/v1/timeline.pb.h"

namespace sightline::cli {

// The readers' side of a collector.
struct Collector {
  // "HOST:PORT".
  std::string address;
  // PEM certificates that its TLS chain must lead to; empty means the system's trust store.
  std::string roots_pem;
};

absl::StatusOr<v1::GetSummaryResponse> GetSummary(const Collector& collector,
                                                  const v1::GetSummaryRequest& request);

// Every page, as one response.
absl::StatusOr<v1::ListEventsResponse> ListEvents(const Collector& collector,
                                                  v1::ListEventsRequest request);

absl::StatusOr<v1::GetTimelineResponse> GetTimeline(const Collector& collector,
                                                    const v1::GetTimelineRequest& request);

// Every page, as one response.
absl::StatusOr<v1::ListAnnotationsResponse> ListAnnotations(const Collector& collector,
                                                            v1::ListAnnotationsRequest request);

// Connects once, and gives every message to `take` as it comes. OK when `take` returned false or
// `stop` was asked for. UNAVAILABLE too when the collector ends the stream, and when no message
// comes for `silence`.
absl::Status WatchSummaries(const Collector& collector, const v1::WatchSummariesRequest& request,
                            absl::Duration silence, const std::stop_token& stop,
                            absl::FunctionRef<bool(const v1::WatchSummariesResponse&)> take);

// Where the operator's side of a collector is, and what to show there.
struct AdminAddress {
  // Path of its Unix socket, or "HOST:PORT" of its listener for operators with a certificate.
  std::string address;
  // Of the latter: files with the operator's certificate and its key, and with the certificates
  // that the collector's must lead to (empty: the system's trust store).
  std::string cert_path;
  std::string key_path;
  std::string roots_path;
};

absl::StatusOr<v1::PublishPlanResponse> PublishPlan(const AdminAddress& admin,
                                                    const v1::SignedPlan& plan);
absl::StatusOr<v1::CreateInvitesResponse> CreateInvites(const AdminAddress& admin, int count,
                                                        v1::AgentRole role);
// Every page, as one response.
absl::StatusOr<v1::ListAgentsResponse> ListAgents(const AdminAddress& admin);
absl::StatusOr<v1::RevokeAgentResponse> RevokeAgent(const AdminAddress& admin,
                                                    const std::string& agent_id,
                                                    const std::string& reason);
// The newest `limit`, 1000 at most.
absl::StatusOr<v1::ListAuditEntriesResponse> ListAuditEntries(const AdminAddress& admin, int limit);

// Notes, at the same address.
absl::StatusOr<v1::CreateAnnotationResponse> CreateAnnotation(const AdminAddress& admin,
                                                              const v1::Annotation& annotation);
absl::StatusOr<v1::DeleteAnnotationResponse> DeleteAnnotation(const AdminAddress& admin,
                                                              const std::string& country,
                                                              const std::string& annotation_id);

// Webhooks, at the same address.
absl::StatusOr<v1::CreateWebhookResponse> CreateWebhook(const AdminAddress& admin,
                                                        const v1::Webhook& webhook);
// Every page, as one response.
absl::StatusOr<v1::ListWebhooksResponse> ListWebhooks(const AdminAddress& admin);
absl::StatusOr<v1::DeleteWebhookResponse> DeleteWebhook(const AdminAddress& admin,
                                                        const std::string& webhook_id);
// Takes as long as the receiver does: 15 s at most.
absl::StatusOr<v1::TestWebhookResponse> TestWebhook(const AdminAddress& admin,
                                                    const std::string& webhook_id);
// The newest `limit`, 1000 at most.
absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(const AdminAddress& admin,
                                                          const std::string& webhook_id, int limit);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include "collector/cli/client.h"
#include "collector/cli/client_link_grpc.h"
#include "sightline/v1/admin.grpc.pb.h"

namespace sightline::cli {
namespace {

// One call to the operator's side.
template <typename Request, typename Response>
absl::StatusOr<Response> CallAdmin(const AdminAddress& admin,
                                   grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           Response*),
                                   const Request& request) {
  const absl::StatusOr<Link> link = ConnectAdmin(admin);
  if (!link.ok()) return link.status();
  const auto stub = v1::Admin::NewStub(link->channel);
  Response response;
  const grpc::Status status = Call(*stub, method, request, &response);
  if (!status.ok()) return ToStatus(*link, status);
  return response;
}

}  // namespace

absl::StatusOr<v1::PublishPlanResponse> PublishPlan(const AdminAddress& admin,
                                                    const v1::SignedPlan& plan) {
  v1::PublishPlanRequest request;
  *request.mutable_plan() = plan;
  return CallAdmin(admin, &v1::Admin::Stub::PublishPlan, request);
}

absl::StatusOr<v1::CreateInvitesResponse> CreateInvites(const AdminAddress& admin, int count,
                                                        v1::AgentRole role) {
  v1::CreateInvitesRequest request;
  request.set_count(count);
  request.set_role(role);
  return CallAdmin(admin, &v1::Admin::Stub::CreateInvites, request);
}

absl::StatusOr<v1::ListAgentsResponse> ListAgents(const AdminAddress& admin) {
  const absl::StatusOr<Link> link = ConnectAdmin(admin);
  if (!link.ok()) return link.status();
  const auto stub = v1::Admin::NewStub(link->channel);
  return AllPages<v1::ListAgentsResponse>(
      *link, *stub, &v1::Admin::Stub::ListAgents, v1::ListAgentsRequest(),
      [](v1::ListAgentsResponse& page, v1::ListAgentsResponse& all) {
        all.mutable_agents()->MergeFrom(page.agents());
        return all.agents_size();
      });
}

absl::StatusOr<v1::RevokeAgentResponse> RevokeAgent(const AdminAddress& admin,
                                                    const std::string& agent_id,
                                                    const std::string& reason) {
  v1::RevokeAgentRequest request;
  request.set_agent_id(agent_id);
  request.set_reason(reason);
  return CallAdmin(admin, &v1::Admin::Stub::RevokeAgent, request);
}

absl::StatusOr<v1::ListAuditEntriesResponse> ListAuditEntries(const AdminAddress& admin,
                                                              int limit) {
  v1::ListAuditEntriesRequest request;
  request.set_page_size(limit);
  return CallAdmin(admin, &v1::Admin::Stub::ListAuditEntries, request);
}

absl::StatusOr<v1::CreateAnnotationResponse> CreateAnnotation(const AdminAddress& admin,
                                                              const v1::Annotation& annotation) {
  v1::CreateAnnotationRequest request;
  *request.mutable_annotation() = annotation;
  return CallAdmin(admin, &v1::Admin::Stub::CreateAnnotation, request);
}

absl::StatusOr<v1::DeleteAnnotationResponse> DeleteAnnotation(const AdminAddress& admin,
                                                              const std::string& country,
                                                              const std::string& annotation_id) {
  v1::DeleteAnnotationRequest request;
  request.set_country(country);
  request.set_annotation_id(annotation_id);
  return CallAdmin(admin, &v1::Admin::Stub::DeleteAnnotation, request);
}

absl::StatusOr<v1::CreateWebhookResponse> CreateWebhook(const AdminAddress& admin,
                                                        const v1::Webhook& webhook) {
  v1::CreateWebhookRequest request;
  *request.mutable_webhook() = webhook;
  return CallAdmin(admin, &v1::Admin::Stub::CreateWebhook, request);
}

absl::StatusOr<v1::ListWebhooksResponse> ListWebhooks(const AdminAddress& admin) {
  const absl::StatusOr<Link> link = ConnectAdmin(admin);
  if (!link.ok()) return link.status();
  const auto stub = v1::Admin::NewStub(link->channel);
  return AllPages<v1::ListWebhooksResponse>(
      *link, *stub, &v1::Admin::Stub::ListWebhooks, v1::ListWebhooksRequest(),
      [](v1::ListWebhooksResponse& page, v1::ListWebhooksResponse& all) {
        all.mutable_webhooks()->MergeFrom(page.webhooks());
        return all.webhooks_size();
      });
}

absl::StatusOr<v1::DeleteWebhookResponse> DeleteWebhook(const AdminAddress& admin,
                                                        const std::string& webhook_id) {
  v1::DeleteWebhookRequest request;
  request.set_webhook_id(webhook_id);
  return CallAdmin(admin, &v1::Admin::Stub::DeleteWebhook, request);
}

absl::StatusOr<v1::TestWebhookResponse> TestWebhook(const AdminAddress& admin,
                                                    const std::string& webhook_id) {
  v1::TestWebhookRequest request;
  request.set_webhook_id(webhook_id);
  return CallAdmin(admin, &v1::Admin::Stub::TestWebhook, request);
}

absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(const AdminAddress& admin,
                                                          const std::string& webhook_id,
                                                          int limit) {
  v1::ListDeliveriesRequest request;
  request.set_webhook_id(webhook_id);
  request.set_page_size(limit);
  return CallAdmin(admin, &v1::Admin::Stub::ListDeliveries, request);
}

}  // namespace sightline::cli

// The Admin service: adapters, which decide nothing.
#ifndef SIGHTLINE_COLLECTOR_ADMIN_GRPC_H_
#define SIGHTLINE_COLLECTOR_ADMIN_GRPC_H_

#include "collector/admin_log.h"
#include "collector/agent_desk.h"
#include "collector/webhook_grpc.h"

namespace sightline {

// Whoever reaches it is an operator: who may is the listener's to decide. One for each server.
class AdminService final : public WebhookService {
 public:
  AdminService(const ServerParts& parts, AgentDesk& agents, AdminLog& log)
      : WebhookService(parts, log), parts_(parts), agents_(agents), log_(log) {}

  grpc::ServerUnaryReactor* CreateInvites(grpc::CallbackServerContext* context,
                                          const v1::CreateInvitesRequest* request,
                                          v1::CreateInvitesResponse* response) override;
  grpc::ServerUnaryReactor* PublishPlan(grpc::CallbackServerContext* context,
                                        const v1::PublishPlanRequest* request,
                                        v1::PublishPlanResponse* response) override;
  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context,
                                       const v1::ListAgentsRequest* request,
                                       v1::ListAgentsResponse* response) override;
  grpc::ServerUnaryReactor* RevokeAgent(grpc::CallbackServerContext* context,
                                        const v1::RevokeAgentRequest* request,
                                        v1::RevokeAgentResponse* response) override;
  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext* context,
                                             const v1::ListAuditEntriesRequest* request,
                                             v1::ListAuditEntriesResponse* response) override;
  grpc::ServerUnaryReactor* CreateAnnotation(grpc::CallbackServerContext* context,
                                             const v1::CreateAnnotationRequest* request,
                                             v1::CreateAnnotationResponse* response) override;
  grpc::ServerUnaryReactor* DeleteAnnotation(grpc::CallbackServerContext* context,
                                             const v1::DeleteAnnotationRequest* request,
                                             v1::DeleteAnnotationResponse* response) override;

 private:
  absl::StatusOr<v1::PublishPlanResponse> Publish(const v1::PublishPlanRequest& request);
  absl::StatusOr<v1::CreateAnnotationResponse> Annotate(const v1::CreateAnnotationRequest& request);

  const ServerParts parts_;
  AgentDesk& agents_;
  AdminLog& log_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_ADMIN_GRPC_H_

#include "collector/admin_grpc.h"

#include "collector/directory.h"
#include "collector/log.h"
#include "collector/notes.h"

namespace sightline {

grpc::ServerUnaryReactor* AdminService::CreateInvites(grpc::CallbackServerContext* context,
                                                      const v1::CreateInvitesRequest* request,
                                                      v1::CreateInvitesResponse* response) {
  return calls_.Change(parts_.workers, context, "CreateInvites", request, response,
                       [this](const v1::CreateInvitesRequest& asked) {
                         return parts_.enrolment.CreateInvites(asked);
                       });
}

absl::StatusOr<v1::PublishPlanResponse> AdminService::Publish(
    const v1::PublishPlanRequest& request) {
  const absl::StatusOr<uint64_t> version = parts_.session_context.plans.Publish(request.plan());
  if (!version.ok()) {
    Log(LogLevel::kWarn, "admin", "plan_refused", {{"detail", version.status().message()}});
    return version.status();
  }
  Log(LogLevel::kInfo, "admin", "plan_published", {{"version", *version}});
  v1::PublishPlanResponse response;
  response.set_version(*version);
  return response;
}

grpc::ServerUnaryReactor* AdminService::PublishPlan(grpc::CallbackServerContext* context,
                                                    const v1::PublishPlanRequest* request,
                                                    v1::PublishPlanResponse* response) {
  return calls_.Change(parts_.workers, context, "PublishPlan", request, response,
                       [this](const v1::PublishPlanRequest& asked) { return Publish(asked); });
}

grpc::ServerUnaryReactor* AdminService::ListAgents(grpc::CallbackServerContext* context,
                                                   const v1::ListAgentsRequest* request,
                                                   v1::ListAgentsResponse* response) {
  return calls_.Read(parts_.workers, context, "ListAgents", request, response,
                     [this](const v1::ListAgentsRequest& asked) {
                       return sightline::ListAgents(parts_.session_context.store, asked);
                     });
}

grpc::ServerUnaryReactor* AdminService::RevokeAgent(grpc::CallbackServerContext* context,
                                                    const v1::RevokeAgentRequest* request,
                                                    v1::RevokeAgentResponse* response) {
  return calls_.Change(
      parts_.workers, context, "RevokeAgent", request, response,
      [this](const v1::RevokeAgentRequest& asked) { return agents_.Revoke(asked); });
}

grpc::ServerUnaryReactor* AdminService::ListAuditEntries(grpc::CallbackServerContext* context,
                                                         const v1::ListAuditEntriesRequest* request,
                                                         v1::ListAuditEntriesResponse* response) {
  return calls_.Read(parts_.workers, context, "ListAuditEntries", request, response,
                     [this](const v1::ListAuditEntriesRequest& asked) { return log_.List(asked); });
}

absl::StatusOr<v1::CreateAnnotationResponse> AdminService::Annotate(
    const v1::CreateAnnotationRequest& request) {
  const auto plan = parts_.session_context.plans.Current();
  if (plan == nullptr) {
    return absl::FailedPreconditionError("there is no plan yet; publish one first");
  }
  absl::StatusOr<v1::Annotation> note = sightline::CreateAnnotation(
      parts_.session_context.store, plan->plan, request, parts_.session_context.clock.Now());
  if (!note.ok()) return note.status();
  v1::CreateAnnotationResponse response;
  *response.mutable_annotation() = *std::move(note);
  return response;
}

grpc::ServerUnaryReactor* AdminService::CreateAnnotation(grpc::CallbackServerContext* context,
                                                         const v1::CreateAnnotationRequest* request,
                                                         v1::CreateAnnotationResponse* response) {
  return calls_.Change(
      parts_.workers, context, "CreateAnnotation", request, response,
      [this](const v1::CreateAnnotationRequest& asked) { return Annotate(asked); });
}

grpc::ServerUnaryReactor* AdminService::DeleteAnnotation(grpc::CallbackServerContext* context,
                                                         const v1::DeleteAnnotationRequest* request,
                                                         v1::DeleteAnnotationResponse* response) {
  return calls_.Change(parts_.workers, context, "DeleteAnnotation", request, response,
                       [this](const v1::DeleteAnnotationRequest& asked)
                           -> absl::StatusOr<v1::DeleteAnnotationResponse> {
                         const absl::Status status =
                             sightline::DeleteAnnotation(parts_.session_context.store, asked);
                         if (!status.ok()) return status;
                         return v1::DeleteAnnotationResponse();
                       });
}

}  // namespace sightline

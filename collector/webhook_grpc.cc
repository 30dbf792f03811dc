#include "collector/webhook_grpc.h"

#include "collector/status_grpc.h"

namespace sightline {
namespace {

// Answers on a thread that may wait.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* AnswerOn(Workers& workers, grpc::CallbackServerContext* context,
                                   WebhookDesk& desk,
                                   absl::StatusOr<Response> (WebhookDesk::*answer)(const Request&),
                                   const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool posted = workers.TryPost([&desk, answer, request, response, reactor] {
    FinishWith(reactor, (desk.*answer)(*request), response);
  });
  if (!posted) reactor->Finish(TooBusy());
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* WebhookService::CreateWebhook(grpc::CallbackServerContext* context,
                                                        const v1::CreateWebhookRequest* request,
                                                        v1::CreateWebhookResponse* response) {
  return AnswerOn(workers_, context, desk_, &WebhookDesk::Create, request, response);
}

grpc::ServerUnaryReactor* WebhookService::ListWebhooks(grpc::CallbackServerContext* context,
                                                       const v1::ListWebhooksRequest* request,
                                                       v1::ListWebhooksResponse* response) {
  return AnswerOn(workers_, context, desk_, &WebhookDesk::List, request, response);
}

grpc::ServerUnaryReactor* WebhookService::DeleteWebhook(grpc::CallbackServerContext* context,
                                                        const v1::DeleteWebhookRequest* request,
                                                        v1::DeleteWebhookResponse* response) {
  return AnswerOn(workers_, context, desk_, &WebhookDesk::Delete, request, response);
}

grpc::ServerUnaryReactor* WebhookService::TestWebhook(grpc::CallbackServerContext* context,
                                                      const v1::TestWebhookRequest* request,
                                                      v1::TestWebhookResponse* response) {
  // It waits for a stranger, so not where the store's callers wait.
  return AnswerOn(testers_, context, desk_, &WebhookDesk::Test, request, response);
}

grpc::ServerUnaryReactor* WebhookService::ListDeliveries(grpc::CallbackServerContext* context,
                                                         const v1::ListDeliveriesRequest* request,
                                                         v1::ListDeliveriesResponse* response) {
  return AnswerOn(workers_, context, desk_, &WebhookDesk::ListDeliveries, request, response);
}

}  // namespace sightline

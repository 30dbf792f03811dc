#include "collector/webhook_grpc.h"

namespace sightline {

grpc::ServerUnaryReactor* WebhookService::CreateWebhook(grpc::CallbackServerContext* context,
                                                        const v1::CreateWebhookRequest* request,
                                                        v1::CreateWebhookResponse* response) {
  return calls_.Change(
      workers_, context, "CreateWebhook", request, response,
      [this](const v1::CreateWebhookRequest& asked) { return desk_.Create(asked); });
}

grpc::ServerUnaryReactor* WebhookService::ListWebhooks(grpc::CallbackServerContext* context,
                                                       const v1::ListWebhooksRequest* request,
                                                       v1::ListWebhooksResponse* response) {
  return calls_.Read(workers_, context, "ListWebhooks", request, response,
                     [this](const v1::ListWebhooksRequest& asked) { return desk_.List(asked); });
}

grpc::ServerUnaryReactor* WebhookService::DeleteWebhook(grpc::CallbackServerContext* context,
                                                        const v1::DeleteWebhookRequest* request,
                                                        v1::DeleteWebhookResponse* response) {
  return calls_.Change(
      workers_, context, "DeleteWebhook", request, response,
      [this](const v1::DeleteWebhookRequest& asked) { return desk_.Delete(asked); });
}

grpc::ServerUnaryReactor* WebhookService::TestWebhook(grpc::CallbackServerContext* context,
                                                      const v1::TestWebhookRequest* request,
                                                      v1::TestWebhookResponse* response) {
  // It waits for a stranger, so not where the store's callers wait.
  return calls_.Change(testers_, context, "TestWebhook", request, response,
                       [this](const v1::TestWebhookRequest& asked) { return desk_.Test(asked); });
}

grpc::ServerUnaryReactor* WebhookService::ListDeliveries(grpc::CallbackServerContext* context,
                                                         const v1::ListDeliveriesRequest* request,
                                                         v1::ListDeliveriesResponse* response) {
  return calls_.Read(
      workers_, context, "ListDeliveries", request, response,
      [this](const v1::ListDeliveriesRequest& asked) { return desk_.ListDeliveries(asked); });
}

}  // namespace sightline

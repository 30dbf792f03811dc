// The part of the Admin service that is about webhooks: adapters, which decide nothing.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_GRPC_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_GRPC_H_

#include "collector/admin_calls_grpc.h"
#include "collector/server_grpc.h"
#include "sightline/v1/admin.grpc.pb.h"

namespace sightline {

// The Admin service derives from it.
class WebhookService : public v1::Admin::CallbackService {
 public:
  WebhookService(const ServerParts& parts, AdminLog& log)
      : calls_(log), desk_(parts.webhooks), workers_(parts.workers), testers_(parts.testers) {}

  grpc::ServerUnaryReactor* CreateWebhook(grpc::CallbackServerContext* context,
                                          const v1::CreateWebhookRequest* request,
                                          v1::CreateWebhookResponse* response) override;
  grpc::ServerUnaryReactor* ListWebhooks(grpc::CallbackServerContext* context,
                                         const v1::ListWebhooksRequest* request,
                                         v1::ListWebhooksResponse* response) override;
  grpc::ServerUnaryReactor* DeleteWebhook(grpc::CallbackServerContext* context,
                                          const v1::DeleteWebhookRequest* request,
                                          v1::DeleteWebhookResponse* response) override;
  grpc::ServerUnaryReactor* TestWebhook(grpc::CallbackServerContext* context,
                                        const v1::TestWebhookRequest* request,
                                        v1::TestWebhookResponse* response) override;
  grpc::ServerUnaryReactor* ListDeliveries(grpc::CallbackServerContext* context,
                                           const v1::ListDeliveriesRequest* request,
                                           v1::ListDeliveriesResponse* response) override;

 protected:
  AdminCalls calls_;

 private:
  WebhookDesk& desk_;
  Workers& workers_;
  Workers& testers_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_GRPC_H_

// Webhooks and attempts to post to them, for people and for spreadsheets. Pure.
#ifndef SIGHTLINE_COLLECTOR_CLI_WEBHOOK_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_WEBHOOK_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "sightline/v1/webhook.pb.h"

namespace sightline::cli {

// One webhook a line and a sentence, or what to do when there are none. Of URLs the host alone is
// shown: the rest may hold a token.
std::string WebhookTable(const v1::ListWebhooksResponse& webhooks, absl::Time now, bool colour);
// Everything, with a line of names.
std::string WebhookCsv(const v1::ListWebhooksResponse& webhooks);

std::string DeliveryTable(const v1::ListDeliveriesResponse& deliveries, bool colour);
std::string DeliveryCsv(const v1::ListDeliveriesResponse& deliveries);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_WEBHOOK_TEXT_H_

// What the audit log says that a call asked for: enough to know what was done, and no secrets. Of
// webhooks' URLs the host alone is there, for the rest may hold a token.
#ifndef SIGHTLINE_COLLECTOR_ADMIN_DETAIL_H_
#define SIGHTLINE_COLLECTOR_ADMIN_DETAIL_H_

#include <string>

#include "sightline/v1/admin.pb.h"

namespace sightline {

// Each is pure, and a text of NoteText.
std::string DetailOf(const v1::CreateInvitesRequest& request);
std::string DetailOf(const v1::PublishPlanRequest& request);
std::string DetailOf(const v1::RevokeAgentRequest& request);
std::string DetailOf(const v1::CreateAnnotationRequest& request);
std::string DetailOf(const v1::DeleteAnnotationRequest& request);
std::string DetailOf(const v1::CreateWebhookRequest& request);
std::string DetailOf(const v1::DeleteWebhookRequest& request);
std::string DetailOf(const v1::TestWebhookRequest& request);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_ADMIN_DETAIL_H_

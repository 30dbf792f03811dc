#include <grpcpp/grpcpp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/client.h"
#include "sightline/v1/admin.grpc.pb.h"
#include "sightline/v1/summaries.grpc.pb.h"

namespace sightline::cli {
namespace {

// More than a test of a webhook takes.
constexpr std::chrono::seconds kCallTimeout(20);
constexpr int kPageSize = 1000;
// Whoever has more than this needs another tool than a list.
constexpr int kEntriesMax = 1'000'000;

// A connection and the name it goes by in errors.
struct Link {
  std::shared_ptr<grpc::Channel> channel;
  std::string where;
  // What to do when nobody answers there.
  std::string advice;
};

template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  return (stub.*method)(&context, request, response);
}

absl::Status Failed(absl::StatusCode code, const Link& link, const grpc::Status& status,
                    absl::string_view what) {
  return absl::Status(
      code, absl::StrCat(what, " ", link.where, ": ", status.error_message(), "; ", link.advice));
}

// A collector that could not be reached, told apart by what the transport says of it.
absl::Status Unreachable(const Link& link, const grpc::Status& status) {
  const std::string& text = status.error_message();
  const std::string lower = absl::AsciiStrToLower(text);
  if (absl::StrContains(lower, "certificate") || absl::StrContains(lower, "not in peer")) {
    return absl::UnavailableError(absl::StrCat(
        "the TLS certificate of ", link.where, " is not the expected one: ", text,
        "; give the operator's root certificate with --roots (or SIGHTLINE_ROOTS), and the name "
        "that the certificate was made for with --collector"));
  }
  if (absl::StrContains(lower, "handshak") || absl::StrContains(lower, "ssl")) {
    return absl::UnavailableError(absl::StrCat(
        "no TLS connection to ", link.where, ": ", text,
        "; if its certificate comes from the operator's own root, give that with "
        "--roots (or SIGHTLINE_ROOTS); if not, check that this is a collector's port"));
  }
  return Failed(absl::StatusCode::kUnavailable, link, status, "cannot reach");
}

// The words of a failed call. What the collector itself says is passed on as it is.
absl::Status ToStatus(const Link& link, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      // On a connection that stands it is the collector's answer, not the transport's.
      if (link.channel->GetState(false) != GRPC_CHANNEL_READY) return Unreachable(link, status);
      return absl::UnavailableError(absl::StrCat(link.where, " says: ", status.error_message()));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Failed(code, link, status, "no answer in time from");
    case grpc::StatusCode::UNIMPLEMENTED:
      return Failed(code, link, status, "this call is not served by");
    default:
      return absl::Status(code, absl::StrCat(link.where, " says: ", status.error_message()));
  }
}

// Every page of a list, as one response. `add` moves a page over and returns how many entries there
// are then.
template <typename Response, typename Stub, typename Request, typename Add>
absl::StatusOr<Response> AllPages(const Link& link, Stub& stub,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  Request request, Add add) {
  Response all;
  request.set_page_size(kPageSize);
  do {
    Response page;
    const grpc::Status status = Call(stub, method, request, &page);
    if (!status.ok()) return ToStatus(link, status);
    if (page.next_page_token() == request.page_token() && !page.next_page_token().empty()) {
      return absl::InternalError(
          absl::StrCat(link.where, " repeats a page; its version may differ from this one's"));
    }
    request.set_page_token(page.next_page_token());
    if (add(page, all) > kEntriesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(link.where, " has more than ", kEntriesMax, " entries; ask for fewer"));
    }
  } while (!request.page_token().empty());
  return all;
}

absl::StatusOr<Link> Connect(const Collector& collector) {
  const size_t colon = collector.address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(collector.address.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", collector.address, "\" is no collector address; it must be HOST:PORT"));
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = collector.roots_pem;
  return Link{grpc::CreateChannel(collector.address, grpc::SslCredentials(tls)),
              absl::StrCat("the collector at ", collector.address),
              "check the address, and that the collector runs there"};
}

absl::StatusOr<Link> ConnectAdmin(const std::string& socket) {
  constexpr size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.size() > kPathMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(socket, ": the path of a Unix socket has at most ", kPathMax, " bytes"));
  }
  struct stat info = {};
  if (stat(socket.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) {
    return absl::NotFoundError(
        absl::StrCat("no socket at ", socket,
                     "; give the path that the collector was started with (--admin-socket), on the "
                     "collector's machine"));
  }
  return Link{grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials()),
              absl::StrCat("the collector's admin socket ", socket),
              "check that the collector runs, and that this user may open the socket"};
}

// One call to the operator's side.
template <typename Request, typename Response>
absl::StatusOr<Response> CallAdmin(const std::string& socket,
                                   grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           Response*),
                                   const Request& request) {
  const absl::StatusOr<Link> link = ConnectAdmin(socket);
  if (!link.ok()) return link.status();
  const auto stub = v1::Admin::NewStub(link->channel);
  Response response;
  const grpc::Status status = Call(*stub, method, request, &response);
  if (!status.ok()) return ToStatus(*link, status);
  return response;
}

}  // namespace

absl::StatusOr<v1::GetSummaryResponse> GetSummary(const Collector& collector,
                                                  const v1::GetSummaryRequest& request) {
  const absl::StatusOr<Link> link = Connect(collector);
  if (!link.ok()) return link.status();
  const auto stub = v1::Summaries::NewStub(link->channel);
  v1::GetSummaryResponse response;
  const grpc::Status status = Call(*stub, &v1::Summaries::Stub::GetSummary, request, &response);
  if (!status.ok()) return ToStatus(*link, status);
  return response;
}

absl::StatusOr<v1::ListEventsResponse> ListEvents(const Collector& collector,
                                                  v1::ListEventsRequest request) {
  const absl::StatusOr<Link> link = Connect(collector);
  if (!link.ok()) return link.status();
  const auto stub = v1::Summaries::NewStub(link->channel);
  return AllPages<v1::ListEventsResponse>(
      *link, *stub, &v1::Summaries::Stub::ListEvents, std::move(request),
      [](v1::ListEventsResponse& page, v1::ListEventsResponse& all) {
        all.mutable_events()->MergeFrom(page.events());
        return all.events_size();
      });
}

absl::StatusOr<v1::PublishPlanResponse> PublishPlan(const std::string& socket,
                                                    const v1::SignedPlan& plan) {
  v1::PublishPlanRequest request;
  *request.mutable_plan() = plan;
  return CallAdmin(socket, &v1::Admin::Stub::PublishPlan, request);
}

absl::StatusOr<v1::CreateInvitesResponse> CreateInvites(const std::string& socket, int count,
                                                        v1::AgentRole role) {
  v1::CreateInvitesRequest request;
  request.set_count(count);
  request.set_role(role);
  return CallAdmin(socket, &v1::Admin::Stub::CreateInvites, request);
}

absl::StatusOr<v1::ListAgentsResponse> ListAgents(const std::string& socket) {
  const absl::StatusOr<Link> link = ConnectAdmin(socket);
  if (!link.ok()) return link.status();
  const auto stub = v1::Admin::NewStub(link->channel);
  return AllPages<v1::ListAgentsResponse>(
      *link, *stub, &v1::Admin::Stub::ListAgents, v1::ListAgentsRequest(),
      [](v1::ListAgentsResponse& page, v1::ListAgentsResponse& all) {
        all.mutable_agents()->MergeFrom(page.agents());
        return all.agents_size();
      });
}

absl::StatusOr<v1::CreateWebhookResponse> CreateWebhook(const std::string& socket,
                                                        const v1::Webhook& webhook) {
  v1::CreateWebhookRequest request;
  *request.mutable_webhook() = webhook;
  return CallAdmin(socket, &v1::Admin::Stub::CreateWebhook, request);
}

absl::StatusOr<v1::ListWebhooksResponse> ListWebhooks(const std::string& socket) {
  const absl::StatusOr<Link> link = ConnectAdmin(socket);
  if (!link.ok()) return link.status();
  const auto stub = v1::Admin::NewStub(link->channel);
  return AllPages<v1::ListWebhooksResponse>(
      *link, *stub, &v1::Admin::Stub::ListWebhooks, v1::ListWebhooksRequest(),
      [](v1::ListWebhooksResponse& page, v1::ListWebhooksResponse& all) {
        all.mutable_webhooks()->MergeFrom(page.webhooks());
        return all.webhooks_size();
      });
}

absl::StatusOr<v1::DeleteWebhookResponse> DeleteWebhook(const std::string& socket,
                                                        const std::string& webhook_id) {
  v1::DeleteWebhookRequest request;
  request.set_webhook_id(webhook_id);
  return CallAdmin(socket, &v1::Admin::Stub::DeleteWebhook, request);
}

absl::StatusOr<v1::TestWebhookResponse> TestWebhook(const std::string& socket,
                                                    const std::string& webhook_id) {
  v1::TestWebhookRequest request;
  request.set_webhook_id(webhook_id);
  return CallAdmin(socket, &v1::Admin::Stub::TestWebhook, request);
}

absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(const std::string& socket,
                                                          const std::string& webhook_id,
                                                          int limit) {
  v1::ListDeliveriesRequest request;
  request.set_webhook_id(webhook_id);
  request.set_page_size(limit);
  return CallAdmin(socket, &v1::Admin::Stub::ListDeliveries, request);
}

}  // namespace sightline::cli

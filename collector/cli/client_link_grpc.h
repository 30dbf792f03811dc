// Connections to a collector and calls over them: what the client_*_grpc.cc files share.
#ifndef SIGHTLINE_COLLECTOR_CLI_CLIENT_LINK_GRPC_H_
#define SIGHTLINE_COLLECTOR_CLI_CLIENT_LINK_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/client.h"

namespace sightline::cli {

// More than a test of a webhook takes.
inline constexpr std::chrono::seconds kCallTimeout(20);
inline constexpr int kPageSize = 1000;
// Whoever has more than this needs another tool than a list.
inline constexpr int kEntriesMax = 1'000'000;

// A connection and the name it goes by in errors.
struct Link {
  std::shared_ptr<grpc::Channel> channel;
  std::string where;
  // What to do when nobody answers there.
  std::string advice;
};

// INVALID_ARGUMENT: no address. Does not wait for the connection.
absl::StatusOr<Link> Connect(const Collector& collector);
// NOT_FOUND: no such socket; INVALID_ARGUMENT: its path is too long, or for HOST:PORT the flags for
// certificate and key are missing; else as reading the files. Does not wait for the connection.
absl::StatusOr<Link> ConnectAdmin(const AdminAddress& admin);

// The words of a failed call. What the collector itself says is passed on as it is.
absl::Status ToStatus(const Link& link, const grpc::Status& status);

template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  return (stub.*method)(&context, request, response);
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

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_CLIENT_LINK_GRPC_H_

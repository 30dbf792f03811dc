// How every call of the Admin service is answered: on a thread that may wait, counted, and in the
// audit log when it changes something. The methods say what they do, and nothing of this.
#ifndef SIGHTLINE_COLLECTOR_ADMIN_CALLS_GRPC_H_
#define SIGHTLINE_COLLECTOR_ADMIN_CALLS_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/admin_detail.h"
#include "collector/admin_log.h"
#include "collector/status_grpc.h"
#include "collector/workers.h"

namespace sightline {

// Who calls: "socket" on the operator's Unix socket, else the common name and the SHA-256 of the
// client's certificate, as a text of NoteText.
std::string ActorOf(const grpc::AuthContext& auth);

// Thread-safe. Owns nothing.
class AdminCalls {
 public:
  explicit AdminCalls(AdminLog& log) : log_(log) {}

  // A call that reads. `answer` takes the request and returns StatusOr<Response>.
  template <typename Request, typename Response, typename Answer>
  grpc::ServerUnaryReactor* Read(Workers& workers, grpc::CallbackServerContext* context,
                                 const char* method, const Request* request, Response* response,
                                 Answer answer) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const auto work = [this, method, request, response, reactor, answer = std::move(answer)] {
      absl::StatusOr<Response> result = answer(*request);
      log_.Count(method, result.status());
      FinishWith(reactor, std::move(result), response);
    };
    if (!workers.TryPost(work)) TurnAway(reactor, method);
    return reactor;
  }

  // The same for one that changes something.
  template <typename Request, typename Response, typename Answer>
  grpc::ServerUnaryReactor* Change(Workers& workers, grpc::CallbackServerContext* context,
                                   const char* method, const Request* request, Response* response,
                                   Answer answer) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const auto work = [this, method, request, response, reactor,
                       actor = ActorOf(*context->auth_context()), answer = std::move(answer)] {
      absl::StatusOr<Response> result;
      const absl::Status status = log_.Run({actor, method, DetailOf(*request)}, [&] {
        result = answer(*request);
        return result.status();
      });
      if (!status.ok()) result = status;
      FinishWith(reactor, std::move(result), response);
    };
    if (!workers.TryPost(work)) TurnAway(reactor, method);
    return reactor;
  }

 private:
  void TurnAway(grpc::ServerUnaryReactor* reactor, const char* method) {
    log_.Count(method, absl::ResourceExhaustedError("busy"));
    reactor->Finish(TooBusy());
  }

  AdminLog& log_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_ADMIN_CALLS_GRPC_H_

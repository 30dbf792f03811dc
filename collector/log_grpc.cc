#include "collector/log_grpc.h"

#include <grpc/support/log.h>

#include "absl/strings/string_view.h"
#include "collector/log.h"

namespace sightline {
namespace {

absl::string_view FileName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

void Receive(gpr_log_func_args* args) {
  if (args->severity < GPR_LOG_SEVERITY_ERROR) return;
  // A warning: most of them are a peer's doing, such as a handshake that failed.
  Log(LogLevel::kWarn, "grpc", "error",
      {{"source", absl::StrCat(FileName(args->file), ":", args->line)}, {"detail", args->message}});
}

}  // namespace

void CatchGrpcLog() {
  gpr_set_log_function(Receive);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}

}  // namespace sightline

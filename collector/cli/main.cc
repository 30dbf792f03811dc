#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/string_view.h"
#include "collector/cli/app.h"
#include "common/crypto.h"
#include "common/lifetime_grpc.h"
#include "common/tls_policy.h"

namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// Columns of the terminal on standard output; 0 when there is none.
size_t TerminalWidth() {
  winsize size = {};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

// Colour on a terminal that has it, unless the person does not want it (https://no-color.org).
bool UseColour() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && !IsSet("NO_COLOR") && term != nullptr &&
         absl::string_view(term) != "dumb";
}

}  // namespace

int main(int argc, char** argv) {
  sightline::KeepCryptoUntilExit();
  sightline::RequireTls13();
  setlocale(LC_CTYPE, "");
  // gRPC would write its own lines about what the error says already.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const sightline::GrpcLifetime grpc;
  const sightline::SystemClock clock;
  sightline::cli::Terminal terminal;
  terminal.out = &std::cout;
  terminal.err = &std::cerr;
  terminal.clock = &clock;
  terminal.width = TerminalWidth();
  terminal.colour = UseColour();
  terminal.unicode = absl::string_view(nl_langinfo(CODESET)) == "UTF-8";
  terminal.live = isatty(STDERR_FILENO) == 1;
  return sightline::cli::RunSightline(argc, argv, terminal);
}

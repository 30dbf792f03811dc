// Runs the command line within the test and keeps what it wrote.
#ifndef SIGHTLINE_TESTS_COLLECTOR_CLI_RUN_APP_H_
#define SIGHTLINE_TESTS_COLLECTOR_CLI_RUN_APP_H_

#include <sstream>
#include <string>
#include <vector>

#include "collector/cli/app.h"
#include "tests/common/fake_clock.h"

namespace sightline::cli {

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class AppUnderTest {
 public:
  explicit AppUnderTest(absl::Time now) : clock_(now) {}

  Ran Run(const std::vector<std::string>& arguments) const {
    std::vector<const char*> argv = {"sightline"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::ostringstream out;
    std::ostringstream err;
    Terminal terminal;
    terminal.out = &out;
    terminal.err = &err;
    terminal.clock = &clock_;
    const int exit_code = RunSightline(static_cast<int>(argv.size()), argv.data(), terminal);
    return {exit_code, out.str(), err.str()};
  }

 private:
  FakeClock clock_;
};

}  // namespace sightline::cli

#endif  // SIGHTLINE_TESTS_COLLECTOR_CLI_RUN_APP_H_

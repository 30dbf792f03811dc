// `sightline-collector doctor`: the flags, the output, the exit status.
#ifndef SIGHTLINE_COLLECTOR_DOCTOR_COMMAND_H_
#define SIGHTLINE_COLLECTOR_DOCTOR_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "collector/serve_flags.h"

namespace sightline {

struct DoctorFlags {
  ServeFlags serve;
  std::string format = "text";
};

// `flags` must live until the command line is parsed. Takes the flags of serve, none of which is
// required: what is missing is a finding.
void AddDoctorFlags(CLI::App& doctor, DoctorFlags& flags);

// Looks at all, or, when the settings could not be read (`config_read`), at nothing else, and
// prints what it found on standard output. `config_path` is the file that was read. Returns the
// exit status: 0 without problems, 1 with some.
int RunDoctor(const DoctorFlags& flags, const std::string& config_path,
              const absl::Status& config_read);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_DOCTOR_COMMAND_H_

#include "collector/doctor_command.h"

#include <iostream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "collector/doctor.h"
#include "collector/doctor_look.h"

namespace sightline {
namespace {

void Append(std::vector<Finding>& all, std::vector<Finding> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// What serve would refuse, as a finding.
Finding CheckFlags(const ServeFlags& flags) {
  if (flags.tls_cert.empty() || flags.tls_key.empty() || flags.operator_key.empty() ||
      flags.geo.empty()) {
    return Problem("settings",
                   "serve needs tls_cert, tls_key, operator_key and geo, and not all are given",
                   "write them into /etc/sightline/collector.toml, or name the file by --config");
  }
  const absl::Status status = ReadServeFlags(flags).status();
  if (status.ok()) return Ok("settings", "serve takes them");
  return Problem("settings", std::string(status.message()),
                 "the collector does not start like that; correct it");
}

}  // namespace

void AddDoctorFlags(CLI::App& doctor, DoctorFlags& flags) {
  AddServeFlags(doctor, flags.serve);
  for (CLI::Option* option : doctor.get_options()) option->required(false);
  doctor.add_option("--format", flags.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  doctor.footer(
      "Example:\n"
      "  sightline-collector doctor\n"
      "Run it as the service's user or as root: others may not read keys and store. It changes\n"
      "nothing, and ends with 1 when there is a problem.");
}

int RunDoctor(const DoctorFlags& flags, const std::string& config_path,
              const absl::Status& config_read) {
  std::vector<Finding> findings = {CheckConfiguration(config_path, config_read)};
  if (config_read.ok()) {
    const absl::Time now = absl::Now();
    VerdictTimes times;
    absl::ParseDuration(flags.serve.window, &times.window);
    absl::ParseDuration(flags.serve.grace, &times.grace);
    findings.push_back(CheckFlags(flags.serve));
    Append(findings, CheckCertificate(LookAtCertificate(flags.serve), now));
    Append(findings, CheckMachine(LookAtMachine(flags.serve), now));
    const RunningSight running = LookAtRunning(flags.serve);
    Append(findings, CheckRunning(running));
    const StoreSight store = LookAtStore(flags.serve, now, absl::SleepFor);
    Append(findings, CheckStore(store, times, running.runs(), now));
  }
  std::cout << (flags.format == "json" ? FormatFindingsJson(findings) : FormatFindings(findings))
            << std::flush;
  return CountOf(findings, Level::kProblem) > 0 ? 1 : 0;
}

}  // namespace sightline

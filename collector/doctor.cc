#include "collector/doctor.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/doctor_words.h"

namespace sightline {
namespace {

constexpr absl::Duration kRenewBefore = absl::Hours(24 * 14);
constexpr absl::Duration kGeoOld = absl::Hours(24 * 90);

Finding CheckNames(const CertificateSight& sight) {
  if (!sight.uncovered.empty()) {
    return Problem(
        "certificate names",
        absl::StrCat("the certificate does not have ", absl::StrJoin(sight.uncovered, ", "),
                     ", which invites name: agents refuse to connect there"),
        "get a certificate with that name, or correct advertise");
  }
  return Ok("certificate names",
            absl::StrCat("the certificate has ", absl::StrJoin(sight.advertised, ", "),
                         ", which invites name"));
}

Finding CheckSocket(const RunningSight& sight) {
  const std::string about = "admin socket";
  if (!sight.socket_mode.has_value()) {
    if (!sight.runs()) return Ok(about, "there is none, because no collector runs here");
    return Problem(
        about,
        absl::StrCat("there is no ", sight.admin_socket, ": no command for operators works here"),
        "restart the collector; the folder must belong to its user");
  }
  const uint32_t mode = *sight.socket_mode;
  if (!S_ISSOCK(mode)) {
    return Problem(about, absl::StrCat(sight.admin_socket, " is no socket"),
                   "move it away and restart the collector");
  }
  if ((mode & 0077) != 0) {
    return Problem(about,
                   absl::StrCat(sight.admin_socket,
                                " is open to others on this machine: each of them is an operator"),
                   absl::StrCat("chmod 600 ", sight.admin_socket));
  }
  return Ok(about, absl::StrCat(sight.admin_socket, " is its owner's alone"));
}

}  // namespace

Finding CheckConfiguration(const std::string& path, const absl::Status& read) {
  const std::string about = "configuration";
  if (!read.ok()) {
    return Problem(about, std::string(read.message()),
                   "correct it; `sightline-collector serve --check-config` checks the rest");
  }
  if (path.empty()) return Ok(about, "no file is there: flags, environment and defaults hold");
  return Ok(about, absl::StrCat(path, " can be read and has no unknown keys"));
}

std::vector<Finding> CheckCertificate(const CertificateSight& sight, absl::Time now) {
  const std::string about = "certificate";
  if (!sight.status.ok()) {
    return {Problem(about, std::string(sight.status.message()),
                    "no agent can connect without; give a PEM chain and its key, mode 0600")};
  }
  const std::string renew = "renew it, then: systemctl reload sightline-collector";
  std::vector<Finding> findings;
  if (sight.valid_until <= now) {
    findings.push_back(Problem(about,
                               absl::StrCat("it expired on ", DayOfTime(sight.valid_until),
                                            ": no agent and no reader connects"),
                               renew));
  } else if (sight.valid_from > now) {
    findings.push_back(Problem(
        about, absl::StrCat("it begins on ", DayOfTime(sight.valid_from), " only"),
        "set this machine's clock, if that is wrong, or take a certificate that holds now"));
  } else if (sight.valid_until - now < kRenewBefore) {
    findings.push_back(
        Warning(about, absl::StrCat("it expires on ", DayOfTime(sight.valid_until)), renew));
  } else {
    findings.push_back(Ok(about, absl::StrCat("it fits its key, which is its owner's alone, and ",
                                              "holds until ", DayOfTime(sight.valid_until))));
  }
  findings.push_back(CheckNames(sight));
  return findings;
}

std::vector<Finding> CheckMachine(const MachineSight& sight, absl::Time now) {
  std::vector<Finding> findings;
  if (sight.regions.ok()) {
    findings.push_back(Ok("regions", "names of countries and regions (iso-codes) are there"));
  } else {
    findings.push_back(Problem("regions", std::string(sight.regions.message()),
                               "apt install iso-codes; the collector does not start without"));
  }
  const std::string get =
      "get a new one, put it in place by mv, then: systemctl reload "
      "sightline-collector";
  if (!sight.geo_made.ok()) {
    findings.push_back(Problem("address database", std::string(sight.geo_made.status().message()),
                               "give a .mmdb with country and network by geo"));
  } else if (now - *sight.geo_made > kGeoOld) {
    findings.push_back(Warning("address database",
                               absl::StrCat("it was made on ", DayOfTime(*sight.geo_made),
                                            ": countries and networks may be wrong by now"),
                               get));
  } else {
    findings.push_back(
        Ok("address database", absl::StrCat("it was made on ", DayOfTime(*sight.geo_made))));
  }
  if (sight.files_max < sight.files_needed) {
    findings.push_back(Warning(
        "open files",
        absl::StrCat("a program may open ", sight.files_max, " files here, and streams_max needs ",
                     sight.files_needed, ": the last agents would be turned away"),
        "set LimitNOFILE of the service (`systemctl edit sightline-collector`), or a lower "
        "streams_max"));
  } else {
    findings.push_back(Ok("open files", absl::StrCat("a program may open ", sight.files_max,
                                                     " here, ", sight.files_needed, " do")));
  }
  return findings;
}

std::vector<Finding> CheckRunning(const RunningSight& sight) {
  const std::string about = "collector";
  const std::string log = "journalctl -u sightline-collector says more";
  std::vector<Finding> findings;
  if (sight.http.empty()) {
    findings.push_back(Ok(about, "http is switched off: nobody could be asked whether it runs"));
  } else if (!sight.answered.ok()) {
    findings.push_back(Warning(
        about, absl::StrCat("nobody answers at ", sight.http, ": ", sight.answered.message()),
        "systemctl start sightline-collector, if it is to run here"));
  } else if (sight.livez != 200) {
    findings.push_back(Problem(about,
                               absl::StrCat("it runs and is stuck: /livez answers ", sight.livez),
                               absl::StrCat("systemctl restart sightline-collector; ", log)));
  } else if (sight.healthz != 200) {
    findings.push_back(
        Problem(about, absl::StrCat("it runs, and a part of it fails: ", sight.health), log));
  } else if (sight.health != "SERVING") {
    findings.push_back(Warning(about, absl::StrCat("it runs, less well: ", sight.health), log));
  } else {
    findings.push_back(
        Ok(about, absl::StrCat("it runs, and all of its parts serve (", sight.http, ")")));
  }
  findings.push_back(CheckSocket(sight));
  return findings;
}

}  // namespace sightline

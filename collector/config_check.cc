#include "collector/config_check.h"

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collector/geo_file.h"
#include "collector/own_certificate.h"
#include "collector/store/backends.h"
#include "collector/store/store.h"
#include "common/regions.h"

namespace sightline {
namespace {

// Parameters of a PostgreSQL URL that are no secret.
bool IsOpen(absl::string_view parameter) {
  return parameter == "sslmode" || parameter == "host" || parameter == "port" ||
         parameter == "dbname" || parameter == "user" || parameter == "application_name";
}

std::string RedactParameters(absl::string_view query) {
  std::vector<std::string> kept;
  for (const absl::string_view each : absl::StrSplit(query, '&')) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(each, absl::MaxSplits('=', 1));
    kept.push_back(IsOpen(pair.first) ? std::string(each) : absl::StrCat(pair.first, "=(hidden)"));
  }
  return absl::StrJoin(kept, "&");
}

std::string DateOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// What serve would do to the schema.
absl::StatusOr<std::string> CheckStoreSchema(const ServeFlags& flags) {
  const absl::StatusOr<SchemaReport> report = UpdateSchema(flags.store, /*dry_run=*/true);
  if (!report.ok()) {
    return absl::Status(report.status().code(),
                        absl::StrCat("--store: ", report.status().message()));
  }
  if (report->held == report->known) {
    return absl::StrCat("store: schema version ", report->held, ", up to date");
  }
  if (flags.no_migrate) {
    return absl::FailedPreconditionError(
        absl::StrCat("--store: the schema has version ", report->held, " and this program needs ",
                     report->known, "; run: sightline-collector migrate"));
  }
  return absl::StrCat(
      "store: ", report->held == 0 ? "none yet" : absl::StrCat("schema version ", report->held),
      ", the start makes version ", report->known, " of it");
}

}  // namespace

std::string RedactStoreUrl(absl::string_view url) {
  if (!IsPostgresqlUrl(url)) return std::string(url);
  const size_t host_at = url.find("://") + 3;
  const size_t query_at = url.find('?');
  // Whether that ? is part of a password, nobody can tell.
  if (query_at != url.npos && url.find('@', query_at) != url.npos) {
    return absl::StrCat(url.substr(0, host_at), "(hidden)");
  }
  absl::string_view rest =
      url.substr(host_at, query_at == url.npos ? url.npos : query_at - host_at);
  std::string shown(url.substr(0, host_at));
  // A password may hold what it should not: everything up to the last @ goes with it.
  if (const size_t at = rest.rfind('@'); at != rest.npos) {
    const absl::string_view who = rest.substr(0, at);
    const size_t colon = who.find(':');
    absl::StrAppend(&shown, who.substr(0, colon), colon == who.npos ? "" : ":(hidden)", "@");
    rest.remove_prefix(at + 1);
  }
  absl::StrAppend(&shown, rest);
  if (query_at != url.npos) {
    absl::StrAppend(&shown, "?", RedactParameters(url.substr(query_at + 1)));
  }
  return shown;
}

std::string SettingsText(absl::Span<const flags::Setting> settings) {
  size_t width = 0;
  for (const flags::Setting& setting : settings) width = std::max(width, setting.key.size());
  std::string text;
  for (const flags::Setting& setting : settings) {
    const std::string value =
        setting.key == "store" ? RedactStoreUrl(setting.value) : setting.value;
    absl::StrAppend(&text, setting.key, std::string(width - setting.key.size(), ' '), " = ",
                    value.empty() ? "''" : value, "  (", setting.source, ")\n");
  }
  return text;
}

absl::Status CheckListenAddress(absl::string_view flag, absl::string_view address) {
  const size_t colon = address.rfind(':');
  const absl::string_view host = address.substr(0, colon);
  int port = -1;
  const bool has_port = colon != address.npos &&
                        absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 &&
                        port <= 65535;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_port && !host.empty() && (bracketed || host.find_first_of(":[]") == host.npos)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      flag, ": \"", address, "\" is no ADDRESS:PORT; write 0.0.0.0:7443, or [::]:7443 for IPv6"));
}

absl::StatusOr<std::vector<std::string>> CheckServe(const ServeFlags& flags) {
  const absl::StatusOr<ServeOptions> options = ReadServeFlags(flags);
  if (!options.ok()) return options.status();
  for (const auto& [flag, address] :
       {std::pair("--listen", flags.listen), std::pair("--admin-listen", flags.admin_listen),
        std::pair("--http", flags.http)}) {
    if (address.empty() && absl::string_view(flag) != "--listen") continue;
    if (absl::Status status = CheckListenAddress(flag, address); !status.ok()) return status;
  }
  absl::StatusOr<CertificatePair> pair = ReadCertificatePair({flags.tls_cert, flags.tls_key});
  if (!pair.ok()) return pair.status();
  OwnCertificate certificate;
  if (absl::Status status = certificate.Install(*std::move(pair)); !status.ok()) return status;
  if (absl::Status status = RegionNames::Load().status(); !status.ok()) return status;
  const absl::StatusOr<std::unique_ptr<GeoFile>> geo = GeoFile::Open(flags.geo);
  if (!geo.ok()) {
    return absl::Status(geo.status().code(), absl::StrCat("--geo: ", geo.status().message()));
  }
  const absl::StatusOr<absl::Time> built = GeoBuildTime(flags.geo);
  if (!built.ok()) return built.status();
  const absl::StatusOr<std::string> store = CheckStoreSchema(flags);
  if (!store.ok()) return store.status();
  return std::vector<std::string>{
      absl::StrCat("certificate: fits its key, valid until ", DateOf(certificate.expire_time())),
      absl::StrCat("address database: made ", DateOf(*built)), *store};
}

}  // namespace sightline

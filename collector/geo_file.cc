#include "collector/geo_file.h"

#include <maxminddb.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/log.h"

namespace sightline {

absl::StatusOr<absl::Time> GeoBuildTime(const std::string& path) {
  MMDB_s database = {};
  const int error = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &database);
  if (error != MMDB_SUCCESS) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open the address database ", path, ": ", MMDB_strerror(error)));
  }
  const auto seconds = static_cast<int64_t>(database.metadata.build_epoch);
  MMDB_close(&database);
  return absl::FromUnixSeconds(seconds);
}

absl::StatusOr<std::unique_ptr<GeoFile>> GeoFile::Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<Geo>> geo = Geo::Open(path);
  if (!geo.ok()) return geo.status();
  return std::unique_ptr<GeoFile>(new GeoFile(path, *std::move(geo)));
}

void GeoFile::Reload() {
  absl::StatusOr<std::unique_ptr<Geo>> geo = Geo::Open(path_);
  if (!geo.ok()) {
    Log(LogLevel::kError, "geo", "database_refused",
        {{"detail", absl::StrCat(geo.status().message(), "; the one before stays in use")}});
    return;
  }
  const absl::StatusOr<absl::Time> built = GeoBuildTime(path_);
  {
    const std::lock_guard lock(mutex_);
    current_ = *std::move(geo);
  }
  Log(LogLevel::kInfo, "geo", "database_read",
      {{"built", built.ok() ? absl::FormatTime(*built, absl::UTCTimeZone()) : "unknown"}});
}

std::shared_ptr<const Geo> GeoFile::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace sightline

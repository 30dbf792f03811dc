// An address database that can be replaced while the collector runs.
#ifndef SIGHTLINE_COLLECTOR_GEO_FILE_H_
#define SIGHTLINE_COLLECTOR_GEO_FILE_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/geo.h"

namespace sightline {

// When the database says that it was made. Errors as Geo::Open.
absl::StatusOr<absl::Time> GeoBuildTime(const std::string& path);

// Thread-safe. The file is mapped into memory: replace it by another one of its name (mv), never
// write into it.
class GeoFile : public Geo {
 public:
  // Errors as Geo::Open.
  static absl::StatusOr<std::unique_ptr<GeoFile>> Open(const std::string& path);

  Origin Locate(absl::string_view peer) const override { return Current()->Locate(peer); }

  // Uses what is in the file now, and logs that. What cannot be used is logged, and the database
  // before stays in use.
  void Reload();

 private:
  GeoFile(std::string path, std::shared_ptr<const Geo> geo)
      : path_(std::move(path)), current_(std::move(geo)) {}
  std::shared_ptr<const Geo> Current() const;

  const std::string path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Geo> current_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_GEO_FILE_H_

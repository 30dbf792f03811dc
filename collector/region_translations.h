// Names of countries and regions in the languages that iso-codes has them in, read at run time.
#ifndef SIGHTLINE_COLLECTOR_REGION_TRANSLATIONS_H_
#define SIGHTLINE_COLLECTOR_REGION_TRANSLATIONS_H_

#include <locale>
#include <map>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// Thread-safe. Keeps the catalogs that were asked for and exist, which bounds them however many
// tags are tried.
class RegionTranslations {
 public:
  // `folder` holds LANGUAGE/LC_MESSAGES/iso_3166-2.mo.
  explicit RegionTranslations(std::string folder = "/usr/share/locale")
      : folder_(std::move(folder)) {}
  RegionTranslations(const RegionTranslations&) = delete;
  RegionTranslations& operator=(const RegionTranslations&) = delete;

  // `english`, a name of ISO 3166-1 or 3166-2, in the language of a BCP 47 tag ("zh-CN", "zh",
  // "fa"); `english` itself where there is no translation, and for "" and English.
  // INVALID_ARGUMENT: it is no such tag.
  absl::StatusOr<std::string> Translate(absl::string_view english, absl::string_view language_code);

 private:
  const std::string folder_;
  std::mutex mutex_;
  std::map<std::string, std::locale> catalogs_;  // guarded by mutex_; by name of their folder
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REGION_TRANSLATIONS_H_

#include "collector/region_translations.h"

#include <algorithm>
#include <boost/locale/gnu_gettext.hpp>
#include <boost/locale/message.hpp>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sightline {
namespace {

constexpr size_t kTagBytesMax = 35;  // RFC 5646 section 4.4.1: no tag need be longer

// What a catalog is named by: "zh" and "CN".
struct Language {
  std::string language;
  std::string country;
};

bool IsWord(absl::string_view part, size_t min, size_t max) {
  return part.size() >= min && part.size() <= max &&
         std::all_of(part.begin(), part.end(), [](char c) { return absl::ascii_isalnum(c); });
}

// Of a tag only language, script and region matter; scripts only to tell the two ways of writing
// Chinese apart, which catalogs tell apart by country.
absl::StatusOr<Language> ReadTag(absl::string_view tag) {
  const std::vector<std::string> parts = absl::StrSplit(tag, '-');
  const bool good = tag.size() <= kTagBytesMax && IsWord(parts[0], 2, 3) &&
                    std::all_of(parts.begin() + 1, parts.end(),
                                [](const std::string& part) { return IsWord(part, 1, 8); });
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat("language_code: \"", absl::Utf8SafeCEscape(tag),
                                                   "\" is no BCP 47 tag such as \"zh-CN\""));
  }
  Language result = {absl::AsciiStrToLower(parts[0]), ""};
  for (size_t i = 1; i < parts.size() && result.country.empty(); ++i) {
    if (absl::EqualsIgnoreCase(parts[i], "Hant")) result.country = "TW";
    if (absl::EqualsIgnoreCase(parts[i], "Hans")) result.country = "CN";
    if (parts[i].size() == 2) result.country = absl::AsciiStrToUpper(parts[i]);
  }
  if (result.language == "zh" && result.country.empty()) result.country = "CN";
  return result;
}

// The folder of the catalog in this language: "zh_CN", else "zh"; empty when there is none.
std::string FolderOf(const std::string& folder, const Language& language) {
  std::vector<std::string> names = {language.language};
  if (!language.country.empty()) {
    names.insert(names.begin(), absl::StrCat(language.language, "_", language.country));
  }
  for (const std::string& name : names) {
    std::error_code error;
    if (std::filesystem::exists(absl::StrCat(folder, "/", name, "/LC_MESSAGES/iso_3166-2.mo"),
                                error)) {
      return name;
    }
  }
  return "";
}

// `name`: a folder in `folder`.
std::locale LoadCatalog(const std::string& folder, const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '_');
  boost::locale::gnu_gettext::messages_info info;
  info.language = parts[0];
  info.country = parts.size() > 1 ? parts[1] : "";
  info.encoding = "UTF-8";
  info.paths = {folder};
  info.domains = {boost::locale::gnu_gettext::messages_info::domain("iso_3166-2"),
                  boost::locale::gnu_gettext::messages_info::domain("iso_3166-1")};
  return std::locale(std::locale::classic(),
                     boost::locale::gnu_gettext::create_messages_facet<char>(info));
}

}  // namespace

absl::StatusOr<std::string> RegionTranslations::Translate(absl::string_view english,
                                                          absl::string_view language_code) {
  if (language_code.empty()) return std::string(english);
  const absl::StatusOr<Language> language = ReadTag(language_code);
  if (!language.ok()) return language.status();
  if (language->language == "en") return std::string(english);
  const std::string name(english);
  const std::string folder = FolderOf(folder_, *language);
  if (folder.empty()) return name;
  const std::lock_guard lock(mutex_);
  auto found = catalogs_.find(folder);
  if (found == catalogs_.end()) {
    found = catalogs_.emplace(folder, LoadCatalog(folder_, folder)).first;
  }
  for (const char* domain : {"iso_3166-2", "iso_3166-1"}) {
    std::string translated = boost::locale::dgettext(domain, name.c_str(), found->second);
    if (translated != name) return translated;
  }
  return name;
}

}  // namespace sightline

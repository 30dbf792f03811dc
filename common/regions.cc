#include "common/regions.h"

#include <boost/json/src.hpp>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/files.h"

namespace sightline {
namespace {

namespace json = boost::json;

using Names = absl::flat_hash_map<std::string, std::string>;

absl::string_view View(const json::string& text) { return {text.data(), text.size()}; }

// Adds `code_key` -> name of every entry in the list `list_key` of `path`.
absl::Status AddNames(const std::string& path, const char* list_key, const char* code_key,
                      Names& names) {
  absl::StatusOr<std::string> text = SystemFiles().Read(path);
  if (!text.ok()) {
    return absl::Status(text.status().code(),
                        absl::StrCat(text.status().message(), "; install the package iso-codes"));
  }
  boost::system::error_code error;
  const json::value document = json::parse(std::string_view(*text), error);
  const json::object* root = error ? nullptr : document.if_object();
  const json::value* list = root == nullptr ? nullptr : root->if_contains(list_key);
  if (list == nullptr || !list->is_array()) {
    return absl::DataLossError(absl::StrCat(path, " holds no list \"", list_key, "\""));
  }
  for (const json::value& entry : list->get_array()) {
    const json::object* object = entry.if_object();
    if (object == nullptr) continue;
    const json::value* code = object->if_contains(code_key);
    const json::value* name = object->if_contains("name");
    if (code == nullptr || name == nullptr || !code->is_string() || !name->is_string()) continue;
    names.emplace(View(code->get_string()), View(name->get_string()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RegionNames> RegionNames::Load(const std::string& folder) {
  RegionNames result;
  absl::Status status = AddNames(folder + "/iso_3166-1.json", "3166-1", "alpha_2", result.names_);
  if (status.ok()) {
    status = AddNames(folder + "/iso_3166-2.json", "3166-2", "code", result.names_);
  }
  if (!status.ok()) return status;
  return result;
}

std::string RegionNames::NameOf(absl::string_view code) const {
  const auto it = names_.find(code);
  return it == names_.end() ? std::string(code) : it->second;
}

absl::string_view CountryOf(absl::string_view region) { return region.substr(0, region.find('-')); }

}  // namespace sightline

#include <vector>

#include "absl/strings/str_split.h"
#include "agent/probe/resolver_set.h"

namespace sightline::probe {

std::optional<NamedResolver> SystemResolver(absl::string_view resolv_conf) {
  for (const absl::string_view line : absl::StrSplit(resolv_conf, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.size() < 2 || words[0] != "nameserver") continue;
    const std::optional<IpAddress> address = ParseIpAddress(words[1]);
    if (address.has_value()) return NamedResolver{{*address, 53}, "system"};
  }
  return std::nullopt;
}

}  // namespace sightline::probe

#include "common/redact.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sightline {
namespace {

// The longest that inet_pton takes, and a ':' or '.' of the sentence around it.
constexpr size_t kAddressMax = INET6_ADDRSTRLEN;

bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsAddressByte(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.';
}

bool Parses(int family, absl::string_view text) {
  unsigned char binary[sizeof(in6_addr)];
  return inet_pton(family, std::string(text).c_str(), binary) == 1;
}

template <typename Predicate>
size_t RunLength(absl::string_view text, Predicate predicate) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), predicate) - text.begin());
}

// Length of the IPv4 address at the start of `text`; 0 when there is none.
size_t Ipv4Length(absl::string_view text) {
  absl::string_view run = text.substr(0, kAddressMax);
  run = run.substr(0, RunLength(run, [](char c) { return IsDigit(c) || c == '.'; }));
  while (absl::EndsWith(run, ".")) run.remove_suffix(1);
  return Parses(AF_INET, run) ? run.size() : 0;
}

// Length of the IPv6 address at the start of `text`; 0 when there is none.
size_t Ipv6Length(absl::string_view text) {
  absl::string_view run = text.substr(0, kAddressMax + 1);
  run = run.substr(0, RunLength(run, IsAddressByte));
  // A word that goes on is no address: "dead::beefsteak".
  if (run.size() < text.size() && IsWord(text[run.size()])) return 0;
  if (!Parses(AF_INET6, run) && (absl::EndsWith(run, ":") || absl::EndsWith(run, "."))) {
    run.remove_suffix(1);
  }
  // "::" alone separates words more often than it means any address.
  return run != "::" && Parses(AF_INET6, run) ? run.size() : 0;
}

// What belongs to the address that ends where `rest` begins: "]:443", "%5D:443", "/24", "%eth0".
size_t TailLength(absl::string_view rest) {
  size_t length = 0;
  const auto digits_after = [&](size_t skipped) {
    return RunLength(rest.substr(std::min(rest.size(), length + skipped)), IsDigit);
  };
  if (absl::StartsWith(rest, "%")) length = 1 + RunLength(rest.substr(1), IsWord);
  if (absl::StartsWith(rest.substr(length), "]")) ++length;
  if (absl::StartsWith(rest.substr(length), "/") && digits_after(1) > 0) {
    length += 1 + digits_after(1);
  }
  if (absl::StartsWith(rest.substr(length), ":") && digits_after(1) > 0) {
    length += 1 + digits_after(1);
  }
  return length;
}

bool EndsUrl(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c)) || c == '"' || c == '\'' || c == '<' ||
         c == '>' || c == ')';
}

std::string RedactUrls(absl::string_view text) {
  std::string result;
  for (;;) {
    const size_t colon = text.find("://");
    if (colon == absl::string_view::npos) break;
    size_t start = colon;
    while (start > 0 && (IsWord(text[start - 1]) || text[start - 1] == '+')) --start;
    result.append(text.data(), start);
    result.append("(url)");
    text.remove_prefix(colon);
    text.remove_prefix(RunLength(text, [](char c) { return !EndsUrl(c); }));
  }
  result.append(text.data(), text.size());
  return result;
}

}  // namespace

std::string RedactAddresses(absl::string_view original) {
  const std::string without_urls = RedactUrls(original);
  const absl::string_view text = without_urls;
  std::string result;
  char before = ' ';
  for (size_t i = 0; i < text.size();) {
    const absl::string_view rest = text.substr(i);
    // gRPC writes the brackets of an IPv6 address as %5B and %5D.
    if (absl::StartsWithIgnoreCase(rest, "%5B")) {
      result += '[';
      before = '[';
      i += 3;
      continue;
    }
    size_t length = IsDigit(before) || before == '.' ? 0 : Ipv4Length(rest);
    if (length == 0 && !IsWord(before)) length = Ipv6Length(rest);
    if (length > 0) {
      if (absl::EndsWith(result, "[")) result.pop_back();
      result += "(address)";
      i += length + TailLength(rest.substr(length));
      before = ')';
      continue;
    }
    before = rest[0];
    result += before;
    ++i;
  }
  return result;
}

}  // namespace sightline

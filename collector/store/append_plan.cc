#include "collector/store/append_plan.h"

#include <algorithm>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/crypto.h"

namespace sightline {
namespace {

constexpr size_t kNodeCharactersMax = 48;
constexpr size_t kCountryCharactersMax = 2;
constexpr size_t kBucketBytes = 16;
constexpr int64_t kMsPerDay = int64_t{24} * 60 * 60 * 1000;

absl::Status BadSize(absl::string_view field, size_t want, size_t got) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, " must have ", want, " bytes and has ", got));
}

absl::Status CheckRecord(const LogRecord& record) {
  if (record.agent_id.size() != kHashBytes) {
    return BadSize("agent_id", kHashBytes, record.agent_id.size());
  }
  if (record.prev_hash.size() != kHashBytes) {
    return BadSize("prev_hash", kHashBytes, record.prev_hash.size());
  }
  if (record.chain_hash.size() != kHashBytes) {
    return BadSize("chain_hash", kHashBytes, record.chain_hash.size());
  }
  if (record.bucket.size() != kBucketBytes) {
    return BadSize("bucket", kBucketBytes, record.bucket.size());
  }
  if (record.signature.size() != kSignatureBytes) {
    return BadSize("signature", kSignatureBytes, record.signature.size());
  }
  if (record.first_seq == 0 || record.first_seq > record.batch_seq ||
      record.batch_seq > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return absl::InvalidArgumentError(
        absl::StrCat("first_seq ", record.first_seq, " and batch_seq ", record.batch_seq,
                     " must satisfy 1 <= first_seq <= batch_seq < 2^63"));
  }
  if (!IsShortText(record.country, kCountryCharactersMax)) {
    return absl::InvalidArgumentError("country must be empty or ISO 3166-1 alpha-2");
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<ChainMove> PlanMoves(absl::Span<const LogRecord> records) {
  std::vector<ChainMove> moves;
  absl::flat_hash_map<absl::string_view, size_t> move_of_agent;
  std::vector<bool> broken;  // by move: a later record of this agent cannot follow any more
  for (size_t i = 0; i < records.size(); ++i) {
    const LogRecord& record = records[i];
    const auto [it, is_first] = move_of_agent.try_emplace(record.agent_id, moves.size());
    if (is_first) {
      moves.push_back({record.agent_id,
                       record.first_seq - 1,
                       record.prev_hash,
                       0,
                       {},
                       record.key_generation,
                       {}});
      broken.push_back(false);
    } else if (const ChainMove& so_far = moves[it->second];
               record.first_seq != so_far.to_seq + 1 || record.prev_hash != so_far.to_head ||
               record.key_generation != so_far.key_generation) {
      broken[it->second] = true;
    }
    if (broken[it->second]) continue;
    ChainMove& move = moves[it->second];
    move.to_seq = record.batch_seq;
    move.to_head = record.chain_hash;
    move.records.push_back(i);
  }
  std::sort(moves.begin(), moves.end(),
            [](const ChainMove& a, const ChainMove& b) { return a.agent_id < b.agent_id; });
  return moves;
}

absl::Status CheckRecords(absl::Span<const LogRecord> records) {
  for (size_t i = 0; i < records.size(); ++i) {
    const absl::Status status = CheckRecord(records[i]);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("record ", i, " of the group cannot be stored: ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNode(absl::string_view node) {
  const bool fits = !node.empty() && node.size() <= kNodeCharactersMax &&
                    std::all_of(node.begin(), node.end(), [](unsigned char c) {
                      return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
                    });
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a node name must be 1 to ", kNodeCharactersMax,
                   " letters, digits, '.', '_' or '-'; give the collector another name"));
}

bool IsShortText(absl::string_view text, size_t size_max) {
  return text.size() <= size_max && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isprint(c);
         });
}

int64_t DayOf(int64_t unix_ms) {
  const int64_t day = unix_ms / kMsPerDay;
  return unix_ms % kMsPerDay < 0 ? day - 1 : day;
}

}  // namespace sightline

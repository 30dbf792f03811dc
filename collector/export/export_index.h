// Where what is in an export, found by reading it once from start to end.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_EXPORT_INDEX_H_
#define SIGHTLINE_COLLECTOR_EXPORT_EXPORT_INDEX_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/export/export_blocks.h"
#include "sightline/internal/v1/export.pb.h"

namespace sightline {

// Blocks of one kind, each as the key of its first row and the byte at which it starts.
template <typename Key>
struct BlockList {
  std::vector<std::pair<Key, uint64_t>> blocks;
  Key last_key{};  // of the last row
};

struct ExportIndex {
  internal::v1::ExportHeader header;
  internal::v1::ExportEnd end;
  std::vector<uint64_t> plans;
  BlockList<std::string> agents;                    // by agent_id
  std::map<std::string, BlockList<uint64_t>> logs;  // by node, then node_seq
  // By country, then start of the window (milliseconds) and target_id.
  std::map<std::string, BlockList<std::pair<int64_t, std::string>>> verdicts;
  std::map<std::string, std::vector<uint64_t>> events;  // by country
};

// Checks every block, that kinds and rows are in their order, so that each key is there once, and
// the rules of export_rows.h.
// DATA_LOSS names the byte of the first block that is not as it must be. `progress` is called now
// and then with the bytes read and those there are. Memory: some 50 bytes for each block.
absl::StatusOr<ExportIndex> ReadIndex(const ExportBlockReader& reader,
                                      const std::function<void(uint64_t, uint64_t)>& progress);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_EXPORT_INDEX_H_

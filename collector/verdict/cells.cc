#include "collector/verdict/cells.h"

#include "absl/status/status.h"

namespace sightline {
namespace {

// More origins than a country could have.
constexpr uint64_t kBucketsMax = 10'000'000;
// Sums of fractions are not exact.
constexpr double kEpsilon = 1e-6;

// Not of numbers that are none.
bool IsBetween(double low, double value, double high) { return value >= low && value <= high; }

bool IsPlausible(const internal::v1::Cell& cell) {
  return cell.buckets() <= kBucketsMax && cell.buckets_suspected() <= cell.buckets() &&
         uint64_t{cell.buckets_open()} + cell.buckets_blocked() <= cell.buckets() &&
         IsBetween(0, cell.weight(), kBucketsMax) &&
         IsBetween(0, cell.weight_open(), cell.weight() + kEpsilon);
}

}  // namespace

internal::v1::Cells CellsOf(const TargetTally& tally) {
  internal::v1::Cells cells;
  cells.set_controls_decided(tally.controls_decided);
  cells.set_controls_reached(tally.controls_reached);
  for (const auto& [place, evidence] : tally.cells) {
    internal::v1::Cell& cell = *cells.add_cells();
    cell.set_region(place.first);
    cell.set_asn(place.second);
    cell.set_buckets(evidence.votes.buckets);
    cell.set_buckets_open(evidence.buckets_open);
    cell.set_buckets_blocked(evidence.buckets_blocked);
    cell.set_weight(evidence.votes.weight);
    cell.set_weight_open(evidence.votes.weight_open);
    cell.set_buckets_bypassing(evidence.buckets_bypassing);
    cell.set_buckets_suspected(evidence.buckets_suspected);
    for (const auto& [cause, votes] : evidence.causes) {
      internal::v1::CellCause& each = *cell.add_causes();
      each.set_layer(cause.layer);
      each.set_failure(cause.failure);
      each.set_votes(votes);
    }
  }
  for (const InstrumentBug& bug : tally.instrument_bugs) {
    internal::v1::InstrumentBug& each = *cells.add_instrument_bugs();
    each.set_agent_version(bug.agent_version);
    each.set_buckets(bug.buckets);
    each.set_disputed(bug.disputed);
  }
  return cells;
}

std::string SerializeCells(const TargetTally& tally) { return CellsOf(tally).SerializeAsString(); }

absl::StatusOr<internal::v1::Cells> ParseCells(absl::string_view bytes) {
  internal::v1::Cells cells;
  if (!cells.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("the stored votes of a verdict cannot be read");
  }
  return cells;
}

bool ArePlausible(const internal::v1::Cells& cells) {
  uint64_t buckets = 0;
  for (const internal::v1::Cell& cell : cells.cells()) {
    buckets += cell.buckets();
    if (!IsPlausible(cell) || buckets > kBucketsMax) return false;
  }
  return cells.controls_reached() <= cells.controls_decided() &&
         cells.controls_decided() <= kBucketsMax;
}

}  // namespace sightline

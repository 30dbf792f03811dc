#include "collector/verdict/cells.h"

#include "sightline/internal/v1/fold.pb.h"

namespace sightline {

std::string SerializeCells(const TargetTally& tally) {
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
    cell.set_weight_squared(evidence.votes.weight_squared);
    cell.set_weight_open(evidence.votes.weight_open);
    for (const auto& [cause, votes] : evidence.causes) {
      internal::v1::CellCause& each = *cell.add_causes();
      each.set_layer(cause.layer);
      each.set_failure(cause.failure);
      each.set_votes(votes);
    }
  }
  return cells.SerializeAsString();
}

}  // namespace sightline

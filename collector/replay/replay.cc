#include "collector/replay/replay.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/replay/post.h"
#include "collector/replay/site.h"
#include "collector/replay/world.h"
#include "common/regions.h"

namespace sightline {
namespace {

// A folder that goes with its owner.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make() {
    std::string path =
        (std::filesystem::temp_directory_path() / "sightline-replay-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot make a folder ", path, "; set TMPDIR to one that can be written"));
    }
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// The letters of `waiting` that arrive before `until`, in the order in which they are appended: by
// time, or shuffled; an agent's own by batch_seq.
std::vector<Letter> TakeArrived(std::vector<Letter>& waiting, absl::Time until, uint64_t seed) {
  const auto late = std::stable_partition(
      waiting.begin(), waiting.end(),
      [&](const Letter& letter) { return letter.record.receive_time < until; });
  std::vector<Letter> arrived(std::make_move_iterator(waiting.begin()),
                              std::make_move_iterator(late));
  waiting.erase(waiting.begin(), late);
  const auto key = [&](const Letter& letter) {
    const int64_t time = absl::ToUnixMillis(letter.record.receive_time);
    // One agent's letters stay together when the order is another one than that of time.
    const uint64_t first =
        seed == 0
            ? static_cast<uint64_t>(time)
            : std::minstd_rand(static_cast<uint32_t>((seed + letter.resident) * 2654435761u))();
    return std::tuple(first, letter.resident, letter.record.batch_seq);
  };
  std::sort(arrived.begin(), arrived.end(),
            [&](const Letter& one, const Letter& other) { return key(one) < key(other); });
  return arrived;
}

class Run {
 public:
  Run(const Scenario& scenario, uint64_t seed, const ReplayOptions& options)
      : scenario_(scenario), options_(options), world_(scenario, seed) {
    replay_.scenario = scenario;
    replay_.seed = seed;
  }

  absl::StatusOr<Replay> All(Store& store, const RegionNames& regions) {
    ReplaySite site(store, regions, scenario_, world_, options_);
    if (absl::Status status = site.Begin(); !status.ok()) return status;
    Post post(scenario_, world_);
    for (int window = 0; window < scenario_.windows; ++window) {
      if (absl::Status status = One(site, post.Next(), window); !status.ok()) return status;
      if (options_.progress) options_.progress({window + 1, scenario_.windows, replay_.batches});
    }
    if (absl::Status status = site.End(); !status.ok()) return status;
    absl::StatusOr<std::vector<v1::Event>> events = site.Events();
    if (!events.ok()) return events.status();
    replay_.events = *std::move(events);
    return std::move(replay_);
  }

 private:
  absl::Status One(ReplaySite& site, Bag bag, int window) {
    const absl::Time start = scenario_.start + window * scenario_.window_length;
    const absl::Time end = start + scenario_.window_length;
    waiting_.insert(waiting_.end(), std::make_move_iterator(bag.begin()),
                    std::make_move_iterator(bag.end()));
    std::vector<Letter> arrived = TakeArrived(waiting_, end, options_.arrival_seed);
    ReplayWindow& result = replay_.windows.emplace_back();
    result.start = start;
    for (const Letter& letter : arrived) {
      if (letter.window == window) Count(letter, result);
    }
    replay_.batches += arrived.size();
    if (absl::Status status = site.Deliver(arrived, window); !status.ok()) return status;
    if (absl::Status status = site.Settle(end + world_.grace()); !status.ok()) return status;
    absl::StatusOr<v1::GetSummaryResponse> summary = site.Summary(start);
    if (!summary.ok()) return summary.status();
    result.summary = *std::move(summary);
    return absl::OkStatus();
  }

  void Count(const Letter& letter, ReplayWindow& window) const {
    const Resident& who = world_.residents()[letter.resident];
    if (who.control) return;
    for (size_t i = 0; i < letter.open.size(); ++i) {
      RawCount& count = window.raw[{scenario_.targets[i].target_id, who.region, who.asn}];
      ++count.decided;
      if (letter.open[i]) ++count.open;
    }
  }

  const Scenario& scenario_;
  const ReplayOptions& options_;
  const World world_;
  Replay replay_;
  std::vector<Letter> waiting_;  // sealed, and not arrived yet
};

}  // namespace

absl::StatusOr<Replay> RunReplay(const Scenario& scenario, uint64_t seed,
                                 const ReplayOptions& options) {
  if (options.nodes.empty()) return absl::InvalidArgumentError("a replay needs a collector");
  const absl::StatusOr<RegionNames> regions = RegionNames::Load();
  if (!regions.ok()) return regions.status();
  Run run(scenario, seed, options);
  if (options.store != nullptr) return run.All(*options.store, *regions);
  std::unique_ptr<TemporaryFolder> folder;
  std::string url = options.store_url;
  if (url.empty()) {
    absl::StatusOr<std::unique_ptr<TemporaryFolder>> made = TemporaryFolder::Make();
    if (!made.ok()) return made.status();
    folder = *std::move(made);
    url = absl::StrCat("sqlite:", folder->path(), "/replay.db");
  }
  const absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(url);
  if (!store.ok()) return store.status();
  return run.All(**store, *regions);
}

}  // namespace sightline

#include "collector/cli/score_command.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/cli/table.h"
#include "collector/replay/reliability_plot.h"
#include "collector/replay/score_report.h"
#include "common/files.h"

namespace sightline::cli {
namespace {

constexpr size_t kSeedsMax = 1000;

struct Job {
  size_t scenario = 0;
  uint64_t seed = 0;
};

// Hands out jobs, and keeps what they gave. Thread-safe.
class Board {
 public:
  Board(std::vector<Job> jobs, const Terminal& terminal)
      : jobs_(std::move(jobs)), scores_(jobs_.size()), terminal_(terminal) {}

  // Index of the next job; nothing when all are handed out, or one failed.
  std::optional<size_t> Take() {
    const std::lock_guard lock(mutex_);
    if (next_ == jobs_.size() || !status_.ok()) return std::nullopt;
    return next_++;
  }

  const Job& job(size_t index) const { return jobs_[index]; }

  void Finish(size_t index, const std::string& name,
              absl::StatusOr<std::array<Score, kMethods>> scores) {
    const std::lock_guard lock(mutex_);
    const std::string title = absl::StrCat(name, ", seed ", jobs_[index].seed);
    if (!scores.ok()) {
      status_.Update(absl::Status(scores.status().code(),
                                  absl::StrCat(title, ": ", scores.status().message())));
      return;
    }
    scores_[index] = *std::move(scores);
    ++done_;
    *terminal_.err << Printable(title) << ": done (" << done_ << " of " << jobs_.size() << ")"
                   << std::endl;
  }

  // When all threads have ended.
  const absl::Status& status() const { return status_; }
  const std::vector<std::array<Score, kMethods>>& scores() const { return scores_; }

 private:
  const std::vector<Job> jobs_;
  std::mutex mutex_;
  size_t next_ = 0;
  size_t done_ = 0;
  absl::Status status_;
  std::vector<std::array<Score, kMethods>> scores_;
  const Terminal& terminal_;
};

absl::StatusOr<std::vector<Scenario>> ReadScenarios(const std::vector<std::string>& paths) {
  std::vector<Scenario> scenarios;
  for (const std::string& path : paths) {
    absl::StatusOr<Scenario> scenario = ReadScenario(path);
    if (!scenario.ok()) return scenario.status();
    scenarios.push_back(*std::move(scenario));
  }
  return scenarios;
}

void Work(const std::vector<Scenario>& scenarios, const ReplayRunner& run, Board& board) {
  for (std::optional<size_t> index = board.Take(); index.has_value(); index = board.Take()) {
    const Job& job = board.job(*index);
    const Scenario& scenario = scenarios[job.scenario];
    const absl::StatusOr<Replay> replay = run(scenario, job.seed);
    if (!replay.ok()) {
      board.Finish(*index, scenario.name, replay.status());
      continue;
    }
    board.Finish(*index, scenario.name,
                 ScoreMethods(*replay, [&](const std::string& target_id, absl::Time start) {
                   return TruthAt(scenario, target_id, start);
                 }));
  }
}

absl::Status WriteFiles(const std::string& folder, const std::vector<ScenarioScore>& scores) {
  absl::Status status = SystemFiles().MakeFolder(folder);
  if (!status.ok()) return status;
  const auto write = [&](absl::string_view name, absl::string_view text) {
    status.Update(SystemFiles().WriteAtomically(absl::StrCat(folder, "/", name), text, 0644));
  };
  const ScenarioScore total = Total(scores);
  const std::string plot = ReliabilitySvg(
      absl::StrCat("How far Sightline's probabilities can be trusted: ", total.replays,
                   " replays of ", scores.size(), scores.size() == 1 ? " scenario" : " scenarios"),
      {{"Scope", total.methods[0].scope_calibration},
       {"Region states", total.methods[0].state_calibration}});
  write("scores.txt", ScoreTable(scores, /*colour=*/false));
  write("scores.json", ScoreJson(scores));
  write("reliability.svg", plot);
  return status;
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> ParseSeeds(absl::string_view text) {
  std::vector<uint64_t> seeds;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits("..", 1));
    uint64_t first = 0;
    uint64_t last = 0;
    const bool is_range = absl::StrContains(part, "..");
    if (!absl::SimpleAtoi(ends.first, &first) ||
        !absl::SimpleAtoi(is_range ? ends.second : ends.first, &last) || last < first) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", text, "\" is no list of seeds; write numbers, such as 101..105 or 1,3,7..9"));
    }
    if (last - first >= kSeedsMax - seeds.size()) {
      return absl::InvalidArgumentError(absl::StrCat("more than ", kSeedsMax, " seeds"));
    }
    for (uint64_t i = 0; i <= last - first; ++i) seeds.push_back(first + i);
  }
  return seeds;
}

absl::Status ShowScore(const ScoreOptions& options, const ReplayRunner& run,
                       const Terminal& terminal) {
  const absl::StatusOr<std::vector<uint64_t>> seeds = ParseSeeds(options.seeds);
  if (!seeds.ok()) return seeds.status();
  const absl::StatusOr<std::vector<Scenario>> scenarios = ReadScenarios(options.paths);
  if (!scenarios.ok()) return scenarios.status();

  std::vector<Job> jobs;
  for (size_t i = 0; i < scenarios->size(); ++i) {
    for (const uint64_t seed : *seeds) jobs.push_back({i, seed});
  }
  const size_t threads_max = std::min(static_cast<size_t>(options.jobs), jobs.size());
  Board board(jobs, terminal);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < threads_max; ++i) {
    threads.emplace_back([&] { Work(*scenarios, run, board); });
  }
  for (std::thread& thread : threads) thread.join();
  if (!board.status().ok()) return board.status();

  // In the order of the jobs, so that the same seeds give the same bytes.
  std::vector<ScenarioScore> scores(scenarios->size());
  for (size_t i = 0; i < jobs.size(); ++i) {
    ScenarioScore& score = scores[jobs[i].scenario];
    score.name = (*scenarios)[jobs[i].scenario].name;
    score += ScenarioScore{"", 1, board.scores()[i]};
  }
  if (!options.out_folder.empty()) {
    const absl::Status status = WriteFiles(options.out_folder, scores);
    if (!status.ok()) return status;
  }
  *terminal.out << (options.format == Format::kJson ? ScoreJson(scores)
                                                    : ScoreTable(scores, terminal.colour));
  return absl::OkStatus();
}

}  // namespace sightline::cli

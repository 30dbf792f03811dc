// Many honest agents in one process, told what to do on standard input, one word a line:
//   pause    stop sealing; answers "paused"
//   resume   seal again; answers "resumed"
//   drain    stop sealing, wait until every batch is acknowledged (at most --drain); answers as
//            `report` does
//   report   answers with one JSON object a line for each agent, then "done"
//   quit     ends; so does the end of the input
// Says "ready" when all agents are enrolled and have begun.
//
// The roster has one agent a line: NAME REGION INVITE ADDRESS[,ADDRESS...] [small] [blind]
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "tests/faults/fault_agent.h"

namespace sightline::faults {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Flags {
  std::string roster;
  std::string state;
  uint64_t seed = 0;
  int pace_ms = 100;
  int drain_s = 60;
};

// Seals for all agents, each at its own random pace.
class Sealing {
 public:
  Sealing(std::vector<std::unique_ptr<FaultAgent>>& agents, int pace_ms, uint64_t seed)
      : agents_(agents), pace_(2.0 / pace_ms), random_(seed), due_(agents.size()) {
    for (SteadyTime& due : due_) due = std::chrono::steady_clock::now() + Interval();
    thread_ = std::thread([this] { Run(); });
  }
  ~Sealing() {
    Set([this] { stopping_ = true; });
    thread_.join();
  }
  // On return nothing is being sealed.
  void Pause(bool paused) {
    Set([&] { paused_ = paused; });
  }

 private:
  template <typename Change>
  void Set(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::chrono::milliseconds Interval() {
    return std::chrono::milliseconds(
        1 + static_cast<int>(std::gamma_distribution<double>(2, 1 / pace_)(random_)));
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (paused_) {
        changed_.wait(lock);
        continue;
      }
      const auto next = std::min_element(due_.begin(), due_.end());
      if (*next > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, *next);
        continue;
      }
      FaultAgent& agent = *agents_[static_cast<size_t>(next - due_.begin())];
      if (const absl::Status status = agent.Seal(); !status.ok()) {
        spdlog::warn("a round is lost: {}", status.ToString());
      }
      *next = std::chrono::steady_clock::now() + Interval();
    }
  }

  std::vector<std::unique_ptr<FaultAgent>>& agents_;
  const double pace_;
  std::mt19937_64 random_;
  std::vector<SteadyTime> due_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

absl::StatusOr<std::vector<std::unique_ptr<FaultAgent>>> StartAll(const Flags& flags,
                                                                  const Clock& clock) {
  std::vector<std::unique_ptr<FaultAgent>> agents;
  std::ifstream roster(flags.roster);
  std::mt19937_64 random(flags.seed);
  for (std::string line; std::getline(roster, line);) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 4) return absl::InvalidArgumentError(absl::StrCat("roster: ", line));
    FaultAgentOptions options;
    options.state_folder = absl::StrCat(flags.state, "/", words[0]);
    options.region = words[1];
    options.invite = words[2];
    options.addresses = absl::StrSplit(words[3], ',');
    for (size_t i = 4; i < words.size(); ++i) {
      options.small_spool = options.small_spool || words[i] == "small";
      options.blind = options.blind || words[i] == "blind";
    }
    options.seed = random();
    auto agent = FaultAgent::Start(std::move(options), clock);
    if (!agent.ok()) {
      return absl::Status(agent.status().code(),
                          absl::StrCat(words[0], ": ", agent.status().message()));
    }
    agents.push_back(*std::move(agent));
  }
  return agents;
}

void Drain(const std::vector<std::unique_ptr<FaultAgent>>& agents, int seconds) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  const auto waiting = [&] {
    return std::any_of(agents.begin(), agents.end(),
                       [](const auto& agent) { return agent->Report().waiting > 0; });
  };
  while (waiting() && std::chrono::steady_clock::now() < deadline) {
    for (const auto& agent : agents) agent->Wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void Print(const std::vector<std::unique_ptr<FaultAgent>>& agents) {
  for (const auto& agent : agents) {
    const FaultAgentReport report = agent->Report();
    std::cout << absl::StrCat(
        "{\"agent_id\": \"", absl::BytesToHexString(report.agent_id), "\", \"region\": \"",
        report.region, "\", \"sealed\": ", report.sealed_seq, ", \"head\": \"",
        absl::BytesToHexString(report.head), "\", \"waiting\": ", report.waiting,
        ", \"lost\": ", report.lost, ", \"state\": \"", report.state, "\", \"detail_hex\": \"",
        absl::BytesToHexString(report.detail), "\"}\n");
  }
  std::cout << "done" << std::endl;
}

int Obey(std::vector<std::unique_ptr<FaultAgent>>& agents, const Flags& flags) {
  Sealing sealing(agents, flags.pace_ms, flags.seed + 1);
  std::cout << "ready" << std::endl;
  for (std::string word; std::getline(std::cin, word) && word != "quit";) {
    if (word == "pause" || word == "drain") sealing.Pause(true);
    if (word == "resume") sealing.Pause(false);
    if (word == "drain") Drain(agents, flags.drain_s);
    if (word == "drain" || word == "report") {
      Print(agents);
    } else {
      std::cout << word << "d" << std::endl;
    }
  }
  return 0;
}

int Main(int argc, char** argv) {
  KeepCryptoUntilExit();
  CLI::App app("Honest agents for the fault tests", "fault_agents");
  Flags flags;
  app.add_option("--roster", flags.roster)->required();
  app.add_option("--state", flags.state)->required();
  app.add_option("--seed", flags.seed)->required();
  app.add_option("--pace-ms", flags.pace_ms, "Mean time between two batches of an agent");
  app.add_option("--drain", flags.drain_s, "Seconds");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_default_logger(spdlog::stderr_color_mt("fault_agents"));
  const SystemClock clock;
  auto agents = StartAll(flags, clock);
  if (!agents.ok()) {
    spdlog::error("{}", agents.status().ToString());
    return 1;
  }
  return Obey(*agents, flags);
}

}  // namespace
}  // namespace sightline::faults

int main(int argc, char** argv) { return sightline::faults::Main(argc, argv); }

#include "collector/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "collector/verdict_metrics.h"
#include "common/files.h"
#include "common/message.h"
#include "tests/collector/cli/test_summary.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::Pair;

std::vector<std::string> Lines(const Metrics& metrics) {
  return absl::StrSplit(metrics.Text(), '\n', absl::SkipEmpty());
}

double Value(const Metrics& metrics, absl::string_view series) {
  for (const std::string& line : Lines(metrics)) {
    const size_t space = line.rfind(' ');
    double value = 0;
    if (line.substr(0, space) == series && absl::SimpleAtod(line.substr(space), &value)) {
      return value;
    }
  }
  ADD_FAILURE() << series << " is not shown";
  return -1;
}

TEST(MetricsTest, NamesAndTypesKeepPrometheusConventions) {
  Metrics metrics;
  metrics.PartUp("store").Set(1);
  std::map<std::string, std::string> types;
  std::set<std::string> helped;
  for (const std::string& line : Lines(metrics)) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[1] == "HELP") helped.insert(words[2]);
    if (words[1] == "TYPE") types[words[2]] = words[3];
  }
  EXPECT_GT(types.size(), 20u);
  for (const auto& [name, type] : types) {
    EXPECT_THAT(
        name,
        MatchesRegex("(sightline_(admin|ingest|writer|fold|health|tls|webhook)|process)_[a-z_]+"));
    EXPECT_THAT(helped, ::testing::Contains(name));
    // Counters, and only they, count up to a total.
    EXPECT_EQ(absl::EndsWith(name, "_total"), type == "counter") << name;
    // These endings are made by the library.
    EXPECT_FALSE(std::regex_search(name, std::regex("_(bucket|count|sum|info)$"))) << name;
    // Base units.
    EXPECT_THAT(name, Not(MatchesRegex(".*_(ms|milliseconds|kib|mib|minutes|hours|percent).*")));
    if (type == "histogram") {
      EXPECT_THAT(name, MatchesRegex(".*_(seconds|batches)"));
    }
  }
}

TEST(MetricsTest, EveryLineParses) {
  const Metrics metrics;
  const std::regex sample(R"(^[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? -?[0-9.e+-]+$)");
  for (const std::string& line : Lines(metrics)) {
    if (line[0] == '#') continue;
    EXPECT_TRUE(std::regex_match(line, sample)) << line;
  }
}

TEST(MetricsTest, LabelsThatAreKnownBeforehandShowAsZero) {
  const Metrics metrics;
  for (int reason = 0; reason < v1::RefusalReason_ARRAYSIZE; ++reason) {
    const std::string name = ShortName(static_cast<v1::RefusalReason>(reason));
    EXPECT_EQ(
        Value(metrics, absl::StrCat("sightline_ingest_refusals_total{reason=\"", name, "\"}")), 0);
  }
  EXPECT_EQ(Value(metrics, "sightline_fold_records_total{outcome=\"too_late\"}"), 0);
  EXPECT_EQ(Value(metrics, "sightline_writer_commits_failed_total{code=\"UNAVAILABLE\"}"), 0);
}

TEST(MetricsTest, CountersCountUnderTheirLabel) {
  Metrics metrics;
  metrics.Refused(v1::REFUSAL_REASON_BAD_SIGNATURE).Increment();
  metrics.Refused(v1::REFUSAL_REASON_BAD_SIGNATURE).Increment();
  // What another version of the protocol may name.
  metrics.Refused(static_cast<v1::RefusalReason>(99)).Increment();
  metrics.Folded("too_late").Increment();
  metrics.CommitFailed("UNAVAILABLE").Increment(3);
  EXPECT_EQ(Value(metrics, "sightline_ingest_refusals_total{reason=\"BAD_SIGNATURE\"}"), 2);
  EXPECT_EQ(Value(metrics, "sightline_ingest_refusals_total{reason=\"UNSPECIFIED\"}"), 1);
  EXPECT_EQ(Value(metrics, "sightline_fold_records_total{outcome=\"too_late\"}"), 1);
  EXPECT_THAT(metrics.CommitFailures(), ElementsAre(Pair("UNAVAILABLE", 3u)));
}

TEST(MetricsTest, ProcessTellsOfItself) {
  const Metrics metrics;
  EXPECT_GT(Value(metrics, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_LT(Value(metrics, "process_resident_memory_bytes"),
            Value(metrics, "process_virtual_memory_bytes"));
  EXPECT_GE(Value(metrics, "process_cpu_seconds_total"), 0);
  EXPECT_GE(Value(metrics, "process_threads"), 1);
  const double started = Value(metrics, "process_start_time_seconds");
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_GT(started, now - 3600);
  EXPECT_LT(started, now + 2);
  const double open = Value(metrics, "process_open_fds");
  EXPECT_LT(open, Value(metrics, "process_max_fds"));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(Value(metrics, "process_open_fds"), open + 2);
  close(ends[0]);
  close(ends[1]);
}

// Names of metrics in a text, without what the library adds to those of histograms.
std::set<std::string> NamesIn(const std::string& text) {
  static const std::regex kName(
      "sightline_(ingest|writer|fold|health|verdict|webhook)_[a-z_]*[a-z]");
  std::set<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), kName), end; it != end; ++it) {
    names.insert(std::regex_replace(it->str(), std::regex("_(bucket|count|sum)$"), ""));
  }
  return names;
}

std::set<std::string> NamesInFile(const std::string& path) {
  absl::StatusOr<std::string> text = SystemFiles().Read(absl::StrCat(SIGHTLINE_ROOT, "/", path));
  EXPECT_TRUE(text.ok()) << text.status();
  return NamesIn(*text);
}

TEST(MetricsTest, ReadmeHasEveryMetricAndAlertsAndDashboardUseNoOther) {
  Metrics metrics;
  metrics.PartUp("store").Set(1);
  Board board;
  v1::GetSummaryResponse summary = cli::TwoCities();
  summary.mutable_verdicts(0)->add_scope_posteriors()->set_posterior(1);
  board.Put("CN", std::make_shared<const v1::GetSummaryResponse>(summary));
  const std::set<std::string> shown = NamesIn(metrics.Text(CollectVerdictMetrics(board)));
  EXPECT_EQ(NamesInFile("collector/README.md"), shown);
  for (const char* user :
       {"deploy/prometheus/sightline.rules.yml", "deploy/prometheus/grafana.json"}) {
    const std::set<std::string> used = NamesInFile(user);
    EXPECT_FALSE(used.empty()) << user;
    EXPECT_THAT(shown, ::testing::IsSupersetOf(used)) << user;
  }
}

}  // namespace
}  // namespace sightline

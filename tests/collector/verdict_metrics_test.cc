#include "collector/verdict_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <memory>
#include <string>

#include "tests/collector/cli/test_summary.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string TextOf(const Board& board) {
  return prometheus::TextSerializer().Serialize(CollectVerdictMetrics(board));
}

v1::GetSummaryResponse Summary() {
  v1::GetSummaryResponse summary;
  summary.set_country("CN");
  *summary.mutable_window_start_time() = ToProto(cli::kWindowStart);
  *summary.mutable_window_length() = ToProto(absl::Hours(1));
  v1::TargetVerdict& verdict = *summary.add_verdicts();
  verdict.set_target_id("whatsapp");
  verdict.set_scope(v1::SCOPE_LOCAL);
  verdict.set_service_state(v1::SERVICE_STATE_UP);
  v1::ScopePosterior& posterior = *verdict.add_scope_posteriors();
  posterior.set_scope(v1::SCOPE_LOCAL);
  posterior.set_posterior(0.75);
  v1::RegionAccess& beijing = *verdict.add_regions();
  beijing.set_region("CN-BJ");
  *beijing.mutable_access() = cli::OpenAccess();
  v1::RegionAccess& tibet = *verdict.add_regions();
  tibet.set_region("CN-XZ");
  tibet.mutable_access()->set_state(v1::ACCESS_STATE_UNKNOWN);
  verdict.add_events()->set_kind(v1::EVENT_KIND_OPENING);
  verdict.mutable_events(0)->set_end(v1::EVENT_END_ONGOING);
  verdict.add_events()->set_kind(v1::EVENT_KIND_CLOSING);
  verdict.mutable_events(1)->set_end(v1::EVENT_END_REVERSED);
  return summary;
}

TEST(VerdictMetricsTest, SayWhatASummarySays) {
  Board board;
  board.Put("CN", std::make_shared<const v1::GetSummaryResponse>(Summary()));
  const std::string text = TextOf(board);
  for (const char* line :
       {"sightline_verdict_window_end_seconds{country=\"CN\"} 1712365200\n",
        "sightline_verdict_scope{country=\"CN\",target=\"whatsapp\",scope=\"LOCAL\"} 1\n",
        "sightline_verdict_scope_posterior{country=\"CN\",target=\"whatsapp\",scope=\"LOCAL\"} "
        "0.75\n",
        "sightline_verdict_service_state{country=\"CN\",target=\"whatsapp\",state=\"UP\"} 1\n",
        "sightline_verdict_events{country=\"CN\",target=\"whatsapp\",kind=\"OPENING\"} 1\n",
        "sightline_verdict_events{country=\"CN\",target=\"whatsapp\",kind=\"CLOSING\"} 0\n",
        "region=\"CN-BJ\",state=\"OPEN\"} 1\n", "region=\"CN-XZ\",state=\"UNKNOWN\"} 1\n",
        "region=\"CN-BJ\",vote=\"open\"} 8\n", "region=\"CN-BJ\",vote=\"blocked\"} 0\n",
        "sightline_verdict_region_flip_cost{country=\"CN\",target=\"whatsapp\",region=\"CN-BJ\"} "
        "8\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("region=\"CN-XZ\",vote"))) << "nobody voted there";
}

TEST(VerdictMetricsTest, ACountryWithoutASummaryHasNone) {
  Board board;
  EXPECT_THAT(TextOf(board), IsEmpty());
  board.Put("CN", absl::UnavailableError("no window is complete yet"));
  EXPECT_THAT(TextOf(board), IsEmpty());
  board.Put("IR", std::make_shared<const v1::GetSummaryResponse>(Summary()));
  EXPECT_THAT(TextOf(board), HasSubstr("sightline_verdict_scope"));
}

}  // namespace
}  // namespace sightline

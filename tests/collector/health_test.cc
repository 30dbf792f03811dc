#include "collector/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <vector>

#include "collector/signals.h"
#include "tests/collector/fake_steady_clock.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HealthTest : public ::testing::Test {
 protected:
  void ReportAll(HealthState state) {
    for (const HealthPart part :
         {HealthPart::kStore, HealthPart::kIntake, HealthPart::kFold, HealthPart::kPlan}) {
      health_.Set(part, state, "");
    }
  }

  HttpResponse Get(const std::string& path) {
    return SignalsHandler(metrics_, health_, board_, pulse_)({"GET", path, "", {}});
  }

  std::string Reason(const char* part) {
    const boost::json::value json = boost::json::parse(Get("/healthz").body);
    return std::string(json.at("parts").at(part).at("reason").as_string());
  }

  FakeSteadyClock steady_clock_;
  Pulse pulse_{steady_clock_};
  FakeClock clock_{kTestNow};
  Health health_{clock_};
  Metrics metrics_;
  Board board_;
};

TEST_F(HealthTest, HealthzIs200WhileNothingFailsAnd503AndWhyOtherwise) {
  ReportAll(HealthState::kServing);
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_THAT(Get("/healthz").body, HasSubstr(R"("status":"SERVING")"));
  health_.Set(HealthPart::kPlan, HealthState::kDegraded, "none is published");
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_THAT(Get("/healthz").body, HasSubstr(R"("status":"DEGRADED")"));
  EXPECT_EQ(Reason("plan"), "none is published");
  health_.Set(HealthPart::kFold, HealthState::kFailing, "the log is damaged");
  EXPECT_EQ(Get("/healthz").status, 503);
  EXPECT_EQ(Get("/healthz").content_type, "application/json");
  EXPECT_THAT(Get("/healthz").body, HasSubstr(R"("status":"FAILING")"));
  EXPECT_EQ(Reason("fold"), "the log is damaged");
  EXPECT_EQ(Get("/livez").status, 200);
}

TEST_F(HealthTest, LivezFailsOnceTheWatchIsSilent) {
  steady_clock_.Advance(Pulse::kSilenceMax);
  EXPECT_EQ(Get("/livez").status, 200);
  steady_clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Get("/livez").status, 503);
  EXPECT_EQ(Get("/livez").body, "stuck for 21 s\n");
  pulse_.Beat();
  EXPECT_EQ(Get("/livez").status, 200);
}

TEST_F(HealthTest, EachServiceFollowsItsParts) {
  std::vector<ServiceHealth> heard;
  health_.Follow([&heard](const ServiceHealth& services) { heard.push_back(services); });
  ReportAll(HealthState::kServing);
  health_.Set(HealthPart::kStore, HealthState::kFailing, "no answer");
  health_.Set(HealthPart::kStore, HealthState::kFailing, "still no answer");
  health_.Set(HealthPart::kFold, HealthState::kFailing, "damaged");
  health_.Set(HealthPart::kPlan, HealthState::kDegraded, "none");
  health_.Set(HealthPart::kStore, HealthState::kServing, "");
  EXPECT_THAT(heard, ElementsAre(ServiceHealth{true, true}, ServiceHealth{false, true},
                                 ServiceHealth{false, false}, ServiceHealth{true, false}));
  health_.Follow(nullptr);
  health_.Set(HealthPart::kFold, HealthState::kServing, "");
  EXPECT_EQ(heard.size(), 4u);
  EXPECT_EQ(health_.Services(), (ServiceHealth{true, true}));
}

TEST_F(HealthTest, SinceIsWhenTheStateChangedNotTheReason) {
  health_.Set(HealthPart::kStore, HealthState::kFailing, "one");
  clock_.Advance(absl::Minutes(1));
  health_.Set(HealthPart::kStore, HealthState::kFailing, "two");
  EXPECT_EQ(health_.Get(HealthPart::kStore).since, kTestNow);
  EXPECT_EQ(Reason("store"), "two");
  health_.Set(HealthPart::kStore, HealthState::kServing, "");
  EXPECT_EQ(health_.Get(HealthPart::kStore).since, kTestNow + absl::Minutes(1));
}

TEST_F(HealthTest, ReasonsHaveNoAddressesAndStayText) {
  health_.Set(HealthPart::kStore, HealthState::kFailing,
              "\"},{ connection to 192.0.2.5 (2001:db8::5) by postgresql://me:secret@h/x\n");
  EXPECT_EQ(Reason("store"), "\"},{ connection to (address) ((address)) by (url)\n");
}

TEST_F(HealthTest, MetricsArePrometheusTextAndOtherPathsAreNot) {
  const HttpResponse response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, AllOf(HasSubstr("# TYPE sightline_ingest_streams gauge\n"),
                                   HasSubstr("process_resident_memory_bytes ")));
  EXPECT_EQ(Get("/").status, 404);
  EXPECT_EQ(Get("/metrics/x").status, 404);
}

}  // namespace
}  // namespace sightline

// The plan that operators start from: deploy/plan/default.txtpb.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "common/files.h"
#include "common/layers.h"
#include "common/plan.h"
#include "common/plan_file.h"
#include "common/regions.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::IsSupersetOf;
using ::testing::Le;

class DefaultPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto text = SystemFiles().Read(SIGHTLINE_DEFAULT_PLAN);
    ASSERT_TRUE(text.ok()) << text.status();
    const auto file = ParsePlanFile(*text, kTestNow);
    ASSERT_TRUE(file.ok()) << file.status();
    plan_ = file->plan;
    for (const v1::Target& target : plan_.targets()) targets_[target.target_id()] = &target;
  }

  std::set<std::string> Targets(v1::TargetKind kind) const {
    std::set<std::string> result;
    for (const auto& [id, target] : targets_) {
      if (target->kind() == kind) result.insert(id);
    }
    return result;
  }

  std::set<std::string> Hosts(const std::string& target_id) const {
    std::set<std::string> result;
    for (const v1::Feature& feature : targets_.at(target_id)->features()) {
      for (const v1::Check& check : feature.checks()) result.insert(check.host());
    }
    return result;
  }

  v1::Plan plan_;
  std::map<std::string, const v1::Target*> targets_;
};

TEST_F(DefaultPlanTest, OpensAsAgentsOpenIt) {
  const SigningKey key = SigningKey::Generate();
  const auto opened = OpenPlan(SignPlan(plan_, key), {key.public_key()}, 0, kTestNow);
  EXPECT_TRUE(std::holds_alternative<v1::Plan>(opened));
  EXPECT_LE(plan_.ByteSizeLong(), size_t{16} * 1024) << "every agent fetches it";
}

TEST_F(DefaultPlanTest, ObservesEachProvinceOfTheMainland) {
  const auto names = RegionNames::Load();
  ASSERT_TRUE(names.ok()) << names.status();
  ASSERT_EQ(plan_.countries_size(), 1);
  EXPECT_EQ(plan_.countries(0).country(), "CN");
  std::set<std::string> regions(plan_.countries(0).regions().begin(),
                                plan_.countries(0).regions().end());
  EXPECT_EQ(regions.size(), 31U);
  for (const std::string& region : regions) EXPECT_TRUE(names->Knows(region)) << region;
  for (const char* other : {"CN-HK", "CN-MO", "CN-TW"}) EXPECT_EQ(regions.count(other), 0U);
}

TEST_F(DefaultPlanTest, HasServicesAnchorsAndCanaries) {
  EXPECT_EQ(Targets(v1::TARGET_KIND_SERVICE),
            (std::set<std::string>{"whatsapp", "signal", "instagram"}));
  EXPECT_THAT(Targets(v1::TARGET_KIND_DOMESTIC_ANCHOR),
              IsSupersetOf(std::set<std::string>{"wechat", "weibo"}));
  EXPECT_GE(Targets(v1::TARGET_KIND_FOREIGN_ANCHOR).size(), 2U);
  EXPECT_GE(Targets(v1::TARGET_KIND_CANARY).size(), 3U);
  size_t checks = 0;
  for (const auto& [id, target] : targets_) {
    EXPECT_FALSE(target->display_name().empty()) << id;
    EXPECT_TRUE(target->features(0).essential()) << id;
    for (const v1::Feature& feature : target->features()) checks += feature.checks().size();
    // Whether a store lists an app is no matter of this network.
    for (const std::string& host : Hosts(id)) EXPECT_NE(host, "itunes.apple.com");
  }
  EXPECT_THAT(checks, AllOf(Ge(30U), Le(36U)));
}

TEST_F(DefaultPlanTest, AsksForWhatPeopleDoWithEachService) {
  EXPECT_THAT(Hosts("whatsapp"),
              IsSupersetOf({"g.whatsapp.net", "e1.whatsapp.net", "e16.whatsapp.net",
                            "web.whatsapp.com", "v.whatsapp.net", "mmg.whatsapp.net"}));
  EXPECT_EQ(Hosts("signal"), (std::set<std::string>{"cdsi.signal.org", "chat.signal.org",
                                                    "sfu.voip.signal.org", "storage.signal.org"}));
  EXPECT_EQ(Hosts("instagram"),
            (std::set<std::string>{"www.instagram.com", "i.instagram.com",
                                   "edge-chat.instagram.com", "static.cdninstagram.com"}));
}

TEST_F(DefaultPlanTest, ServicesCanProveWhoTheyAre) {
  for (const std::string& id : Targets(v1::TARGET_KIND_SERVICE)) {
    for (const v1::Feature& feature : targets_.at(id)->features()) {
      for (const v1::Check& check : feature.checks()) {
        EXPECT_TRUE(ProtocolHas(check.protocol(), v1::LAYER_APP)) << check.check_id();
      }
    }
  }
}

TEST_F(DefaultPlanTest, WhatsAppChatIsAnyOfItsTransports) {
  const v1::Feature& messaging = targets_.at("whatsapp")->features(0);
  EXPECT_EQ(messaging.feature_id(), "messaging");
  EXPECT_TRUE(messaging.essential());
  EXPECT_EQ(messaging.rule(), v1::FEATURE_RULE_ANY_OF);
  std::set<uint32_t> noise_ports;
  int web_sockets = 0;
  for (const v1::Check& check : messaging.checks()) {
    if (check.protocol() == v1::CHECK_PROTOCOL_NOISE) noise_ports.insert(check.port());
    if (check.protocol() != v1::CHECK_PROTOCOL_NOISE_WEBSOCKET) continue;
    ++web_sockets;
    EXPECT_EQ(check.host() + check.path(), "web.whatsapp.com/ws/chat");
    EXPECT_EQ(check.origin(), "https://web.whatsapp.com");
  }
  EXPECT_EQ(noise_ports, (std::set<uint32_t>{443, 5222}));
  EXPECT_EQ(web_sockets, 1);
  ASSERT_EQ(plan_.noise_profiles_size(), 1);
  const v1::NoiseProfile& profile = plan_.noise_profiles(0);
  EXPECT_EQ(absl::BytesToHexString(profile.header()), "57410603");
  ASSERT_EQ(profile.root_keys_size(), 1);
  EXPECT_EQ(absl::BytesToHexString(profile.root_keys(0)),
            "142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b");
}

TEST_F(DefaultPlanTest, SignalIsTrustedByItsOwnRootUntil2032) {
  ASSERT_EQ(plan_.root_sets_size(), 1);
  const v1::RootSet& roots = plan_.root_sets(0);
  EXPECT_TRUE(roots.include_system());
  EXPECT_EQ(CountCertificates(roots.pem()), 1);
  for (const v1::Feature& feature : targets_.at("signal")->features()) {
    for (const v1::Check& check : feature.checks()) EXPECT_EQ(check.root_set(), roots.name());
  }
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(roots.pem().data(), static_cast<int>(roots.pem().size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> root(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ASSERT_NE(root, nullptr);
  // Signs itself, and holds from 2022-01-26 00:45:51 to 2032-01-24 00:45:50 UTC.
  EXPECT_EQ(X509_verify(root.get(), X509_get0_pubkey(root.get())), 1);
  time_t first = 1'643'157'951;
  time_t last = 1'958'517'950;
  EXPECT_EQ(X509_cmp_time(X509_get0_notBefore(root.get()), &first), -1);
  first -= 1;
  EXPECT_EQ(X509_cmp_time(X509_get0_notBefore(root.get()), &first), 1);
  last -= 1;
  EXPECT_EQ(X509_cmp_time(X509_get0_notAfter(root.get()), &last), 1);
  last += 1;
  EXPECT_EQ(X509_cmp_time(X509_get0_notAfter(root.get()), &last), -1);
}

TEST_F(DefaultPlanTest, OutlastsPenaltiesAndHearsLateAnswers) {
  EXPECT_GE(FromProto(plan_.cool_down()), absl::Seconds(200));
  EXPECT_EQ(FromProto(plan_.dns_hold()), absl::Seconds(2));
  EXPECT_EQ(FromProto(plan_.round_interval()), absl::Minutes(10));
  EXPECT_EQ(FromProto(plan_.check_timeout()), absl::Seconds(10));
  EXPECT_TRUE(plan_.ask_system_resolver());
  EXPECT_GE(plan_.resolvers_size(), 3);
  EXPECT_THAT(plan_.forged_ranges(), ::testing::ElementsAre("2001::/32"));
}

TEST_F(DefaultPlanTest, ComparesWithMoreThanOneNeutralServer) {
  EXPECT_FALSE(plan_.contrasts().neutral_name().empty());
  EXPECT_GE(plan_.contrasts().neutral_servers_size(), 2);
  for (const v1::NeutralServer& server : plan_.contrasts().neutral_servers()) {
    EXPECT_NE(server.other_port(), 0U) << server.name();
  }
  EXPECT_TRUE(plan_.has_captive_portal());
}

// What only the operator can choose is left out, not made up.
TEST_F(DefaultPlanTest, LeavesToTheOperatorWhatIsTheirs) {
  EXPECT_TRUE(plan_.injection_control().empty());
  EXPECT_TRUE(plan_.echo_services().empty());
  const std::string text = *SystemFiles().Read(SIGHTLINE_DEFAULT_PLAN);
  EXPECT_TRUE(absl::StrContains(text, "# injection_control: "));
  EXPECT_TRUE(absl::StrContains(text, "# echo_services {"));
}

TEST_F(DefaultPlanTest, EveryServiceIsLookedUpInChinasAppStore) {
  std::set<std::string> looked_up;
  std::set<std::string> paths;
  for (const v1::Storefront& store : plan_.storefronts()) {
    EXPECT_EQ(store.country(), "CN");
    EXPECT_EQ(store.check().count_member(), "resultCount");
    EXPECT_TRUE(absl::EndsWith(store.check().path(), "&country=cn")) << store.check().path();
    looked_up.insert(store.target_id());
    paths.insert(store.check().path());
  }
  EXPECT_EQ(looked_up, Targets(v1::TARGET_KIND_SERVICE));
  EXPECT_EQ(paths.size(), looked_up.size());
}

}  // namespace
}  // namespace sightline

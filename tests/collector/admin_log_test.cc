#include "collector/admin_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/admin_detail.h"
#include "common/message.h"
#include "tests/collector/memory_store.h"
#include "tests/common/fake_clock.h"
#include "tests/common/test_plan.h"

namespace sightline {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class AdminLogTest : public ::testing::Test {
 protected:
  absl::Status Run(const absl::Status& outcome) {
    return log_.Run({"socket", "RevokeAgent", "detail"}, [&] {
      ++runs_;
      // It is there before anything is done.
      seen_ = store_.ListAuditEntries(1'000'000, 10)->size();
      return outcome;
    });
  }
  v1::ListAuditEntriesResponse List(int page_size = 0, const std::string& token = "") {
    v1::ListAuditEntriesRequest request;
    request.set_page_size(page_size);
    request.set_page_token(token);
    const auto response = log_.List(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::ListAuditEntriesResponse());
  }

  MemoryStore store_;
  FakeClock clock_{kTestNow};
  Metrics metrics_;
  AdminLog log_{store_, "n7", clock_, metrics_};
  int runs_ = 0;
  size_t seen_ = 0;
};

TEST_F(AdminLogTest, ACallIsWrittenBeforeItBeginsAndGetsItsOutcomeAfterwards) {
  EXPECT_TRUE(Run(absl::OkStatus()).ok());
  EXPECT_EQ(seen_, 1u);
  EXPECT_TRUE(absl::IsNotFound(Run(absl::NotFoundError("agent_id: none"))));
  const v1::ListAuditEntriesResponse all = List();
  ASSERT_THAT(all.entries(), SizeIs(2));
  EXPECT_EQ(all.entries(0).audit_seq(), 2u);
  EXPECT_EQ(all.entries(0).outcome(), "NOT_FOUND");
  EXPECT_EQ(all.entries(1).outcome(), "OK");
  EXPECT_EQ(all.entries(1).node(), "n7");
  EXPECT_EQ(all.entries(1).actor(), "socket");
  EXPECT_EQ(FromProto(all.entries(1).time()), kTestNow);
  EXPECT_EQ(metrics_.AdminCalled("RevokeAgent", "NOT_FOUND").Value(), 1);
}

TEST_F(AdminLogTest, WhatCannotBeWrittenDownIsNotDone) {
  store_.FailWith(absl::UnavailableError("the store is away"));
  const absl::Status status = Run(absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("nothing was done"));
  EXPECT_EQ(runs_, 0);
  EXPECT_EQ(metrics_.AdminCalled("RevokeAgent", "UNAVAILABLE").Value(), 1);
}

TEST_F(AdminLogTest, PagesGoFromTheNewestToTheFirst) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Run(absl::OkStatus()).ok());
  std::vector<uint64_t> seqs;
  std::string token;
  do {
    const v1::ListAuditEntriesResponse page = List(2, token);
    for (const v1::AuditEntry& entry : page.entries()) seqs.push_back(entry.audit_seq());
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_THAT(seqs, ::testing::ElementsAre(5, 4, 3, 2, 1));
  v1::ListAuditEntriesRequest bad;
  bad.set_page_token("%");
  EXPECT_TRUE(absl::IsInvalidArgument(log_.List(bad).status()));
}

TEST_F(AdminLogTest, NotesAreOneShortLineWhateverTheBytes) {
  EXPECT_EQ(NoteText("a\nb\x1b[31m\"c\""), "a\\nb\\033[31m\\\"c\\\"");
  std::string chinese;
  for (int i = 0; i < 500; ++i) chinese += "\xe8\xaf\xb4";
  const std::string cut = NoteText(chinese);
  EXPECT_LE(cut.size(), 1000u);
  EXPECT_THAT(cut, EndsWith("\xe8\xaf\xb4..."));
}

TEST_F(AdminLogTest, DetailsHoldWhatWasAskedAndNoSecret) {
  v1::CreateWebhookRequest webhook;
  webhook.mutable_webhook()->set_country("CN");
  webhook.mutable_webhook()->set_url("https://user:word@hooks.example/in?token=abc123");
  webhook.mutable_webhook()->add_target_ids("whatsapp");
  EXPECT_THAT(DetailOf(webhook), HasSubstr("hooks.example"));
  EXPECT_THAT(DetailOf(webhook), Not(HasSubstr("abc123")));
  EXPECT_THAT(DetailOf(webhook), Not(HasSubstr("word")));
  v1::RevokeAgentRequest revoke;
  revoke.set_agent_id(std::string(32, '\xab'));
  revoke.set_reason("line\nagent=\"other\"");
  EXPECT_THAT(DetailOf(revoke), HasSubstr("reason=\"line\\nagent=\\\"other\\\"\""));
  v1::CreateInvitesRequest invites;
  invites.set_count(3);
  invites.set_role(v1::AGENT_ROLE_CONTROL);
  EXPECT_EQ(DetailOf(invites), "count=3 role=CONTROL");
  v1::CreateAnnotationRequest note;
  note.mutable_annotation()->set_country(std::string(2000, 'x'));
  note.mutable_annotation()->set_text(std::string(2000, 'y'));
  EXPECT_LE(DetailOf(note).size(), 1000u);
}

}  // namespace
}  // namespace sightline

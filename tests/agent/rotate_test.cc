#include "agent/rotate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "common/wire.h"
#include "tests/agent/agent_fixture.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/agent/faulty_files.h"

namespace sightline::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What a collector keeps of one agent's keys, by the rules of Ingest.RotateKey.
class KeyBook {
 public:
  explicit KeyBook(const VerifyKey& first) : keys_({{1, first}}) {}

  absl::Status Take(const v1::KeySuccession& succession) {
    if (last_.SerializeAsString() == succession.SerializeAsString()) return absl::OkStatus();
    const auto next = VerifyKey::FromRaw(succession.public_key());
    if (!next.ok()) return next.status();
    const std::string payload = RotatePayload(succession.agent_id(), succession.generation(),
                                              succession.from_seq(), succession.public_key());
    if (!keys_.back().second.Verify(kRotateDomain, payload, succession.signature()) ||
        !next->Verify(kRotateDomain, payload, succession.proof())) {
      return absl::UnauthenticatedError("signature or proof do not fit");
    }
    if (succession.generation() != keys_.size()) {
      return absl::FailedPreconditionError("another generation than the next");
    }
    keys_.emplace_back(succession.from_seq(), *next);
    last_ = succession;
    return absl::OkStatus();
  }

  // The key that must sign the batch.
  const VerifyKey& KeyFor(uint64_t seq) const {
    size_t i = keys_.size() - 1;
    while (i > 0 && keys_[i].first > seq) --i;
    return keys_[i].second;
  }
  size_t generations() const { return keys_.size() - 1; }

 private:
  std::vector<std::pair<uint64_t, VerifyKey>> keys_;
  v1::KeySuccession last_;
};

class RotateTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::RotateKeyResponse> Answer(const std::string& road, const std::string& roots,
                                               const v1::RotateKeyRequest& request) {
    roads_.push_back(road);
    EXPECT_EQ(roots, "roots");
    requests_.push_back(request.SerializeAsString());
    if (!verdict_.ok()) return verdict_;
    if (const absl::Status status = book_.Take(request.succession()); !status.ok()) return status;
    if (answer_lost_) return absl::UnavailableError("the connection broke");
    return v1::RotateKeyResponse();
  }
  RotateKeyCall Call() {
    return [this](const auto&... arguments) { return Answer(arguments...); };
  }
  absl::Status Run(Files& files = SystemFiles()) {
    out_.str("");
    return RotateKey({folder_.path(), std::nullopt}, files, Call(), out_);
  }
  absl::StatusOr<AgentKey> Loaded() {
    return LoadAgentKey(folder_.state(), *folder_.state().LoadIdentity());
  }
  bool HasTraces() {
    return std::filesystem::exists(folder_.state().NextKeyPath()) ||
           std::filesystem::exists(folder_.state().RotationPath());
  }

  EnrolledFolder folder_;
  const std::string agent_id_ = folder_.state().LoadIdentity()->agent_id;
  KeyBook book_{folder_.state().LoadKey()->public_key()};
  absl::Status verdict_;
  bool answer_lost_ = false;
  std::vector<std::string> roads_;
  std::vector<std::string> requests_;
  std::ostringstream out_;
};

TEST_F(RotateTest, NewKeySignsFromTheNextBatchOnAndTheNameStays) {
  folder_.Fill(3, 3);
  const std::string old_key = folder_.state().LoadKey()->public_key().raw();
  const absl::Status status = Run();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(out_.str(), HasSubstr("from report 4 on"));
  const Identity identity = *folder_.state().LoadIdentity();
  EXPECT_EQ(identity.agent_id, agent_id_);
  EXPECT_EQ(identity.key_generation, 1u);
  const auto key = Loaded();
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_FALSE(key->pending.has_value());
  EXPECT_NE(key->key.public_key().raw(), old_key);
  EXPECT_EQ(book_.KeyFor(3).raw(), old_key);
  EXPECT_EQ(book_.KeyFor(4).raw(), key->key.public_key().raw());
  EXPECT_FALSE(HasTraces());
  struct stat info = {};
  ASSERT_EQ(stat(folder_.state().KeyPath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(RotateTest, KeyCanBeChangedAgain) {
  ASSERT_TRUE(Run().ok());
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(book_.generations(), 2u);
  EXPECT_EQ(folder_.state().LoadIdentity()->key_generation, 2u);
  EXPECT_EQ(Loaded()->key.public_key().raw(), book_.KeyFor(1).raw());
}

TEST_F(RotateTest, ReportsThatWaitKeepTheirKey) {
  folder_.Fill(3, 2);
  const absl::Status status = Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 reports wait"));
  EXPECT_TRUE(roads_.empty());
  EXPECT_FALSE(HasTraces());
}

TEST_F(RotateTest, LostAnswerIsFinishedByTheSameRequest) {
  answer_lost_ = true;
  const absl::Status status = Run();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(roads_, ElementsAre("a:1", "b:2"));
  ASSERT_TRUE(Loaded()->pending.has_value());
  answer_lost_ = false;
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(requests_.front(), requests_.back());
  EXPECT_EQ(book_.generations(), 1u);
  EXPECT_FALSE(HasTraces());
}

TEST_F(RotateTest, RefusalOfTheFirstTryLeavesTheOldKeyInForce) {
  verdict_ = absl::UnimplementedError("no such method");
  const absl::Status status = Run();
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("the old one stays in force"));
  EXPECT_EQ(Loaded()->key.public_key().raw(), book_.KeyFor(1).raw());
  EXPECT_FALSE(HasTraces());
}

TEST_F(RotateTest, RefusalAfterATryThatMayHaveWorkedTakesNothingBack) {
  answer_lost_ = true;
  EXPECT_FALSE(Run().ok());
  verdict_ = absl::NotFoundError("no such agent");
  EXPECT_FALSE(Run().ok());
  EXPECT_TRUE(Loaded()->pending.has_value());
}

TEST_F(RotateTest, KeyThatOthersCanReadIsNotUsed) {
  ASSERT_EQ(chmod(folder_.state().KeyPath().c_str(), 0640), 0);
  EXPECT_THAT(std::string(Run().message()), HasSubstr("chmod 600"));
  EXPECT_TRUE(roads_.empty());
}

TEST_F(RotateTest, AgentThatRunsIsLeftAlone) {
  const auto lock = FolderLock::Take(folder_.state());
  EXPECT_THAT(std::string(Run().message()), HasSubstr("stop it first"));
}

TEST_F(RotateTest, KeyOfAnotherAgentIsNoticedAlsoAfterAChange) {
  ASSERT_TRUE(Run().ok());
  ASSERT_TRUE(folder_.state().SaveKey(SigningKey::Generate(), folder_.state().KeyPath()).ok());
  EXPECT_THAT(std::string(Loaded().status().message()), HasSubstr("do not belong together"));
}

// A session for transports that do not look at it.
class AnySession : public AgentFixture {
 public:
  void TestBody() override {}
  UplinkSession session{chain_.key(), *spool_, *plans_, clock_};
};

class OneStream : public Transport {
 public:
  absl::Status Run(const std::string&, UplinkSession&) override {
    ++streams;
    return absl::OkStatus();
  }
  void Cancel() override {}
  int streams = 0;
};

TEST_F(RotateTest, RunningAgentTellsTheCollectorBeforeItsFirstStream) {
  verdict_ = absl::UnavailableError("connection refused");
  EXPECT_FALSE(Run().ok());
  Identity identity = *folder_.state().LoadIdentity();
  AgentKey key = *Loaded();
  RotatingTransport::Change change{folder_.state(), identity, key, Call()};
  auto inner = std::make_unique<OneStream>();
  const int& streams = inner->streams;
  RotatingTransport transport(std::move(inner), change);
  AnySession any;
  UplinkSession& session = any.session;
  EXPECT_THAT(std::string(transport.Run("a:1", session).message()),
              HasSubstr("change of the key: connection refused"));
  EXPECT_EQ(streams, 0);
  verdict_ = absl::OkStatus();
  EXPECT_TRUE(transport.Run("a:1", session).ok());
  EXPECT_TRUE(transport.Run("a:1", session).ok());
  EXPECT_EQ(streams, 2);
  EXPECT_EQ(book_.generations(), 1u);
  EXPECT_EQ(identity.key_generation, 1u);
  EXPECT_FALSE(Loaded()->pending.has_value());
  EXPECT_FALSE(HasTraces());
}

// Every operation fails once, and all after it: a crash there. In between the agent runs and seals;
// then the command is given again.
TEST_F(RotateTest, CrashAtAnyPointNeverLocksTheAgentOut) {
  for (const auto fault : {FaultyFiles::Fault::kNothingDone, FaultyFiles::Fault::kDone}) {
    for (const bool lost : {false, true}) {
      bool reached_the_end = false;
      for (int n = 0; !reached_the_end; ++n) {
        SCOPED_TRACE(n);
        ASSERT_LT(n, 100);
        const uint64_t generation = folder_.state().LoadIdentity()->key_generation;
        FaultyFiles files(SystemFiles());
        files.FailAt(n, 1000, fault);
        answer_lost_ = lost;
        const absl::Status status = Run(files);
        answer_lost_ = false;
        reached_the_end = files.operations() <= n;
        if (!lost) {
          EXPECT_EQ(status.ok(), reached_the_end) << status;
        }
        // The key with which the agent would sign its next batch is the one that the collector
        // expects, now or once it has been told of the change.
        const auto key = Loaded();
        ASSERT_TRUE(key.ok()) << key.status();
        if (key->pending.has_value()) {
          ASSERT_TRUE(book_.Take(*key->pending).ok());
        }
        EXPECT_EQ(key->key.public_key().raw(), book_.KeyFor(1).raw());
        const absl::Status again = Run();
        ASSERT_TRUE(again.ok()) << again;
        EXPECT_EQ(Loaded()->key.public_key().raw(), book_.KeyFor(1).raw());
        EXPECT_GT(folder_.state().LoadIdentity()->key_generation, generation);
        EXPECT_FALSE(HasTraces());
        EXPECT_EQ(folder_.state().LoadIdentity()->agent_id, agent_id_);
      }
    }
  }
}

}  // namespace
}  // namespace sightline::agent

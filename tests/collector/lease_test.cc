#include "collector/lease.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/collector/fake_steady_clock.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

constexpr char kName[] = "fold";

// A store that is asked before and after each call whether that call fails: one that fails
// afterwards did what it was told and does not say so.
class DoubtfulStore : public MemoryStore {
 public:
  std::function<bool()> fails = [] { return false; };

  absl::StatusOr<LeaseRecord> ReadLease(absl::string_view name) override {
    if (fails()) return absl::UnavailableError("not read");
    return MemoryStore::ReadLease(name);
  }
  absl::StatusOr<bool> MoveLease(absl::string_view name, const LeaseRecord& seen,
                                 const LeaseRecord& next) override {
    if (fails()) return absl::UnavailableError("not moved");
    const absl::StatusOr<bool> moved = MemoryStore::MoveLease(name, seen, next);
    if (fails()) return absl::AbortedError("moved, or not");
    return moved;
  }
};

class LeaseTest : public testing::Test {
 protected:
  Lease Make(const std::string& holder) { return Lease(store_, clock_, kName, holder, {}); }
  bool Tick(Lease& lease) {
    EXPECT_TRUE(lease.Tick().ok());
    return lease.Held();
  }

  FakeSteadyClock clock_;
  DoubtfulStore store_;
};

TEST_F(LeaseTest, TheFirstHasItAndKeepsItWhileItBeats) {
  Lease one = Make("n1");
  Lease two = Make("n2");
  EXPECT_TRUE(Tick(one));
  for (int i = 0; i < 100; ++i) {
    clock_.Advance(absl::Milliseconds(700));
    ASSERT_TRUE(Tick(one));
    ASSERT_FALSE(Tick(two));
  }
  EXPECT_EQ(two.holder(), "n1");
  EXPECT_EQ(one.record().term, 1U);
}

TEST_F(LeaseTest, AHolderThatIsSilentIsReplacedAfterTheTermAndNotBefore) {
  Lease one = Make("n1");
  Lease two = Make("n2");
  EXPECT_TRUE(Tick(one));
  EXPECT_FALSE(Tick(two));
  clock_.Advance(absl::Milliseconds(4900));
  EXPECT_FALSE(one.Held()) << "it stops by itself, a margin before anybody else begins";
  EXPECT_FALSE(Tick(two));
  clock_.Advance(absl::Milliseconds(600));
  EXPECT_TRUE(Tick(two));
  EXPECT_FALSE(Tick(one));
  EXPECT_TRUE(absl::IsFailedPrecondition(store_.WriteFold(kName, one.record(), {})));
  EXPECT_TRUE(store_.WriteFold(kName, two.record(), {}).ok());
}

TEST_F(LeaseTest, ARestartedHolderNeedNotWait) {
  Lease before = Make("n1");
  EXPECT_TRUE(Tick(before));
  Lease after = Make("n1");
  EXPECT_TRUE(Tick(after));
  EXPECT_EQ(after.record().term, 2U);
}

TEST_F(LeaseTest, WhatIsGivenBackIsTakenAtOnce) {
  Lease one = Make("n1");
  Lease two = Make("n2");
  EXPECT_TRUE(Tick(one));
  EXPECT_FALSE(Tick(two));
  EXPECT_TRUE(one.Release().ok());
  EXPECT_FALSE(one.Held());
  EXPECT_TRUE(absl::IsFailedPrecondition(store_.WriteFold(kName, one.record(), {})));
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Tick(two));
}

TEST_F(LeaseTest, AStoreThatIsAwayEndsItInTimeAndABeatInDoubtIsFoundAgain) {
  Lease one = Make("n1");
  EXPECT_TRUE(Tick(one));
  int calls = 0;
  store_.fails = [&] { return ++calls == 2; };  // the move is done, its answer lost
  clock_.Advance(absl::Seconds(2));
  EXPECT_TRUE(absl::IsAborted(one.Tick()));
  EXPECT_TRUE(Tick(one));
  EXPECT_EQ(one.record().term, 1U);
  EXPECT_EQ(one.record().beat, 2U);
  store_.fails = [] { return true; };
  clock_.Advance(absl::Seconds(4));
  EXPECT_FALSE(one.Tick().ok());
  EXPECT_FALSE(one.Held());
}

// Collectors with clocks of their own, over one store, in a world that is unkind to them.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) nodes_.emplace_back().drift = 0.95 + 0.05 * Below(3);
    for (size_t i = 0; i < nodes_.size(); ++i) Start(i);
  }

  void Run() {
    for (step_ = 0; step_ < 6000 && !testing::Test::HasFatalFailure(); ++step_) {
      if (step_ % 600 == 0) Weather();
      for (size_t i = 0; i < nodes_.size(); ++i) Step(i);
      Check();
    }
  }

  int changes = 0;

 private:
  static constexpr absl::Duration kStep = absl::Milliseconds(100);

  struct Node {
    double drift = 1;
    FakeSteadyClock clock;
    std::unique_ptr<Lease> lease;  // none: crashed
    int frozen = 0;                // steps until it does anything again
  };

  int Below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  void Start(size_t i) {
    nodes_[i].lease = std::make_unique<Lease>(store_, nodes_[i].clock, kName, absl::StrCat("n", i),
                                              LeaseOptions());
  }

  // Fair, with a few failures, or with many.
  void Weather() {
    const int failing = (step_ / 600) % 3;
    store_.fails = [this, failing] {
      return failing == 2 ? Below(2) == 0 : failing == 1 && Below(10) == 0;
    };
    undisturbed_ = failing == 0 ? 0 : -1;
  }

  void Step(size_t i) {
    Node& node = nodes_[i];
    node.clock.Advance(kStep * node.drift);
    if (!node.lease) {
      if (Below(50) == 0) Start(i);
      return;
    }
    if (node.frozen > 0) {
      --node.frozen;
      return;
    }
    const bool held = node.lease->Held();
    const absl::Status status = node.lease->Tick();
    if (!held && node.lease->Held()) ++changes;
    const int luck = Below(600);
    if (luck == 0) node.lease.reset();
    if (luck == 1) node.frozen = 1 + Below(100);
    if (luck == 2) (void)node.lease->Release();
    if (luck <= 2 && undisturbed_ > 0) undisturbed_ = 0;
  }

  void Check() {
    int holders = 0;
    bool somebody_ticks = false;
    for (Node& node : nodes_) {
      if (!node.lease) continue;
      somebody_ticks = somebody_ticks || node.frozen == 0;
      const absl::Status written = store_.WriteFold(kName, node.lease->record(), {});
      if (!node.lease->Held()) continue;
      ++holders;
      ASSERT_TRUE(written.ok()) << "step " << step_ << ": a holder is fenced";
    }
    ASSERT_LE(holders, 1) << "step " << step_;
    if (undisturbed_ < 0) return;
    undisturbed_ = holders == 1 || !somebody_ticks ? 0 : undisturbed_ + 1;
    ASSERT_LE(undisturbed_ * kStep, absl::Seconds(10)) << "step " << step_ << ": nobody leads";
  }

  std::mt19937 random_;
  DoubtfulStore store_;
  std::deque<Node> nodes_;
  int step_ = 0;
  int undisturbed_ =
      0;  // steps without a holder although one is there to take it; -1: foul weather
};

TEST(LeaseRandomTest, NeverTwoAndSoonOne) {
  const unsigned seed = std::random_device()();
  for (unsigned i = 0; i < 20; ++i) {
    SCOPED_TRACE(testing::Message() << "seed " << seed + i);
    World world(seed + i);
    world.Run();
    if (HasFatalFailure()) return;
    EXPECT_GE(world.changes, 3) << "nothing happened in it";
  }
}

}  // namespace
}  // namespace sightline

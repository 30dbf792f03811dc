#include "agent/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/wire.h"
#include "tests/agent/faulty_files.h"
#include "tests/agent/memory_files.h"
#include "tests/agent/test_chain.h"
#include "tests/common/bit_flips.h"
#include "tests/common/temp_folder.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;

v1::Batch Parse(const v1::SignedBatch& signed_batch) {
  v1::Batch batch;
  EXPECT_TRUE(batch.ParseFromString(signed_batch.batch()));
  return batch;
}

// Everything in the spool, checked to be one chain from the acknowledged point to the tail.
std::vector<v1::Batch> ReadChain(const Spool& spool) {
  const auto all = spool.ReadAfter(0, 1'000'000);
  EXPECT_TRUE(all.ok()) << all.status();
  const SpoolTotals totals = spool.totals();
  ChainPoint at = totals.acked;
  std::vector<v1::Batch> batches;
  for (const v1::SignedBatch& signed_batch : *all) {
    batches.push_back(Parse(signed_batch));
    EXPECT_EQ(FirstSeq(batches.back()), at.seq + 1);
    EXPECT_EQ(batches.back().prev_hash(), at.head);
    EXPECT_TRUE(CheckBatchShape(batches.back()).ok());
    at = {batches.back().batch_seq(), ChainHash(signed_batch, batches.back())};
  }
  EXPECT_EQ(at.seq, totals.tail.seq);
  EXPECT_EQ(at.head, totals.tail.head);
  return batches;
}

class SpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    auto spool = Spool::Open(disk_, options_, &recovery_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return spool.ok() ? *std::move(spool) : nullptr;
  }
  void Append(Spool& spool, int count, int observations = 2, size_t detail_bytes = 20) {
    for (int i = 0; i < count; ++i) {
      const absl::Status status =
          spool.Append(chain_.Batch(spool.totals().tail, observations, detail_bytes));
      ASSERT_TRUE(status.ok()) << status;
    }
  }
  std::string SegmentPath(int id) {
    std::string name = std::to_string(id);
    return "spool/" + std::string(10 - name.size(), '0') + name + ".seg";
  }

  MemoryFiles disk_;
  TestChain chain_;
  SpoolOptions options_ = chain_.Options("spool");
  SpoolRecovery recovery_;
};

TEST_F(SpoolTest, KeepsBatchesInOrderAcrossReopening) {
  Append(*Open(), 3);
  auto spool = Open();
  Append(*spool, 2);
  EXPECT_EQ(ReadChain(*spool).size(), 5u);
  EXPECT_EQ(ReadChain(*Open()).size(), 5u);
  EXPECT_EQ(recovery_.torn_bytes, 0u);
}

TEST(SpoolOnDiskTest, WorksOnTheRealFileSystem) {
  const TempFolder temp;
  const TestChain chain;
  SpoolRecovery recovery;
  for (uint64_t run = 1; run <= 3; ++run) {
    auto spool = Spool::Open(SystemFiles(), chain.Options(temp / "a/spool"), &recovery);
    ASSERT_TRUE(spool.ok()) << spool.status();
    ASSERT_TRUE((*spool)->Append(chain.Batch((*spool)->totals().tail)).ok());
    EXPECT_EQ(ReadChain(**spool).size(), 1u);
    ASSERT_TRUE((*spool)->Acknowledge(run).ok());
  }
  EXPECT_EQ(SystemFiles().List(temp / "a/spool")->size(), 1u);
}

TEST_F(SpoolTest, ReadAfterStartsBehindTheNumberAndStopsAtTheCount) {
  auto spool = Open();
  Append(*spool, 5);
  const auto batches = spool->ReadAfter(2, 2);
  ASSERT_TRUE(batches.ok());
  ASSERT_EQ(batches->size(), 2u);
  EXPECT_EQ(Parse(batches->front()).batch_seq(), 3u);
}

TEST_F(SpoolTest, AcknowledgedBatchesStayAwayAndTheChainGoesOn) {
  {
    auto spool = Open();
    Append(*spool, 4);
    ASSERT_TRUE(spool->Acknowledge(3).ok());
    EXPECT_EQ(ReadChain(*spool).size(), 1u);
  }
  auto spool = Open();
  EXPECT_EQ(spool->totals().acked.seq, 3u);
  ASSERT_TRUE(spool->Acknowledge(4).ok());
  EXPECT_EQ(ReadChain(*Open()).size(), 0u);
  auto empty = Open();
  EXPECT_EQ(empty->totals().tail.seq, 4u);
  Append(*empty, 1);
  EXPECT_EQ(ReadChain(*empty)[0].batch_seq(), 5u);
}

TEST_F(SpoolTest, AcknowledgingWhatIsNotThereIsRefused) {
  auto spool = Open();
  Append(*spool, 2);
  EXPECT_EQ(spool->Acknowledge(3).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadChain(*spool).size(), 2u);
}

TEST_F(SpoolTest, BatchThatDoesNotContinueTheChainIsRefused) {
  auto spool = Open();
  Append(*spool, 2);
  EXPECT_EQ(spool->Append(chain_.Batch({7, GenesisHash()})).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(spool->Append(chain_.Batch({2, GenesisHash()})).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(SpoolTest, TornTailIsDroppedAndReported) {
  Append(*Open(), 3);
  const std::string data = *disk_.Read(SegmentPath(1));
  ASSERT_TRUE(disk_.Truncate(SegmentPath(1), data.size() - 5).ok());
  auto spool = Open();
  EXPECT_GT(recovery_.torn_bytes, 0u);
  EXPECT_EQ(recovery_.loss.batches, 0u);
  EXPECT_EQ(ReadChain(*spool).size(), 2u);
  Append(*spool, 1);
  spool = Open();
  EXPECT_EQ(recovery_.torn_bytes, 0u);
  EXPECT_EQ(ReadChain(*spool).size(), 3u);
}

TEST_F(SpoolTest, TailTornAtEveryByteKeepsWhatIsWhole) {
  Append(*Open(), 2);
  const std::string data = *disk_.Read(SegmentPath(1));
  const SegmentContents contents = ReadSegment(data);
  const size_t beginning = contents.records[0].size;
  for (size_t size = beginning; size <= data.size(); ++size) {
    ASSERT_TRUE(disk_.WriteAtomically(SegmentPath(1), data.substr(0, size), 0600).ok());
    size_t whole = 0;
    for (size_t i = 1; i < contents.records.size(); ++i) {
      whole += contents.records[i].offset + contents.records[i].size <= size;
    }
    auto spool = Open();
    ASSERT_EQ(ReadChain(*spool).size(), whole) << size;
  }
}

TEST_F(SpoolTest, NoFlippedBitGivesABatchThatNobodySealed) {
  Append(*Open(), 2);
  const std::string path = SegmentPath(1);
  const std::string genuine = *disk_.Read(path);
  std::set<std::string> sealed;
  const auto before = Open()->ReadAfter(0, 10);
  ASSERT_TRUE(before.ok());
  for (const v1::SignedBatch& batch : *before) sealed.insert(batch.batch());
  ASSERT_EQ(sealed.size(), 2u);
  ForEachBitFlip(genuine, [&](const std::string& flipped, size_t bit) {
    disk_ = MemoryFiles();
    ASSERT_TRUE(disk_.WriteAtomically(path, flipped, 0600).ok());
    const auto spool = Spool::Open(disk_, options_, &recovery_);
    if (!spool.ok()) return;  // It says so.
    const auto batches = (*spool)->ReadAfter(0, 10);
    ASSERT_TRUE(batches.ok()) << "bit " << bit;
    for (const v1::SignedBatch& batch : *batches) {
      v1::Batch parsed;
      ASSERT_TRUE(parsed.ParseFromString(batch.batch())) << "bit " << bit;
      EXPECT_TRUE(sealed.count(batch.batch()) > 0 || parsed.has_tombstone()) << "bit " << bit;
    }
  });
}

TEST_F(SpoolTest, DamagedBatchBecomesATombstone) {
  Append(*Open(), 3);
  std::string data = *disk_.Read(SegmentPath(1));
  const Record second = ReadSegment(data).records[2];
  data[second.offset + second.size - 1] ^= 1;
  ASSERT_TRUE(disk_.WriteAtomically(SegmentPath(1), data, 0600).ok());
  auto spool = Open();
  EXPECT_EQ(recovery_.records_damaged, 1u);
  EXPECT_EQ(recovery_.loss.batches, 1u);
  const std::vector<v1::Batch> batches = ReadChain(*spool);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[1].tombstone().first_seq(), 2u);
  EXPECT_EQ(ReadChain(*Open()).size(), 3u);
}

TEST_F(SpoolTest, DamagedBeginningSaysWhatToDo) {
  Append(*Open(), 1);
  std::string data = *disk_.Read(SegmentPath(1));
  data[20] ^= 1;
  ASSERT_TRUE(disk_.WriteAtomically(SegmentPath(1), data, 0600).ok());
  const auto spool = Spool::Open(disk_, options_, &recovery_);
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(spool.status().message()), HasSubstr("enrol anew"));
}

TEST_F(SpoolTest, FullSpoolPutsOneTombstoneForTheOldestAndNeverExceedsItsLimit) {
  options_.segment_bytes = 2048;
  options_.bytes_max = 16 * 2048;
  auto spool = Open();
  for (int i = 0; i < 300; ++i) {
    Append(*spool, 1, 3);
    ASSERT_LE(disk_.bytes(), options_.bytes_max);
  }
  const SpoolTotals totals = spool->totals();
  EXPECT_GT(totals.lost.batches, 0u);
  EXPECT_EQ(totals.tail.seq, 300u);
  const std::vector<v1::Batch> batches = ReadChain(*spool);
  uint64_t lost = 0;
  uint64_t kept = 0;
  int tombstones = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    EXPECT_FALSE(i < kBatchesInFlightMax && batches[i].has_tombstone());
    tombstones += batches[i].has_tombstone();
    lost += batches[i].tombstone().observations_lost();
    kept += static_cast<uint64_t>(batches[i].observations_size());
  }
  EXPECT_EQ(tombstones, 1);
  EXPECT_EQ(kept + lost, 900u);
  EXPECT_EQ(ReadChain(*Open()).size(), batches.size());
}

TEST_F(SpoolTest, TombstoneThatMayBeOnItsWayIsNotChanged) {
  options_.segment_bytes = 2048;
  options_.bytes_max = 16 * 2048;
  auto spool = Open();
  Append(*spool, 200);
  ASSERT_TRUE(spool->Acknowledge(7).ok());
  const v1::Batch tombstone = ReadChain(*spool)[1];
  ASSERT_TRUE(tombstone.has_tombstone());
  Append(*spool, 200);
  const std::vector<v1::Batch> batches = ReadChain(*spool);
  EXPECT_EQ(batches[1].tombstone().last_seq(), tombstone.tombstone().last_seq());
  ASSERT_TRUE(spool->Acknowledge(tombstone.batch_seq()).ok());
  ReadChain(*Open());
}

// Appends, acknowledges and overflows; returns what was appended and not acknowledged.
struct Story {
  uint64_t appended = 0;
  uint64_t acked = 0;
};

void Live(Spool& spool, const TestChain& chain, Story& story) {
  for (int i = 0; i < 40; ++i) {
    const SealedBatch sealed = chain.Batch(spool.totals().tail, 3);
    if (spool.Append(sealed).ok()) story.appended = sealed.batch.batch_seq();
    if (i % 9 != 8) continue;
    const auto oldest = spool.ReadAfter(0, 1);
    if (!oldest.ok() || oldest->empty()) continue;
    const uint64_t seq = Parse(oldest->front()).batch_seq();
    if (spool.Acknowledge(seq).ok()) story.acked = seq;
  }
}

void Sweep(const TestChain& chain, int fault_count, FaultyFiles::Fault fault) {
  for (int n = 0;; ++n) {
    SCOPED_TRACE(n);
    MemoryFiles disk;
    FaultyFiles files(disk);
    SpoolOptions options = chain.Options("spool");
    options.segment_bytes = 512;
    options.bytes_max = 16 * 512;
    files.FailAt(n, fault_count, fault);
    SpoolRecovery recovery;
    Story story;
    if (auto spool = Spool::Open(files, options, &recovery); spool.ok()) {
      Live(**spool, chain, story);
      ReadChain(**spool);
      EXPECT_LE(disk.bytes(), options.bytes_max);
    }
    const bool reached = files.operations() > n;
    const auto reopened = Spool::Open(disk, options, &recovery);
    ASSERT_TRUE(reopened.ok()) << reopened.status();
    ReadChain(**reopened);
    EXPECT_EQ(recovery.loss.batches, 0u);
    // An operation that failed may have taken effect all the same, but only the last one.
    EXPECT_GE((*reopened)->totals().tail.seq, story.appended);
    EXPECT_LE((*reopened)->totals().tail.seq, story.appended + 1);
    EXPECT_GE((*reopened)->totals().acked.seq, story.acked);
    const absl::Status status = (*reopened)->Append(chain.Batch((*reopened)->totals().tail));
    EXPECT_TRUE(status.ok()) << status;
    if (::testing::Test::HasFailure() || !reached) return;
  }
}

TEST(SpoolFaultTest, OneFailedOperationLosesNothingThatWasReportedAsDone) {
  const TestChain chain;
  Sweep(chain, 1, FaultyFiles::Fault::kNothingDone);
  Sweep(chain, 1, FaultyFiles::Fault::kHalfDone);
  Sweep(chain, 1, FaultyFiles::Fault::kDone);
}

TEST(SpoolFaultTest, DiskThatFailsFromSomePointOnLosesNothingThatWasReportedAsDone) {
  const TestChain chain;
  Sweep(chain, 1'000'000, FaultyFiles::Fault::kNothingDone);
  Sweep(chain, 1'000'000, FaultyFiles::Fault::kHalfDone);
}

TEST(SpoolFaultTest, ShortTroubleLosesNothingThatWasReportedAsDone) {
  const TestChain chain;
  Sweep(chain, 4, FaultyFiles::Fault::kHalfDone);
  Sweep(chain, 3, FaultyFiles::Fault::kDone);
}

}  // namespace
}  // namespace sightline::agent

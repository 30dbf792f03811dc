#include "tests/collector/audit_fixture.h"

namespace sightline {
namespace {

// The same with the verdicts that a fold has written.
class AuditVerdictsTest : public AuditTest {
 protected:
  AuditVerdictsTest() {
    Fold fold(kWindow, absl::Hours(72));
    for (const LogRecord& record : store_.log()) {
      v1::Batch batch;
      EXPECT_TRUE(batch.ParseFromString(record.batch));
      fold.Add(MakeRound(record, batch, &plan_, *store_.FindAgent(record.agent_id)));
    }
    for (const absl::Time start : fold.Starts()) JudgeWindow(*fold.Find(start));
    checkpoint_.positions = {{"n1", kBatches}, {"n2", kBatches}};
    Write();
  }

  void JudgeWindow(const Window& window) {
    const Judgement judgement = JudgeWithTallies(window, plan_, "CN", regions_);
    for (size_t i = 0; i < judgement.tallies.size(); ++i) {
      const v1::TargetVerdict& verdict = judgement.summary.verdicts(static_cast<int>(i));
      rows_.push_back({verdict.target_id(), "CN", window.start, kWindow,
                       std::string(kRulesetVersion), verdict.SerializeAsString(),
                       SerializeCells(judgement.tallies[i])});
    }
  }

  void Write() { WriteFold({.verdicts = rows_, .checkpoint = &checkpoint_}); }
  void WriteFold(const FoldWrite& write) {
    const LeaseRecord held{"n1", 1, 1};
    const LeaseRecord seen = *store_.ReadLease("fold");
    ASSERT_TRUE(*store_.MoveLease("fold", seen, held));
    ASSERT_TRUE(store_.WriteFold("fold", held, write).ok());
  }

  // These are all that there are.
  void Replace(const std::vector<VerdictRecord>& rows) {
    store_.LoseHistory();
    WriteFold({.verdicts = rows});
  }

  static constexpr absl::Duration kWindow = absl::Minutes(30);
  const v1::Plan plan_ = TestPlan(1);
  std::vector<VerdictRecord> rows_;
  FoldCheckpoint checkpoint_;
};

TEST_F(AuditVerdictsTest, AFreshFoldGivesTheSameBytes) {
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.windows_compared(), 4u);  // 100 minutes
  EXPECT_EQ(report.verdicts_compared(), 4u * 5);
  EXPECT_GT(report.cells_compared(), 0u);
  EXPECT_EQ(report.verdicts_behind(), 0u);
  EXPECT_EQ(report.windows_without_verdicts(), 0u);
}

TEST_F(AuditVerdictsTest, ReadsOldDaysFirstAndForgetsThem) {
  // So late that everything before it is final and compared before this is read.
  AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Hours(24 * 9)), "n1");
  const AuditReport report = Run(1);
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.windows_compared(), 4u);
}

TEST_F(AuditVerdictsTest, NamesTheVerdictThatTheLogDoesNotGive) {
  v1::TargetVerdict verdict;
  ASSERT_TRUE(verdict.ParseFromString(rows_[7].verdict));
  verdict.add_open_regions("CN-BJ");
  rows_[7].verdict = verdict.SerializeAsString();
  Write();
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("VERDICT")) << ToText(report);
  EXPECT_EQ(report.problems(0).target_id(), rows_[7].target_id);
  EXPECT_EQ(report.problems(0).window_start_ms(), absl::ToUnixMillis(rows_[7].window_start));
  EXPECT_EQ(report.problems(0).country(), "CN");
}

TEST_F(AuditVerdictsTest, NamesTheCellsThatTheLogDoesNotGive) {
  internal::v1::Cells cells;
  ASSERT_TRUE(cells.ParseFromString(rows_[3].cells));
  cells.set_controls_decided(17);
  rows_[3].cells = cells.SerializeAsString();
  Write();
  EXPECT_THAT(Kinds(Run()), ElementsAre("CELLS"));
}

TEST_F(AuditVerdictsTest, ARecordThatTheFoldMissedShows) {
  // Its window was judged without it, and the checkpoint says that it was read.
  AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Minutes(40)), "n1",
              v1::LAYER_STATE_BLOCKED);
  checkpoint_.positions["n1"] = kBatches + 1;
  rows_.clear();
  Write();
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), Each(AnyOf("VERDICT", "CELLS")));
  EXPECT_GT(report.problems_total(), 0u);
}

TEST_F(AuditVerdictsTest, ARecordThatTheFoldHasNotReachedIsNoProblem) {
  AppendBatch(alice_, alice_.NextBatch(kTestNow + absl::Minutes(40)), "n1",
              v1::LAYER_STATE_BLOCKED);
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_GT(report.verdicts_behind(), 0u);
  EXPECT_THAT(ToText(report), AllOf(HasSubstr("may not have come that far: CELLS, window "),
                                    HasSubstr("NOT EVERYTHING WAS COMPARED: 1 verdicts that")));
}

TEST_F(AuditVerdictsTest, WithoutARecordForAMinuteTheFoldHasJudgedAllThatItFolded) {
  // The newest window is not what its records say.
  rows_.back().cells.clear();
  Write();
  EXPECT_THAT(Kinds(Run()), IsEmpty());
  AuditOptions options;
  options.read_time = kTestNow + absl::Hours(10);
  const absl::StatusOr<AuditReport> report = Audit(store_, regions_, options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(Kinds(*report), ElementsAre("CELLS"));
}

TEST_F(AuditVerdictsTest, AVerdictThatIsMissingOrTooMuchIsTold) {
  // Before the newest, so that there are others of its window.
  VerdictRecord extra = rows_[0];
  extra.target_id = "nobody";
  rows_.push_back(extra);
  Write();
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("VERDICT_SET"));
  EXPECT_EQ(report.problems(0).target_id(), "nobody");
}

TEST_F(AuditVerdictsTest, AWindowWithoutVerdictsIsNamed) {
  // The newest too, when it was over long before the store was read.
  for (const absl::Time gone : {kTestNow, rows_.back().window_start}) {
    std::vector<VerdictRecord> rows = rows_;
    std::erase_if(rows, [&](const VerdictRecord& row) { return row.window_start == gone; });
    Replace(rows);
    AuditOptions options;
    options.read_time = kTestNow + absl::Hours(10);
    const absl::StatusOr<AuditReport> report = Audit(store_, regions_, options);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->windows_without_verdicts(), 1u);
    ASSERT_THAT(report->undecided(), SizeIs(1));
    EXPECT_EQ(report->undecided(0).window_start_ms(), absl::ToUnixMillis(gone));
    EXPECT_EQ(report->undecided(0).country(), "CN");
    EXPECT_EQ(report->result(), internal::v1::AUDIT_RESULT_PARTIAL);
  }
}

TEST_F(AuditVerdictsTest, AWindowThatIsNotOverNeedsNoVerdicts) {
  std::vector<VerdictRecord> rows = rows_;
  const absl::Time newest = rows_.back().window_start;
  std::erase_if(rows, [&](const VerdictRecord& row) { return row.window_start == newest; });
  Replace(rows);
  EXPECT_EQ(Run().windows_without_verdicts(), 0u);
}

TEST_F(AuditVerdictsTest, VerdictsFarApartAreAllCompared) {
  // Half a year of nothing, with a window in which nobody reported at its end.
  Window silent;
  silent.start = kTestNow + absl::Hours(24 * 180);
  silent.length = kWindow;
  JudgeWindow(silent);
  Write();
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.windows_compared(), 5u);
  rows_.back().cells = "no cells";
  Write();
  EXPECT_THAT(Kinds(Run()), ElementsAre("CELLS"));
}

TEST_F(AuditVerdictsTest, EventsWithoutAnyVerdictAreNamed) {
  Replace({});
  const EventRecord event = {"whatsapp.CN-BJ.opening.x", "whatsapp", "CN", kTestNow,
                             absl::InfiniteFuture(),     ""};
  WriteFold({.events = {&event, 1}});
  const AuditReport report = Run();
  ASSERT_THAT(Kinds(report), ElementsAre("EVENT"));
  EXPECT_THAT(ToText(report), HasSubstr("CN whatsapp: whatsapp.CN-BJ.opening.x: there are no cells "
                                        "that it could come from"));
}

TEST_F(AuditVerdictsTest, VerdictsByOtherRulesAreCounted) {
  for (VerdictRecord& row : rows_) {
    if (row.window_start == kTestNow) row.ruleset_version = "0";
  }
  Write();
  const AuditReport report = Run();
  EXPECT_THAT(Kinds(report), IsEmpty()) << ToText(report);
  EXPECT_EQ(report.verdicts_other_rules(), 5u);
  EXPECT_EQ(report.windows_compared(), 3u);
}

}  // namespace
}  // namespace sightline

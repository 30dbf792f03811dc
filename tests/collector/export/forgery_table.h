// Tables of forgeries, by somebody who knows how: columns, counts and checksums fit.
#ifndef SIGHTLINE_TESTS_COLLECTOR_EXPORT_FORGERY_TABLE_H_
#define SIGHTLINE_TESTS_COLLECTOR_EXPORT_FORGERY_TABLE_H_

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "sightline/v1/summary.pb.h"
#include "tests/collector/export/forgery_fixture.h"

namespace sightline {

struct Forgery {
  std::string name;
  std::function<void(ForgedBlocks&)> change;
  // Each is in the report for a person.
  std::vector<std::string> said;
};

class ExportForgeryTableTest : public ExportForgeryTest {
 protected:
  void Expect(const std::vector<Forgery>& table, internal::v1::AuditResult result) {
    for (const Forgery& forgery : table) {
      SCOPED_TRACE(forgery.name);
      const auto report = ForgeFile(forgery.change);
      ASSERT_TRUE(report.ok()) << report.status();
      const std::string text = ToText(*report);
      EXPECT_EQ(report->audit().result(), result) << text;
      for (const std::string& said : forgery.said) EXPECT_THAT(text, ::testing::HasSubstr(said));
    }
  }
  void ExpectWrong(const std::vector<Forgery>& table) {
    Expect(table, internal::v1::AUDIT_RESULT_WRONG);
  }
  static std::string AgentId(size_t agent) {
    return World().agents()[agent]->key().public_key().Id();
  }
  static std::string Hex(size_t agent) { return absl::BytesToHexString(AgentId(agent)); }
};

// The one event of the file, the opening.
inline constexpr char kOpening[] = "whatsapp.CN-BJ.opening.20240406T060000Z";
inline constexpr char kOpeningPlace[] = "EVENT, window 2024-04-06T06:00:00+00:00, CN whatsapp: ";
internal::v1::ExportEvent& Opening(ForgedBlocks& blocks);

// Change it, or add another like it; columns and order fit.
std::function<void(ForgedBlocks&)> ChangeEvent(std::function<void(v1::Event&)> change);
std::function<void(ForgedBlocks&)> AddEvent(std::function<void(v1::Event&)> change);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_EXPORT_FORGERY_TABLE_H_

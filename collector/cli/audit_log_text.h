// The audit log for people and for spreadsheets. Pure.
#ifndef SIGHTLINE_COLLECTOR_CLI_AUDIT_LOG_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_AUDIT_LOG_TEXT_H_

#include <string>

#include "sightline/v1/admin.pb.h"

namespace sightline::cli {

// One call a line, in the order given; a sentence when there are none. UTC.
std::string AuditLogTable(const v1::ListAuditEntriesResponse& entries, bool colour);

// Everything, with a line of names: RFC 4180, times as in RFC 3339.
std::string AuditLogCsv(const v1::ListAuditEntriesResponse& entries);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_AUDIT_LOG_TEXT_H_

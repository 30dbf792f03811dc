// Which rows an export may hold: sizes, times and lengths that every store keeps. Whatever reads a
// file relies on them to end, not to overflow and not to fill the memory.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_EXPORT_ROWS_H_
#define SIGHTLINE_COLLECTOR_EXPORT_EXPORT_ROWS_H_

#include <string>

#include "sightline/internal/v1/export.pb.h"

namespace sightline {

// Each returns what is wrong with the first row that is not as it must be, with the field and its
// value, or an empty string. Pure.
std::string WrongHeader(const internal::v1::ExportHeader& header);
std::string WrongPlans(const internal::v1::ExportPlans& plans);
std::string WrongAgents(const internal::v1::ExportAgents& agents);
std::string WrongLog(const internal::v1::ExportLog& log);
std::string WrongVerdicts(const internal::v1::ExportVerdicts& verdicts);
std::string WrongEvents(const internal::v1::ExportEvents& events);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_EXPORT_ROWS_H_

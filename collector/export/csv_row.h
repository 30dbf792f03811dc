// Rows of comma-separated values (RFC 4180). Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_CSV_ROW_H_
#define SIGHTLINE_COLLECTOR_EXPORT_CSV_ROW_H_

#include <string>
#include <vector>

namespace sightline {

// Adds a row with its CR LF. Fields are quoted where RFC 4180 asks for it.
void AddCsvRow(const std::vector<std::string>& fields, std::string& csv);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_CSV_ROW_H_

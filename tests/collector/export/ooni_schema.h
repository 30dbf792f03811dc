// What OONI's data format 0.2.0 requires of a line (ooni/spec: df-000, 001, 002, 005, 006, 008).
#ifndef SIGHTLINE_TESTS_COLLECTOR_EXPORT_OONI_SCHEMA_H_
#define SIGHTLINE_TESTS_COLLECTOR_EXPORT_OONI_SCHEMA_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sightline {

// What is missing or of another type, with its key; empty when nothing is.
std::string OoniComplaints(absl::string_view line);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_EXPORT_OONI_SCHEMA_H_

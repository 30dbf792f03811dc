// Dated notes for people and for spreadsheets. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_CLI_NOTE_TEXT_H_
#define SIGHTLINE_COLLECTOR_CLI_NOTE_TEXT_H_

#include <string>

#include "sightline/v1/annotation.pb.h"

namespace sightline::cli {

// One note a line, in the order given, with a head; a sentence when there are none. UTC.
std::string NoteTable(const v1::ListAnnotationsResponse& notes, bool colour);

// The same and more for programs: RFC 4180, a head, times as in RFC 3339, the source as in
// annotation.proto without the prefix. What is not set is empty.
std::string NoteCsv(const v1::ListAnnotationsResponse& notes);

}  // namespace sightline::cli

#endif  // SIGHTLINE_COLLECTOR_CLI_NOTE_TEXT_H_

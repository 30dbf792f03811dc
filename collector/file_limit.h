// How many files and sockets the process may have open.
#ifndef SIGHTLINE_COLLECTOR_FILE_LIMIT_H_
#define SIGHTLINE_COLLECTOR_FILE_LIMIT_H_

#include <cstddef>

namespace sightline {

// Raises the soft limit to `wanted`, or as near as the hard limit allows; never lowers it. Not
// higher than wanted: it also bounds how many connections strangers can keep open. Returns the soft
// limit that holds now.
size_t RaiseFileLimit(size_t wanted);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_FILE_LIMIT_H_

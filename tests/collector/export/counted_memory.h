// Counts what this program takes with new, so that a test can say that something is bounded.
#ifndef SIGHTLINE_TESTS_COLLECTOR_EXPORT_COUNTED_MEMORY_H_
#define SIGHTLINE_TESTS_COLLECTOR_EXPORT_COUNTED_MEMORY_H_

#include <cstdint>

namespace sightline {

// Begins anew: the most that is held from now on, above what is held now.
void ForgetPeak();
int64_t PeakBytes();

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_EXPORT_COUNTED_MEMORY_H_

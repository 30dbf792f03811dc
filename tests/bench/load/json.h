// Reports for scripts.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_JSON_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_JSON_H_

#include <cstdint>
#include <map>
#include <string>

namespace sightline::load {

// {"name": 1, "other": 2}
std::string ToJson(const std::map<std::string, uint64_t>& counts);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_JSON_H_

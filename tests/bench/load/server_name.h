// The name that clients check, whatever address they connect to.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_SERVER_NAME_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_SERVER_NAME_H_

namespace sightline::load {

inline constexpr char kServerName[] = "collector.example";

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_SERVER_NAME_H_

#include "tests/bench/load/json.h"

#include <boost/json.hpp>

namespace sightline::load {

std::string ToJson(const std::map<std::string, uint64_t>& counts) {
  boost::json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return boost::json::serialize(object);
}

}  // namespace sightline::load

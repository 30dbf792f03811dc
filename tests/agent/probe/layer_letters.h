#ifndef SIGHTLINE_TESTS_AGENT_PROBE_LAYER_LETTERS_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_LAYER_LETTERS_H_

#include <string>

#include "sightline/v1/observation.pb.h"

namespace sightline::probe {

// "dns tcp tls http app", one letter each: o OK, b BLOCKED, d DOWN, u UNTESTED, - no such layer.
inline std::string Letters(const v1::LayerVector& layers) {
  const std::string names = "-obdtu";
  std::string letters;
  for (const v1::LayerState state :
       {layers.dns(), layers.tcp(), layers.tls(), layers.http(), layers.app()}) {
    letters += names.at(static_cast<size_t>(state));
  }
  return letters;
}

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_LAYER_LETTERS_H_

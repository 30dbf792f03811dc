#ifndef SIGHTLINE_AGENT_PROBE_VANTAGE_NOTES_H_
#define SIGHTLINE_AGENT_PROBE_VANTAGE_NOTES_H_

#include <string>
#include <vector>

#include "sightline/v1/observation.pb.h"

namespace sightline::probe {

// What is out of the ordinary about the place of a round and what it does to the results, a
// sentence or two each, for the person at the machine. Empty when nothing is. Pure; thread-safe.
std::vector<std::string> VantageNotes(const v1::Vantage& vantage);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_VANTAGE_NOTES_H_

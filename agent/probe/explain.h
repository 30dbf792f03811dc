#ifndef SIGHTLINE_AGENT_PROBE_EXPLAIN_H_
#define SIGHTLINE_AGENT_PROBE_EXPLAIN_H_

// Causes in a person's words. Pure; thread-safe.

#include <string>

#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// The causes of what is blocked or down, lowest layer first, such as "DNS: forged answer: 2
// answers that disagree came, at 192.0.2.1 the server proves another name (ssl_invalid_hostname);
// TLS: connection reset (connection_reset) after the server name was sent". Empty when nothing is.
std::string Explain(const v1::Check& check, const v1::Observation& observation);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_EXPLAIN_H_

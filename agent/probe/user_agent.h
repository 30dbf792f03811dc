#ifndef SIGHTLINE_AGENT_PROBE_USER_AGENT_H_
#define SIGHTLINE_AGENT_PROBE_USER_AGENT_H_

namespace sightline::probe {

// What every HTTP request of a probe says it is: some services send browsers they do not know
// elsewhere.
inline constexpr char kUserAgent[] =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_USER_AGENT_H_

#ifndef SIGHTLINE_AGENT_PROBE_DESTINATION_H_
#define SIGHTLINE_AGENT_PROBE_DESTINATION_H_

#include "common/destination.h"

namespace sightline::probe {

using ::sightline::AddressRange;
using ::sightline::Contains;
using ::sightline::DestinationPolicy;
using ::sightline::FormatIpAddress;
using ::sightline::IpAddress;
using ::sightline::ParseAddressRange;
using ::sightline::ParseIpAddress;
using ::sightline::ParseResolver;
using ::sightline::ReservedRange;
using ::sightline::ResolverAddress;

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_DESTINATION_H_

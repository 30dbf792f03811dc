// A road for agents that do not listen: what the collector says that it holds is replaced by what
// the agent believes, so a copied agent sends its own history.
#ifndef SIGHTLINE_TESTS_FAULTS_BLIND_TRANSPORT_GRPC_H_
#define SIGHTLINE_TESTS_FAULTS_BLIND_TRANSPORT_GRPC_H_

#include <memory>
#include <string>

#include "agent/spool.h"
#include "agent/uplink.h"

namespace sightline::faults {

// `spool` must outlive it.
std::unique_ptr<agent::Transport> MakeBlindTransport(std::string roots_pem,
                                                     const agent::Spool& spool);

}  // namespace sightline::faults

#endif  // SIGHTLINE_TESTS_FAULTS_BLIND_TRANSPORT_GRPC_H_

#ifndef SIGHTLINE_COMMON_LAYERS_H_
#define SIGHTLINE_COMMON_LAYERS_H_

// Which layers a check of a protocol has. One table for the agent's judge and for the outcomes, so
// that neither waits for a layer that the other never fills. Pure; thread-safe.

#include <array>

#include "absl/strings/string_view.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// Every layer, lowest first.
inline constexpr std::array<v1::Layer, 5> kLayers = {v1::LAYER_DNS, v1::LAYER_TCP, v1::LAYER_TLS,
                                                     v1::LAYER_HTTP, v1::LAYER_APP};

// Whether checks of the protocol have the layer. APP where the protocol can prove who answered. A
// protocol that this build does not know has DNS alone.
bool ProtocolHas(v1::CheckProtocol protocol, v1::Layer layer);

// UNSPECIFIED for LAYER_UNSPECIFIED.
v1::LayerState StateOf(const v1::LayerVector& layers, v1::Layer layer);

// "dns", "tcp", "tls", "http", "app"; empty for LAYER_UNSPECIFIED. Points to static storage.
absl::string_view LayerName(v1::Layer layer);

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_LAYERS_H_

#include "common/layers.h"

#include <algorithm>

namespace sightline {
namespace {

struct Row {
  v1::CheckProtocol protocol;
  bool tcp, tls, http, app;
};

constexpr std::array<Row, 8> kRows = {{
    {v1::CHECK_PROTOCOL_DNS, false, false, false, false},
    {v1::CHECK_PROTOCOL_TCP, true, false, false, false},
    {v1::CHECK_PROTOCOL_TLS, true, true, false, true},
    {v1::CHECK_PROTOCOL_HTTP, true, false, true, false},
    {v1::CHECK_PROTOCOL_HTTPS, true, true, true, true},
    {v1::CHECK_PROTOCOL_NOISE, true, false, false, true},
    {v1::CHECK_PROTOCOL_WEBSOCKET, true, true, true, true},
    {v1::CHECK_PROTOCOL_NOISE_WEBSOCKET, true, true, true, true},
}};

}  // namespace

bool ProtocolHas(v1::CheckProtocol protocol, v1::Layer layer) {
  if (layer == v1::LAYER_DNS) return true;
  const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                 [&](const Row& known) { return known.protocol == protocol; });
  if (row == kRows.end()) return false;
  switch (layer) {
    case v1::LAYER_TCP:
      return row->tcp;
    case v1::LAYER_TLS:
      return row->tls;
    case v1::LAYER_HTTP:
      return row->http;
    case v1::LAYER_APP:
      return row->app;
    default:
      return false;
  }
}

v1::LayerState StateOf(const v1::LayerVector& layers, v1::Layer layer) {
  switch (layer) {
    case v1::LAYER_DNS:
      return layers.dns();
    case v1::LAYER_TCP:
      return layers.tcp();
    case v1::LAYER_TLS:
      return layers.tls();
    case v1::LAYER_HTTP:
      return layers.http();
    case v1::LAYER_APP:
      return layers.app();
    default:
      return v1::LAYER_STATE_UNSPECIFIED;
  }
}

absl::string_view LayerName(v1::Layer layer) {
  switch (layer) {
    case v1::LAYER_DNS:
      return "dns";
    case v1::LAYER_TCP:
      return "tcp";
    case v1::LAYER_TLS:
      return "tls";
    case v1::LAYER_HTTP:
      return "http";
    case v1::LAYER_APP:
      return "app";
    default:
      return {};
  }
}

}  // namespace sightline

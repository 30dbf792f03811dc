#include "common/layers.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sightline {
namespace {

TEST(LayersTest, EachProtocolHasItsLayers) {
  const std::map<v1::CheckProtocol, std::string> expected = {
      {v1::CHECK_PROTOCOL_UNSPECIFIED, "dns "},
      {v1::CHECK_PROTOCOL_DNS, "dns "},
      {v1::CHECK_PROTOCOL_TCP, "dns tcp "},
      {v1::CHECK_PROTOCOL_TLS, "dns tcp tls app "},
      {v1::CHECK_PROTOCOL_HTTP, "dns tcp http "},
      {v1::CHECK_PROTOCOL_HTTPS, "dns tcp tls http app "},
      {v1::CHECK_PROTOCOL_NOISE, "dns tcp app "},
      {v1::CHECK_PROTOCOL_WEBSOCKET, "dns tcp tls http app "},
      {v1::CHECK_PROTOCOL_NOISE_WEBSOCKET, "dns tcp tls http app "},
  };
  const auto& protocols = *v1::CheckProtocol_descriptor();
  ASSERT_EQ(static_cast<size_t>(protocols.value_count()), expected.size());
  for (int i = 0; i < protocols.value_count(); ++i) {
    const auto protocol = static_cast<v1::CheckProtocol>(protocols.value(i)->number());
    std::string layers;
    for (const v1::Layer layer : kLayers) {
      if (ProtocolHas(protocol, layer)) layers += std::string(LayerName(layer)) + " ";
    }
    EXPECT_EQ(layers, expected.at(protocol)) << protocols.value(i)->name();
    EXPECT_FALSE(ProtocolHas(protocol, v1::LAYER_UNSPECIFIED));
  }
}

TEST(LayersTest, StatesAreThoseOfTheVector) {
  v1::LayerVector layers;
  layers.set_dns(v1::LAYER_STATE_OK);
  layers.set_tcp(v1::LAYER_STATE_BLOCKED);
  layers.set_tls(v1::LAYER_STATE_DOWN);
  layers.set_http(v1::LAYER_STATE_TAINTED);
  layers.set_app(v1::LAYER_STATE_UNTESTED);
  EXPECT_EQ(StateOf(layers, v1::LAYER_DNS), v1::LAYER_STATE_OK);
  EXPECT_EQ(StateOf(layers, v1::LAYER_TCP), v1::LAYER_STATE_BLOCKED);
  EXPECT_EQ(StateOf(layers, v1::LAYER_TLS), v1::LAYER_STATE_DOWN);
  EXPECT_EQ(StateOf(layers, v1::LAYER_HTTP), v1::LAYER_STATE_TAINTED);
  EXPECT_EQ(StateOf(layers, v1::LAYER_APP), v1::LAYER_STATE_UNTESTED);
  EXPECT_EQ(StateOf(layers, v1::LAYER_UNSPECIFIED), v1::LAYER_STATE_UNSPECIFIED);
  EXPECT_EQ(LayerName(v1::LAYER_UNSPECIFIED), "");
}

}  // namespace
}  // namespace sightline

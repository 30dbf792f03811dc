// The Noise handshake fed with anything. The first byte chooses what the rest is:
//   0  the payload of the server's frame
//   1  a certificate chain, as if decrypted
//   2  a certificate chain that the genuine server sealed for this client
//   3  details of two certificates, a byte with the length of the first in front, duly signed
// Needs sightline::probe, OpenSSL::Crypto and tests/agent/probe/noise_server.cc.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/probe/noise_handshake.h"
#include "agent/probe/noise_messages.pb.h"
#include "tests/agent/probe/noise_server.h"

namespace sightline::probe {
namespace {

using noise::CertChain;
using Details = CertChain::NoiseCertificate::Details;

void Require(bool ok) {
  if (!ok) std::abort();
}

struct World {
  NoiseServer server;
  v1::NoiseProfile profile = server.Profile();
  std::vector<std::string> roots{server.root.public_key()};
  NoiseHandshake handshake = *NoiseHandshake::StartWithKey(profile, std::string(32, '\x11'));
  std::string genuine_chain = server.Chain();
  std::string genuine_answer = server.Answer(handshake.first_message());
};

const World& TheWorld() {
  static const World* const world = new World();
  return *world;
}

// Only what the genuine server said may be verified, though unknown fields may surround it.
void CheckAnswer(const World& world, const std::string& answer) {
  NoiseFrameLength(absl::string_view(answer).substr(0, kNoiseLengthBytes));
  if (!world.handshake.Judge(answer, kNoiseNow).verified()) return;
  noise::HandshakeMessage said;
  noise::HandshakeMessage genuine;
  Require(said.ParseFromString(answer) && genuine.ParseFromString(world.genuine_answer));
  Require(said.server_hello().ephemeral() == genuine.server_hello().ephemeral() &&
          said.server_hello().static_() == genuine.server_hello().static_() &&
          said.server_hello().payload() == genuine.server_hello().payload());
}

void CheckChain(const World& world, const std::string& chain, const NoiseVerdict& verdict) {
  if (!verdict.verified()) return;
  CertChain said;
  CertChain genuine;
  Require(said.ParseFromString(chain) && genuine.ParseFromString(world.genuine_chain));
  Require(said.intermediate().details() == genuine.intermediate().details() &&
          said.leaf().details() == genuine.leaf().details());
}

// Signed details are verified exactly when they say the right things.
void CheckSigned(const World& world, const std::string& input) {
  if (input.empty()) return;
  const size_t length = static_cast<unsigned char>(input.front());
  const std::string first = input.substr(1, length);
  const std::string second = input.size() > length + 1 ? input.substr(length + 1) : "";
  const std::string chain = NoiseServer::Chain(first, world.server.root.Sign(first), second,
                                               world.server.leaf_signer.Sign(second));
  Details intermediate;
  Details leaf;
  const bool right = !first.empty() && !second.empty() && intermediate.ParseFromString(first) &&
                     leaf.ParseFromString(second) && intermediate.issuer_serial() == 0 &&
                     intermediate.key() == world.server.leaf_signer.public_key() &&
                     leaf.issuer_serial() == intermediate.serial() &&
                     leaf.key() == world.server.static_key.public_key() &&
                     intermediate.not_before() <= kNoiseNow &&
                     intermediate.not_after() >= kNoiseNow && leaf.not_before() <= kNoiseNow &&
                     leaf.not_after() >= kNoiseNow;
  Require(VerifyNoiseChain(chain, world.server.static_key.public_key(), world.roots, kNoiseNow)
              .verified() == right);
}

}  // namespace
}  // namespace sightline::probe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sightline::probe;  // One function outside of it, by the fuzzer's rules.
  if (size == 0) return 0;
  const World& world = TheWorld();
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string& static_key = world.server.static_key.public_key();
  switch (data[0] % 4) {
    case 0:
      CheckAnswer(world, rest);
      break;
    case 1:
      CheckChain(world, rest, VerifyNoiseChain(rest, static_key, world.roots, kNoiseNow));
      break;
    case 2: {
      const std::string answer = world.server.Answer(world.handshake.first_message(), rest);
      CheckChain(world, rest, world.handshake.Judge(answer, kNoiseNow));
      break;
    }
    default:
      CheckSigned(world, rest);
  }
  return 0;
}

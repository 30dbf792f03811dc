#include "agent/probe/noise_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/agent/probe/noise_server.h"

namespace sightline::probe {
namespace {

using testing::AnyOf;
using testing::Eq;

NoiseHandshake Start(const NoiseServer& server) {
  return *NoiseHandshake::StartWithKey(server.Profile(), std::string(32, '\x11'));
}

NoiseVerdict VerdictAbout(const NoiseServer& server) {
  const NoiseHandshake handshake = Start(server);
  return handshake.Judge(server.Answer(handshake.first_message()), kNoiseNow);
}

NoiseVerdict VerdictAboutChain(const std::string& chain) {
  const NoiseServer server;
  const NoiseHandshake handshake = Start(server);
  return handshake.Judge(server.Answer(handshake.first_message(), chain), kNoiseNow);
}

TEST(NoiseHandshakeTest, TheFirstMessageIsTheHeaderAndAnEphemeralKey) {
  const std::string message = Start(NoiseServer()).first_message();
  ASSERT_EQ(message.size(), 43U);
  EXPECT_EQ(message.substr(0, 11), std::string("WA\x06\x03\0\0\x24\x12\x22\x0a\x20", 11));
}

TEST(NoiseHandshakeTest, EachHandshakeHasAnEphemeralKeyOfItsOwn) {
  const v1::NoiseProfile profile = NoiseServer().Profile();
  EXPECT_NE(NoiseHandshake::Start(profile)->first_message(),
            NoiseHandshake::Start(profile)->first_message());
}

TEST(NoiseHandshakeTest, TheGenuineServerIsVerified) {
  const NoiseVerdict verdict = VerdictAbout(NoiseServer());
  EXPECT_EQ(verdict.failure, "");
  EXPECT_TRUE(verdict.verified());
  EXPECT_EQ(verdict.leaf_serial, 42U);
}

TEST(NoiseHandshakeTest, AnyRootKeyOfThePlanMaySign) {
  const NoiseServer server;
  v1::NoiseProfile profile = server.Profile();
  profile.set_root_keys(0, XeddsaKey("retired root").public_key());
  profile.add_root_keys(server.root.public_key());
  const NoiseHandshake handshake = *NoiseHandshake::Start(profile);
  EXPECT_TRUE(handshake.Judge(server.Answer(handshake.first_message()), kNoiseNow).verified());
}

struct Defect {
  const char* what;
  absl::string_view failure;
  std::function<void(NoiseServer&)> make;
};

TEST(NoiseHandshakeTest, EachDefectHasItsName) {
  const std::vector<Defect> defects = {
      {"another root", kNoiseWrongRoot, [](auto& s) { s.root_signer = XeddsaKey("impostor"); }},
      {"leaf signed by another key", kNoiseBadLeafSignature,
       [](auto& s) { s.leaf_signer = XeddsaKey("impostor"); }},
      {"leaf signed by the root", kNoiseBadLeafSignature, [](auto& s) { s.leaf_signer = s.root; }},
      {"leaf of another intermediate", kNoiseSerialMismatch,
       [](auto& s) { s.leaf.issuer_serial = 8; }},
      {"intermediate not of the root", kNoiseSerialMismatch,
       [](auto& s) { s.intermediate.issuer_serial = 1; }},
      {"leaf of another server", kNoiseWrongLeafKey,
       [](auto& s) { s.leaf.key = XeddsaKey("other").public_key(); }},
      {"leaf expired", kNoiseCertificateExpired, [](auto& s) { s.leaf.not_after = kNoiseNow - 1; }},
      {"leaf of tomorrow", kNoiseCertificateNotYetValid,
       [](auto& s) { s.leaf.not_before = kNoiseNow + 1; }},
      {"leaf without dates", kNoiseCertificateExpired,
       [](auto& s) { s.leaf.not_before = s.leaf.not_after = 0; }},
      {"intermediate expired", kNoiseCertificateExpired,
       [](auto& s) { s.intermediate.not_after = kNoiseNow - 1; }},
      {"intermediate of tomorrow", kNoiseCertificateNotYetValid,
       [](auto& s) { s.intermediate.not_before = kNoiseNow + 1; }},
      {"leaf key too short", kNoiseMalformedMessage, [](auto& s) { s.leaf.key.pop_back(); }},
      {"no intermediate key", kNoiseMalformedMessage, [](auto& s) { s.intermediate.key.clear(); }},
  };
  for (const Defect& defect : defects) {
    NoiseServer server;
    defect.make(server);
    const NoiseVerdict verdict = VerdictAbout(server);
    EXPECT_EQ(verdict.failure, defect.failure) << defect.what;
    EXPECT_FALSE(verdict.verified()) << defect.what;
  }
}

TEST(NoiseHandshakeTest, DatesAreInclusive) {
  NoiseServer server;
  server.leaf.not_before = server.leaf.not_after = kNoiseNow;
  server.intermediate = {7, 0, server.leaf_signer.public_key(), kNoiseNow, kNoiseNow};
  EXPECT_TRUE(VerdictAbout(server).verified());
}

TEST(NoiseHandshakeTest, AnAnswerToAnotherClientIsRefused) {
  const NoiseServer server;
  const NoiseHandshake other = *NoiseHandshake::Start(server.Profile());
  EXPECT_EQ(Start(server).Judge(server.Answer(other.first_message()), kNoiseNow).failure,
            kNoiseDecryptionFailed);
}

TEST(NoiseHandshakeTest, TheHeaderIsPartOfWhatIsProved) {
  const NoiseServer server;
  v1::NoiseProfile profile = server.Profile();
  profile.set_header("WA\x06\x02");
  const NoiseHandshake handshake = *NoiseHandshake::Start(profile);
  EXPECT_EQ(handshake.Judge(server.Answer(handshake.first_message()), kNoiseNow).failure,
            kNoiseDecryptionFailed);
}

TEST(NoiseHandshakeTest, CutAnywhereIsRefused) {
  const NoiseServer server;
  const NoiseHandshake handshake = Start(server);
  const std::string answer = server.Answer(handshake.first_message());
  ASSERT_TRUE(handshake.Judge(answer, kNoiseNow).verified());
  for (size_t size = 0; size < answer.size(); ++size) {
    EXPECT_EQ(handshake.Judge(answer.substr(0, size), kNoiseNow).failure, kNoiseMalformedMessage)
        << size;
  }
}

TEST(NoiseHandshakeTest, EveryFlippedBitIsRefused) {
  const NoiseServer server;
  const NoiseHandshake handshake = Start(server);
  const std::string answer = server.Answer(handshake.first_message());
  for (size_t bit = 0; bit < 8 * answer.size(); ++bit) {
    std::string flipped = answer;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_THAT(handshake.Judge(flipped, kNoiseNow).failure,
                AnyOf(Eq(kNoiseMalformedMessage), Eq(kNoiseDecryptionFailed)))
        << bit;
  }
}

TEST(NoiseHandshakeTest, EveryInvertedByteIsRefused) {
  const NoiseServer server;
  const NoiseHandshake handshake = Start(server);
  const std::string answer = server.Answer(handshake.first_message());
  for (size_t i = 0; i < answer.size(); ++i) {
    std::string flipped = answer;
    flipped[i] = static_cast<char>(~flipped[i]);
    EXPECT_FALSE(handshake.Judge(flipped, kNoiseNow).verified()) << i;
  }
}

TEST(NoiseHandshakeTest, EveryFlippedBitOfAChainInsideAGenuineHandshakeIsRefused) {
  const std::string chain = NoiseServer().Chain();
  ASSERT_TRUE(VerdictAboutChain(chain).verified());
  for (size_t bit = 0; bit < 8 * chain.size(); ++bit) {
    std::string flipped = chain;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_THAT(VerdictAboutChain(flipped).failure,
                AnyOf(Eq(kNoiseMalformedMessage), Eq(kNoiseWrongRoot), Eq(kNoiseBadLeafSignature)))
        << bit;
  }
}

TEST(NoiseHandshakeTest, AChainCutAnywhereInsideAGenuineHandshakeIsRefused) {
  const std::string chain = NoiseServer().Chain();
  for (size_t size = 0; size < chain.size(); ++size) {
    EXPECT_EQ(VerdictAboutChain(chain.substr(0, size)).failure, kNoiseMalformedMessage) << size;
  }
}

TEST(NoiseHandshakeTest, CertificatesInEachOthersPlaceAreRefused) {
  const NoiseServer server;
  const std::string intermediate = Serialise(server.intermediate);
  const std::string leaf = Serialise(server.leaf);
  const std::string swapped = NoiseServer::Chain(leaf, server.leaf_signer.Sign(leaf), intermediate,
                                                 server.root.Sign(intermediate));
  EXPECT_EQ(VerdictAboutChain(swapped).failure, kNoiseWrongRoot);
}

TEST(NoiseHandshakeTest, AnEphemeralKeyOfSmallOrderIsRefused) {
  const NoiseServer server;
  const NoiseHandshake handshake = Start(server);
  std::string answer = server.Answer(handshake.first_message());
  const size_t at = answer.find(server.ephemeral.public_key());
  answer.replace(at, 32, std::string(32, '\0'));
  EXPECT_EQ(handshake.Judge(answer, kNoiseNow).failure, kNoiseMalformedMessage);
}

TEST(NoiseHandshakeTest, AFrameLengthTellsOtherProtocolsAtOnce) {
  EXPECT_EQ(NoiseFrameLength(absl::string_view("\0\0\x01", 3)), 1U);
  EXPECT_EQ(NoiseFrameLength(absl::string_view("\x01\0\0", 3)), kNoiseFrameBytesMax);
  EXPECT_EQ(NoiseFrameLength(absl::string_view("\x01\0\x01", 3)), std::nullopt);
  EXPECT_EQ(NoiseFrameLength(absl::string_view("\0\0\0", 3)), std::nullopt);
  EXPECT_EQ(NoiseFrameLength("HTT"), std::nullopt);
  EXPECT_EQ(NoiseFrameLength("\x15\x03\x03"), std::nullopt);
  EXPECT_EQ(NoiseFrameLength("ab"), std::nullopt);
}

TEST(NoiseHandshakeTest, UnusableProfilesAreRefused) {
  const v1::NoiseProfile good = NoiseServer().Profile();
  const std::vector<std::function<void(v1::NoiseProfile&)>> defects = {
      [](auto& profile) { profile.set_header(std::string(65, 'x')); },
      [](auto& profile) { profile.clear_pattern(); },
      [](auto& profile) { profile.set_pattern(std::string(33, 'x')); },
      [](auto& profile) { profile.clear_root_keys(); },
      [](auto& profile) { profile.add_root_keys("short"); },
  };
  EXPECT_TRUE(NoiseHandshake::Start(good).ok());
  for (const auto& make : defects) {
    v1::NoiseProfile profile = good;
    make(profile);
    EXPECT_EQ(NoiseHandshake::Start(profile).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace sightline::probe

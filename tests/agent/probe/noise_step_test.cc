// NoiseStep on real sockets, against the C++ server; noise_responder_test.py has the other one.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <string>

#include "agent/probe/failure.h"
#include "agent/probe/noise_handshake.h"
#include "tests/agent/probe/fake_servers.h"
#include "tests/agent/probe/noise_server.h"
#include "tests/agent/probe/step_fixture.h"

namespace sightline::probe {
namespace {

constexpr char kAddress[] = "127.0.0.2";
constexpr size_t kFirstMessageBytes = 43;

std::string ReadFirstMessage(int fd) {
  std::string message;
  std::array<char, 64> bytes{};
  while (message.size() < kFirstMessageBytes) {
    const ssize_t got = read(fd, bytes.data(), bytes.size());
    if (got <= 0) break;
    message.append(bytes.data(), static_cast<size_t>(got));
  }
  return message;
}

void Write(int fd, const std::string& bytes) {
  [[maybe_unused]] const ssize_t sent = write(fd, bytes.data(), bytes.size());
}

// A server whose certificates hold today.
NoiseServer ServerOfToday() {
  NoiseServer server;
  server.intermediate.not_after = server.leaf.not_after = UINT64_MAX;
  return server;
}

StepRun RunAgainst(uint16_t port, std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
  const v1::NoiseProfile profile = NoiseServer().Profile();
  v1::Check check;
  check.set_protocol(v1::CHECK_PROTOCOL_NOISE);
  check.set_host("g.whatsapp.net");
  check.set_port(port);
  return RunSteps(check, &profile, "", kAddress, timeout);
}

StepRun RunAgainst(Behaviour behaviour) {
  const TcpServer server(kAddress, 0, std::move(behaviour));
  return RunAgainst(server.port());
}

TEST(NoiseStepTest, TheGenuineServerIsVerifiedAndTheFirstMessageDescribed) {
  std::string heard;
  std::string after;
  const StepRun run = RunAgainst([&](int fd) {
    heard = ReadFirstMessage(fd);
    Write(fd, NoiseFrame(ServerOfToday().Answer(heard)));
    after = ReadFirstMessage(fd);
  });
  EXPECT_TRUE(run.passed);
  const v1::NoiseEvidence& noise = run.evidence.noise();
  EXPECT_TRUE(noise.verified());
  EXPECT_EQ(noise.failure(), "");
  EXPECT_EQ(noise.leaf_serial(), 42U);
  EXPECT_GT(noise.handshake_us(), 0U);
  EXPECT_EQ(noise.first_message_bytes(), kFirstMessageBytes);
  int bits = 0;
  for (const char byte : heard) bits += std::popcount(static_cast<unsigned char>(byte));
  EXPECT_EQ(noise.first_message_bits_set(), static_cast<uint32_t>(bits));
  EXPECT_EQ(after, "") << "said more than the hello";
}

TEST(NoiseStepTest, AFrameInPiecesIsPutTogether) {
  const StepRun run = RunAgainst([](int fd) {
    const std::string frame = NoiseFrame(ServerOfToday().Answer(ReadFirstMessage(fd)));
    for (const char byte : frame) Write(fd, std::string(1, byte));
  });
  EXPECT_TRUE(run.passed);
}

TEST(NoiseStepTest, WhatFollowsTheFirstFrameIsNotRead) {
  const StepRun run = RunAgainst(
      [](int fd) { Write(fd, NoiseFrame(ServerOfToday().Answer(ReadFirstMessage(fd))) + "more"); });
  EXPECT_TRUE(run.passed);
}

TEST(NoiseStepTest, CutAnywhereIsTheEndOfTheStream) {
  size_t size = 0;
  size_t frame_size = 1;
  const TcpServer server(kAddress, 0, [&](int fd) {
    const std::string frame = NoiseFrame(ServerOfToday().Answer(ReadFirstMessage(fd)));
    frame_size = frame.size();
    Write(fd, frame.substr(0, size));
  });
  for (; size < frame_size; ++size) {
    const StepRun run = RunAgainst(server.port());
    EXPECT_FALSE(run.passed) << size;
    EXPECT_FALSE(run.evidence.noise().verified()) << size;
    ASSERT_EQ(run.evidence.noise().failure(), kEof) << size;
  }
  EXPECT_GT(frame_size, 300U);
  EXPECT_TRUE(RunAgainst(server.port()).passed) << "with every byte";
}

TEST(NoiseStepTest, AResetIsToldAsSuch) {
  EXPECT_EQ(RunAgainst(ResetAfterFirstBytes).evidence.noise().failure(), kConnectionReset);
}

TEST(NoiseStepTest, SilenceEndsAtTheDeadline) {
  const SilentServer server(kAddress, 0);
  const StepRun run = RunAgainst(server.port(), std::chrono::milliseconds(50));
  EXPECT_FALSE(run.passed);
  EXPECT_EQ(run.evidence.noise().failure(), kTimeout);
}

TEST(NoiseStepTest, AnotherProtocolIsMalformed) {
  EXPECT_EQ(RunAgainst(TalkNonsense).evidence.noise().failure(), kNoiseMalformedMessage);
}

TEST(NoiseStepTest, AFrameOfNothingIsMalformed) {
  const StepRun run = RunAgainst([](int fd) {
    ReadFirstMessage(fd);
    Write(fd, std::string(3, '\0'));
  });
  EXPECT_EQ(run.evidence.noise().failure(), kNoiseMalformedMessage);
}

TEST(NoiseStepTest, WithoutAUsableProfileNothingIsSaid) {
  std::string heard = "unheard";
  const TcpServer server(kAddress, 0, [&](int fd) { heard = ReadFirstMessage(fd); });
  v1::Check check;
  check.set_protocol(v1::CHECK_PROTOCOL_NOISE);
  check.set_port(server.port());
  const v1::NoiseProfile empty;
  const auto timeout = std::chrono::seconds(20);
  for (const v1::NoiseProfile* profile : {static_cast<const v1::NoiseProfile*>(nullptr), &empty}) {
    const StepRun run = RunSteps(check, profile, "", kAddress, timeout);
    EXPECT_FALSE(run.passed);
    EXPECT_TRUE(IsLocalFailure(run.evidence.noise().failure()));
    EXPECT_EQ(run.evidence.noise().first_message_bytes(), 0U);
  }
}

}  // namespace
}  // namespace sightline::probe

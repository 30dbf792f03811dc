// The agent's Noise code as a command, for the tests in Python that check it from outside.
//
//   noise_check xeddsa
//     Reads lines "KEY MESSAGE SIGNATURE" in hex ("-" for none), prints 1 or 0 for each.
//   noise_check tcp ROOT_KEY ADDRESS PORT
//   noise_check websocket ROOT_KEY ADDRESS PORT HOST ROOTS_PEM_FILE
//     Runs the steps of the protocol, prints the attempt as JSON. ROOT_KEY in hex.

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "agent/probe/xeddsa.h"
#include "tests/agent/probe/step_fixture.h"

namespace {

std::string FromHex(const std::string& hex) {
  return hex == "-" ? std::string() : absl::HexStringToBytes(hex);
}

int VerifySignatures() {
  std::string key;
  std::string message;
  std::string signature;
  while (std::cin >> key >> message >> signature) {
    const bool good =
        sightline::probe::VerifyXeddsa(FromHex(key), FromHex(message), FromHex(signature));
    std::cout << (good ? "1\n" : "0\n");
  }
  return 0;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Probe(const std::vector<std::string>& words) {
  sightline::v1::NoiseProfile profile;
  profile.set_header("WA\x06\x03");
  profile.set_pattern("Noise_XX_25519_AESGCM_SHA256");
  profile.add_root_keys(FromHex(words[1]));
  sightline::v1::Check check;
  check.set_protocol(sightline::v1::CHECK_PROTOCOL_NOISE);
  check.set_port(static_cast<uint32_t>(std::strtoul(words[3].c_str(), nullptr, 10)));
  std::string roots;
  if (words.size() == 6) {
    check.set_protocol(sightline::v1::CHECK_PROTOCOL_NOISE_WEBSOCKET);
    check.set_host(words[4]);
    check.set_path("/ws/chat");
    check.set_origin("https://web.whatsapp.com");
    roots = ReadFile(words[5]);
  }
  const sightline::probe::StepRun run = sightline::probe::RunSteps(
      check, &profile, roots, words[2], std::chrono::milliseconds(20'000));
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(run.evidence, &json, options).ok()) return 1;
  std::cout << json << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string command = words.empty() ? "" : words[0];
  if (command == "xeddsa" && words.size() == 1) return VerifySignatures();
  if (command == "tcp" && words.size() == 4) return Probe(words);
  if (command == "websocket" && words.size() == 6) return Probe(words);
  std::fputs("noise_check: wrong arguments; see noise_check.cc\n", stderr);
  return 2;
}

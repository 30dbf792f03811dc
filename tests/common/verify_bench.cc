// Not a test: does the time that a signature takes to check tell where it is wrong?
//
//   ninja -C build/release verify_bench && build/release/bin/verify_bench

#include <benchmark/benchmark.h>

#include <string>

#include "common/crypto.h"
#include "common/wire.h"

namespace sightline {
namespace {

// `wrong`: the byte of the signature that is changed; -1: none, 64: the key is another.
void BM_Verify(benchmark::State& state) {
  const SigningKey key = *SigningKey::FromSeed(std::string(kSeedBytes, 'a'));
  const SigningKey other = *SigningKey::FromSeed(std::string(kSeedBytes, 'b'));
  const std::string data(4096, 'x');
  std::string signature = key.Sign(kBatchDomain, data);
  const int64_t wrong = state.range(0);
  if (wrong >= 0 && wrong < 64) signature[static_cast<size_t>(wrong)] ^= 1;
  const VerifyKey& verify = wrong == 64 ? other.public_key() : key.public_key();
  for (auto _ : state) {
    benchmark::DoNotOptimize(verify.Verify(kBatchDomain, data, signature));
  }
}
BENCHMARK(BM_Verify)->Arg(-1)->Arg(0)->Arg(31)->Arg(32)->Arg(62)->Arg(64);

}  // namespace
}  // namespace sightline

// Makes the inputs that the fuzzer of exports begins with, in tests/fuzz/corpus/export. Built and
// run when the format of a file or the rules have changed:
//
//   cmake --build --preset dev --target export_seeds && build/dev/bin/export_seeds
#include <filesystem>
#include <iostream>
#include <string>

#include "collector/export/export_writer.h"
#include "tests/collector/export/signed_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

bool Write(const std::string& name, SignedWorldOptions world_options, bool judged) {
  const std::string path = std::string(SIGHTLINE_SEEDS) + "/" + name;
  std::filesystem::remove(path);
  SignedWorld world(world_options);
  MemoryStore store;
  world.Append(store);
  if (judged) world.Judge(store);
  ExportOptions options;
  options.now = world.end();
  options.block_bytes = 4096;
  const auto written = WriteExport(store, path, options);
  if (!written.ok()) {
    std::cerr << path << ": " << written.status() << "\n";
    return false;
  }
  std::cout << path << ": " << written->bytes << " bytes, " << written->counts.events()
            << " events\n";
  return true;
}

}  // namespace
}  // namespace sightline

int main() {
  std::filesystem::create_directories(SIGHTLINE_SEEDS);
  const bool good =
      sightline::Write("opening", {.agents_each = 4, .windows = 5, .opening = 3}, true) &&
      sightline::Write("one_window", {.agents_each = 1, .windows = 1, .opening = 1}, true) &&
      sightline::Write("not_judged", {.agents_each = 1, .windows = 2, .opening = 1}, false) &&
      sightline::Write("empty", {.agents_each = 0, .windows = 0, .opening = 1}, false);
  return good ? 0 : 1;
}

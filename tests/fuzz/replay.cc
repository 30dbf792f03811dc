// Runs a fuzz target over files, in builds without libFuzzer: every input that once found something
// is found again by any compiler.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

bool Replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) {
    std::cerr << path << ": cannot be read\n";
    return false;
  }
  // A crash says nothing of the input, so that its name comes first. Flushed.
  std::cout << path.filename().string() << std::endl;
  // A copy of exactly this size, so that a read past the end is one for the sanitizer too.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !fs::is_directory(argv[1])) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  size_t files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(argv[1])) {
    if (!Replay(entry.path())) return 1;
    ++files;
  }
  std::cout << files << " inputs replayed\n";
  return files > 0 ? 0 : 1;
}

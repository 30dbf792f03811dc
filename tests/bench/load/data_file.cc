#include "tests/bench/load/data_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sightline::load {
namespace {

constexpr uint64_t kMagic = 0x31'30'44'41'4f'4c'4c'53;  // "SLLOAD01"

struct Header {
  uint64_t magic = 0;
  DataShape shape;
  uint64_t tables = 0;
};

struct AgentEntry {
  char key_pem[256];
  char public_key[32];
  char region[8];
  char address[16];
  uint64_t control;
};

absl::Status Failed(absl::string_view path, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

bool Store(char* to, size_t room, absl::string_view text) {
  if (text.size() >= room) return false;
  std::memcpy(to, text.data(), text.size());
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DataWriter>> DataWriter::Create(const std::string& path,
                                                               const DataShape& shape) {
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return Failed(path, "cannot be written");
  return std::unique_ptr<DataWriter>(new DataWriter(file, path, shape));
}

DataWriter::DataWriter(int file, std::string path, const DataShape& shape)
    : file_(file),
      path_(std::move(path)),
      shape_(shape),
      end_(sizeof(Header)),
      agents_(shape.agents * sizeof(AgentEntry), '\0'),
      batches_(static_cast<size_t>(shape.agents) * shape.batches_per_agent) {}

DataWriter::~DataWriter() { close(file_); }

absl::Status DataWriter::WriteAt(uint64_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed(path_, "cannot be written");
    offset += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status DataWriter::Add(uint32_t index, const DataAgent& agent, absl::string_view chain,
                             const std::vector<uint32_t>& sizes) {
  AgentEntry entry = {};
  if (!Store(entry.key_pem, sizeof(entry.key_pem), agent.key_pem) ||
      !Store(entry.region, sizeof(entry.region), agent.region) ||
      !Store(entry.address, sizeof(entry.address), agent.address) ||
      agent.public_key.size() != sizeof(entry.public_key) || index >= shape_.agents ||
      sizes.size() != shape_.batches_per_agent) {
    return absl::InvalidArgumentError("agent: a field is too long, or the chain is");
  }
  std::memcpy(entry.public_key, agent.public_key.data(), sizeof(entry.public_key));
  entry.control = agent.control ? 1 : 0;
  uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    offset = end_;
    end_ += chain.size();
    std::memcpy(agents_.data() + index * sizeof(entry), &entry, sizeof(entry));
    uint64_t at = offset;
    for (size_t i = 0; i < sizes.size(); ++i) {
      batches_[static_cast<size_t>(index) * sizes.size() + i] = {at, sizes[i]};
      at += sizes[i];
    }
    if (at != end_) return absl::InvalidArgumentError("chain: its batches have other sizes");
    ++added_;
  }
  return WriteAt(offset, chain);
}

absl::Status DataWriter::Finish() {
  const std::lock_guard lock(mutex_);
  if (added_ != shape_.agents) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": ", added_, " of ", shape_.agents, " agents were added"));
  }
  const uint64_t tables = end_;
  absl::Status status = WriteAt(tables, agents_);
  if (status.ok()) {
    status = WriteAt(tables + agents_.size(), {reinterpret_cast<const char*>(batches_.data()),
                                               batches_.size() * sizeof(DataExtent)});
  }
  const Header header{kMagic, shape_, tables};
  if (status.ok()) status = WriteAt(0, {reinterpret_cast<const char*>(&header), sizeof(header)});
  return status;
}

absl::StatusOr<std::unique_ptr<DataFile>> DataFile::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Failed(path, "cannot be read");
  struct stat stat = {};
  fstat(file, &stat);
  const auto size = static_cast<size_t>(stat.st_size);
  void* data =
      size < sizeof(Header) ? MAP_FAILED : mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  Header header;
  if (data != MAP_FAILED) std::memcpy(&header, data, sizeof(header));
  const uint64_t batches = uint64_t{header.shape.agents} * header.shape.batches_per_agent;
  if (header.magic != kMagic ||
      header.tables + header.shape.agents * sizeof(AgentEntry) + batches * sizeof(DataExtent) !=
          size) {
    if (data != MAP_FAILED) munmap(data, size);
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is no whole file of prepared load; make it with prepare"));
  }
  return std::unique_ptr<DataFile>(
      new DataFile(static_cast<const char*>(data), size, header.shape, header.tables));
}

DataFile::DataFile(const char* data, size_t size, const DataShape& shape, uint64_t tables)
    : data_(data), size_(size), shape_(shape), tables_(tables) {}

DataFile::~DataFile() { munmap(const_cast<char*>(data_), size_); }

DataAgent DataFile::Agent(uint32_t index) const {
  AgentEntry entry;
  std::memcpy(&entry, data_ + tables_ + index * sizeof(entry), sizeof(entry));
  return {entry.key_pem, std::string(entry.public_key, sizeof(entry.public_key)), entry.region,
          entry.address, entry.control != 0};
}

absl::string_view DataFile::Request(uint32_t agent, uint64_t batch_seq) const {
  const uint64_t index = uint64_t{agent} * shape_.batches_per_agent + batch_seq - 1;
  DataExtent extent;
  std::memcpy(&extent,
              data_ + tables_ + shape_.agents * sizeof(AgentEntry) + index * sizeof(extent),
              sizeof(extent));
  return {data_ + extent.offset, static_cast<size_t>(extent.size)};
}

uint64_t DataFile::request_bytes() const { return tables_ - sizeof(Header); }

}  // namespace sightline::load

// A file system in memory, for tests that would otherwise wait for the disk.
#ifndef SIGHTLINE_TESTS_AGENT_MEMORY_FILES_H_
#define SIGHTLINE_TESTS_AGENT_MEMORY_FILES_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/files.h"

namespace sightline::agent {

// Not thread-safe. Folders exist without being made.
class MemoryFiles : public Files {
 public:
  size_t bytes() const {
    size_t total = 0;
    for (const auto& [path, data] : files_) total += data.size();
    return total;
  }

  absl::StatusOr<std::string> Read(const std::string& path) override {
    const auto it = files_.find(path);
    if (it == files_.end()) return absl::NotFoundError(path);
    return it->second;
  }
  absl::Status WriteAtomically(const std::string& path, absl::string_view data, mode_t) override {
    files_[path] = std::string(data);
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    files_[path];
    return std::make_unique<File>(*this, path);
  }
  absl::Status Truncate(const std::string& path, size_t size) override {
    files_[path].resize(size);
    return absl::OkStatus();
  }
  absl::Status Remove(const std::string& path) override {
    files_.erase(path);
    return absl::OkStatus();
  }
  absl::Status MakeFolder(const std::string&) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override {
    std::vector<std::string> names;
    for (const auto& [path, data] : files_) {
      if (absl::StartsWith(path, absl::StrCat(folder, "/"))) {
        names.push_back(path.substr(folder.size() + 1));
      }
    }
    return names;
  }

 private:
  class File : public AppendFile {
   public:
    File(MemoryFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
    absl::Status Append(absl::string_view data) override {
      absl::StrAppend(&files_.files_[path_], data);
      return absl::OkStatus();
    }
    absl::Status Sync() override { return absl::OkStatus(); }

   private:
    MemoryFiles& files_;
    std::string path_;
  };

  std::map<std::string, std::string> files_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_MEMORY_FILES_H_

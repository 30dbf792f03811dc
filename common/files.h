// The seam between code and the file system: a small set of operations whose durability is known,
// so that tests can make the N-th one fail.
#ifndef SIGHTLINE_COMMON_FILES_H_
#define SIGHTLINE_COMMON_FILES_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// A file opened for appending. One thread at a time. Closed by the destructor.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // After an error the file may hold any prefix of `data`.
  virtual absl::Status Append(absl::string_view data) = 0;
  // Returns once everything appended is on the disk.
  virtual absl::Status Sync() = 0;
};

// Thread-safe. Errors name the path and the system's reason; a missing file is NOT_FOUND, a full
// disk RESOURCE_EXHAUSTED.
class Files {
 public:
  virtual ~Files() = default;
  virtual absl::StatusOr<std::string> Read(const std::string& path) = 0;
  // Replaces the file in one step: after a crash it holds the old or the new bytes, never a mix.
  // The new bytes and the name are on the disk on return.
  virtual absl::Status WriteAtomically(const std::string& path, absl::string_view data,
                                       mode_t mode) = 0;
  // Creates the file (0600) when there is none.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) = 0;
  // Cuts the file to `size` bytes, on the disk on return.
  virtual absl::Status Truncate(const std::string& path, size_t size) = 0;
  // Removing a file that is not there is no error.
  virtual absl::Status Remove(const std::string& path) = 0;
  // Makes the folder (0700) and its parents.
  virtual absl::Status MakeFolder(const std::string& path) = 0;
  // Names (without the folder) of the regular files in a folder, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& folder) = 0;
};

// The real file system. Lives as long as the process.
Files& SystemFiles();

}  // namespace sightline

#endif  // SIGHTLINE_COMMON_FILES_H_

// A file that gets its name when it is whole, and never takes that of another one.
#ifndef SIGHTLINE_COLLECTOR_STORE_NEW_FILE_H_
#define SIGHTLINE_COLLECTOR_STORE_NEW_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline {

// Writes to a temporary name beside the final one, mode 0600; the destructor removes it unless
// Finish gave it its name. One thread. ALREADY_EXISTS: the final name is taken.
// RESOURCE_EXHAUSTED: the disk is full. FAILED_PRECONDITION: anything else of the system. Errors
// name the path.
class NewFile {
 public:
  static absl::StatusOr<NewFile> Create(const std::string& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  // Where the bytes are until Finish, for whoever writes them by other means.
  const std::string& temporary_path() const { return temporary_; }

  absl::Status Append(absl::string_view data);

  // The file is on the disk under its final name on return, or that name was not touched.
  absl::Status Finish();

 private:
  NewFile(std::string path, std::string temporary, int fd);

  const std::string path_;
  std::string temporary_;  // empty once there is nothing to remove
  int fd_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_NEW_FILE_H_

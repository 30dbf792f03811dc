#include "common/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

namespace fs = std::filesystem;

absl::Status SystemError(int error, absl::string_view action, const std::string& path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", action, " ", path));
}

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, absl::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError(errno, "write to", path);
    }
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// A new, renamed or removed name is durable once its folder is synchronised.
absl::Status SyncFolderOf(const std::string& path) {
  std::string folder = fs::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return SystemError(errno, "open the folder", folder);
  if (fsync(fd.get()) != 0) return SystemError(errno, "synchronise the folder", folder);
  return absl::OkStatus();
}

class SystemAppendFile : public AppendFile {
 public:
  SystemAppendFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::Status Append(absl::string_view data) override { return WriteAll(fd_.get(), data, path_); }

  absl::Status Sync() override {
    if (fdatasync(fd_.get()) != 0) return SystemError(errno, "synchronise", path_);
    return absl::OkStatus();
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class SystemFilesImpl : public Files {
 public:
  absl::StatusOr<std::string> Read(const std::string& path) override {
    const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.ok()) return SystemError(errno, "open", path);
    std::string data;
    char buffer[1 << 16];
    for (;;) {
      const ssize_t size = read(fd.get(), buffer, sizeof(buffer));
      if (size == 0) return data;
      if (size > 0) {
        data.append(buffer, static_cast<size_t>(size));
      } else if (errno != EINTR) {
        return SystemError(errno, "read", path);
      }
    }
  }

  absl::Status WriteAtomically(const std::string& path, absl::string_view data,
                               mode_t mode) override {
    const std::string temporary = path + ".new";
    {
      const Descriptor fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
      if (!fd.ok()) return SystemError(errno, "create", temporary);
      if (absl::Status status = WriteAll(fd.get(), data, temporary); !status.ok()) return status;
      if (fsync(fd.get()) != 0) return SystemError(errno, "synchronise", temporary);
    }
    if (rename(temporary.c_str(), path.c_str()) != 0) {
      return SystemError(errno, "rename a new file to", path);
    }
    return SyncFolderOf(path);
  }

  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    Descriptor fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.ok()) return SystemError(errno, "open for appending", path);
    if (absl::Status status = SyncFolderOf(path); !status.ok()) return status;
    return std::make_unique<SystemAppendFile>(std::move(fd), path);
  }

  absl::Status Truncate(const std::string& path, size_t size) override {
    const Descriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.ok()) return SystemError(errno, "open", path);
    if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0 || fsync(fd.get()) != 0) {
      return SystemError(errno, "truncate", path);
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0) {
      if (errno == ENOENT) return absl::OkStatus();
      return SystemError(errno, "remove", path);
    }
    return SyncFolderOf(path);
  }

  absl::Status MakeFolder(const std::string& path) override {
    std::string prefix;
    for (const fs::path& part : fs::path(path)) {
      prefix = (fs::path(prefix) / part).string();
      if (mkdir(prefix.c_str(), 0700) == 0) {
        if (absl::Status status = SyncFolderOf(prefix); !status.ok()) return status;
      } else if (errno != EEXIST && errno != EISDIR) {
        return SystemError(errno, "make the folder", prefix);
      }
    }
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is not a folder; move it away or name another"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      std::error_code ignored;
      if (it->is_regular_file(ignored)) names.push_back(it->path().filename().string());
    }
    if (error) return SystemError(error.value(), "list the folder", folder);
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

Files& SystemFiles() {
  static SystemFilesImpl* const kFiles = new SystemFilesImpl;
  return *kFiles;
}

}  // namespace sightline

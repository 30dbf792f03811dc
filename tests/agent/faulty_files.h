// A file system in which chosen operations that change something fail.
#ifndef SIGHTLINE_TESTS_AGENT_FAULTY_FILES_H_
#define SIGHTLINE_TESTS_AGENT_FAULTY_FILES_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/files.h"

namespace sightline::agent {

// Wraps another Files, which must outlive it. Not thread-safe.
class FaultyFiles : public Files {
 public:
  enum class Fault {
    kNothingDone,  // The failing operation has no effect.
    kHalfDone,     // An append writes half of its bytes; any other operation has no effect.
    kDone,         // The operation takes effect and reports an error all the same.
  };

  explicit FaultyFiles(Files& real) : real_(real) {}

  // The operation number `first` (from now, counting from 0) fails, and the `count - 1` after it.
  void FailAt(int first, int count, Fault fault) {
    operations_ = 0;
    first_ = first;
    last_ = first + count - 1;
    fault_ = fault;
  }
  void Heal() { first_ = last_ = -1; }
  // Operations since FailAt.
  int operations() const { return operations_; }

  absl::StatusOr<std::string> Read(const std::string& path) override { return real_.Read(path); }
  absl::StatusOr<std::vector<std::string>> List(const std::string& folder) override {
    return real_.List(folder);
  }
  absl::Status WriteAtomically(const std::string& path, absl::string_view data,
                               mode_t mode) override {
    return Do([&] { return real_.WriteAtomically(path, data, mode); });
  }
  absl::Status Truncate(const std::string& path, size_t size) override {
    return Do([&] { return real_.Truncate(path, size); });
  }
  absl::Status Remove(const std::string& path) override {
    return Do([&] { return real_.Remove(path); });
  }
  absl::Status MakeFolder(const std::string& path) override {
    return Do([&] { return real_.MakeFolder(path); });
  }
  absl::StatusOr<std::unique_ptr<AppendFile>> OpenAppend(const std::string& path) override {
    absl::StatusOr<std::unique_ptr<AppendFile>> file = absl::UnknownError("not opened");
    absl::Status status = Do([&] {
      file = real_.OpenAppend(path);
      return file.status();
    });
    if (!status.ok()) return status;
    return std::make_unique<File>(*this, *std::move(file));
  }

 private:
  class File : public AppendFile {
   public:
    File(FaultyFiles& files, std::unique_ptr<AppendFile> real)
        : files_(files), real_(std::move(real)) {}
    absl::Status Append(absl::string_view data) override {
      const bool half = files_.NextFails() && files_.fault_ == Fault::kHalfDone;
      if (half && !real_->Append(data.substr(0, data.size() / 2)).ok()) {
        return absl::InternalError("the real file failed");
      }
      return files_.Do([&] { return real_->Append(data); });
    }
    absl::Status Sync() override {
      return files_.Do([&] { return real_->Sync(); });
    }

   private:
    FaultyFiles& files_;
    std::unique_ptr<AppendFile> real_;
  };

  bool NextFails() const { return operations_ >= first_ && operations_ <= last_; }

  template <typename Operation>
  absl::Status Do(Operation operation) {
    const bool fails = NextFails();
    ++operations_;
    if (!fails) return operation();
    if (fault_ == Fault::kDone) {
      if (absl::Status status = operation(); !status.ok()) return status;
    }
    return absl::UnavailableError("injected fault");
  }

  Files& real_;
  int operations_ = 0;
  int first_ = -1;
  int last_ = -1;
  Fault fault_ = Fault::kNothingDone;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_FAULTY_FILES_H_

// A folder that goes away with the test.
#ifndef SIGHTLINE_TESTS_COMMON_TEMP_FOLDER_H_
#define SIGHTLINE_TESTS_COMMON_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace sightline {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sightline-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COMMON_TEMP_FOLDER_H_

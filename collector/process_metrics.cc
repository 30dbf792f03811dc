#include "collector/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace sightline {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string ReadProc(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Fields of /proc/self/stat from the third on, so that index 0 is "state": see proc(5). The second
// is the program's name in parentheses, with whatever bytes.
std::vector<std::string> StatFields() {
  const std::string stat = ReadProc("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  return absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
}

// Numbers of proc(5), less the two fields in front of StatFields.
constexpr size_t kUserTicks = 14 - 3;
constexpr size_t kSystemTicks = 15 - 3;
constexpr size_t kThreads = 20 - 3;
constexpr size_t kStartTicks = 22 - 3;
constexpr size_t kVirtualBytes = 23 - 3;
constexpr size_t kResidentPages = 24 - 3;

// Seconds since 1970 at which the machine started.
std::optional<double> BootTime() {
  for (const absl::string_view line : absl::StrSplit(ReadProc("/proc/stat"), '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    double seconds = 0;
    if (words.size() == 2 && words[0] == "btime" && absl::SimpleAtod(words[1], &seconds)) {
      return seconds;
    }
  }
  return std::nullopt;
}

std::optional<double> OpenFileDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), closedir);
  if (folder == nullptr) return std::nullopt;
  // Neither "." nor ".." nor the descriptor of the folder itself.
  double count = -3;
  while (readdir(folder.get()) != nullptr) ++count;
  return count;
}

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return family;
}

}  // namespace

std::vector<MetricFamily> CollectProcessMetrics() {
  std::vector<MetricFamily> families;
  const std::vector<std::string> fields = StatFields();
  const auto number = [&fields](size_t index) {
    double value = 0;
    return index < fields.size() && absl::SimpleAtod(fields[index], &value) ? value : 0;
  };
  if (fields.size() > kResidentPages) {
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    families.push_back(Single("process_cpu_seconds_total", "CPU time used, user and system",
                              MetricType::Counter,
                              (number(kUserTicks) + number(kSystemTicks)) / ticks));
    families.push_back(Single("process_resident_memory_bytes", "Memory that is resident",
                              MetricType::Gauge,
                              number(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE))));
    families.push_back(Single("process_virtual_memory_bytes", "Memory that is mapped",
                              MetricType::Gauge, number(kVirtualBytes)));
    families.push_back(Single("process_threads", "Threads", MetricType::Gauge, number(kThreads)));
    if (const std::optional<double> boot = BootTime()) {
      families.push_back(Single("process_start_time_seconds", "Start, in seconds since 1970",
                                MetricType::Gauge, *boot + number(kStartTicks) / ticks));
    }
  }
  if (const std::optional<double> open = OpenFileDescriptors()) {
    families.push_back(
        Single("process_open_fds", "Open file descriptors", MetricType::Gauge, *open));
  }
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(Single("process_max_fds", "File descriptors that may be open",
                              MetricType::Gauge, static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

}  // namespace sightline

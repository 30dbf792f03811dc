#include "collector/verdict/privacy.h"

#include "collector/verdict/posterior.h"

namespace sightline {

std::vector<bool> Publishable(absl::Span<const uint32_t> sizes, uint32_t unlisted) {
  std::vector<bool> listed(sizes.size());
  uint64_t rest = unlisted;
  for (size_t i = 0; i < sizes.size(); ++i) {
    listed[i] = sizes[i] >= kBucketsMin;
    if (!listed[i]) rest += sizes[i];
  }
  while (rest > 0 && rest < kBucketsMin) {
    size_t smallest = sizes.size();
    for (size_t i = 0; i < sizes.size(); ++i) {
      if (!listed[i]) continue;
      if (smallest == sizes.size() || sizes[i] <= sizes[smallest]) smallest = i;
    }
    if (smallest == sizes.size()) break;
    listed[smallest] = false;
    rest += sizes[smallest];
  }
  return listed;
}

}  // namespace sightline

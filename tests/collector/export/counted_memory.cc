#include "tests/collector/export/counted_memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace sightline {
namespace {

std::atomic<int64_t> held = 0;
std::atomic<int64_t> base = 0;
std::atomic<int64_t> peak = 0;

void* Take(size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  const int64_t now = held += static_cast<int64_t>(malloc_usable_size(memory));
  for (int64_t seen = peak; now > seen && !peak.compare_exchange_weak(seen, now);) {
  }
  return memory;
}

void Give(void* memory) {
  if (memory != nullptr) held -= static_cast<int64_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void ForgetPeak() { peak = base = held.load(); }
int64_t PeakBytes() { return peak - base; }

}  // namespace sightline

void* operator new(size_t size) { return sightline::Take(size); }
void* operator new[](size_t size) { return sightline::Take(size); }
void operator delete(void* memory) noexcept { sightline::Give(memory); }
void operator delete[](void* memory) noexcept { sightline::Give(memory); }
void operator delete(void* memory, size_t) noexcept { sightline::Give(memory); }
void operator delete[](void* memory, size_t) noexcept { sightline::Give(memory); }

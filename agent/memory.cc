#include "agent/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace sightline::agent {
namespace {

// Segments that cannot be written to are never anything but a copy of the file. Those that can be,
// relocated data included, are left alone: dropping them would undo what was written.
int ReleaseReadOnlySegments(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t start = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const uintptr_t end =
        (object->dlpi_addr + segment.p_vaddr + segment.p_filesz + page - 1) & ~(page - 1);
    // A refusal leaves the pages where they are.
    madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void ShareOneHeap() { mallopt(M_ARENA_MAX, 1); }

void ReleaseIdleMemory() {
  malloc_trim(0);
  dl_iterate_phdr(ReleaseReadOnlySegments, nullptr);
}

}  // namespace sightline::agent

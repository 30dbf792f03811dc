// Keeps the agent small between rounds.
#ifndef SIGHTLINE_AGENT_MEMORY_H_
#define SIGHTLINE_AGENT_MEMORY_H_

namespace sightline::agent {

// Call first in main, while there is one thread. All threads then share one heap: the agent has
// nothing to gain from a heap per thread, and each would keep what its busiest moment needed.
void ShareOneHeap();

// Returns what is not in use to the system: free memory of the heap, and pages of the program and
// its libraries that are as they are on disk. What is needed again comes back by itself, page by
// page from the system's cache. Costs under a millisecond, and some more when work begins again:
// call it when there is nothing to do for seconds. Thread-safe.
void ReleaseIdleMemory();

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_MEMORY_H_

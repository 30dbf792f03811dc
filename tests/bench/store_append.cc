// store_append [GROUPS]: what Append costs per record, on both stores, in groups of 256 records of
// 10 KB and of 1.5 KB. One thread appends, nothing else runs; fsync is on. Prints microseconds of
// wall clock, of this process's CPU and of the server's CPU.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/store.h"
#include "common/crypto.h"
#include "common/wire.h"
#include "tests/collector/store/private_postgres.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

constexpr int kGroup = 256;
constexpr int kAgents = 1024;  // a group is of a quarter of them
constexpr int kRounds = 3;

double CpuSeconds(int who) {
  rusage usage = {};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  fprintf(stderr, "store_append: %s\n", value.status().ToString().c_str());
  exit(1);
}

struct BenchAgent {
  std::string id;
  uint64_t seq = 0;
  std::string head = GenesisHash();
};

std::vector<BenchAgent> EnrollAll(Store& store) {
  std::vector<BenchAgent> agents(kAgents);
  for (BenchAgent& agent : agents) {
    agent.id = RandomBytes(kHashBytes);
    AgentRecord record;
    record.agent_id = agent.id;
    record.public_key = RandomBytes(kPublicKeyBytes);
    record.region = "CN-BJ";
    record.enroll_time = absl::FromUnixSeconds(1'713'400'000);
    const std::string token = RandomBytes(kHashBytes);
    (void)store.AddInvites(
        {InviteRecord{token, v1::AGENT_ROLE_VOLUNTEER, record.enroll_time + absl::Hours(1)}});
    Must(store.Enroll(token, record));
  }
  return agents;
}

std::vector<LogRecord> NextGroup(std::vector<BenchAgent>& agents, int group,
                                 const std::string& batch) {
  std::vector<LogRecord> records;
  for (int i = 0; i < kGroup; ++i) {
    BenchAgent& agent = agents[static_cast<size_t>((group * kGroup + i) % kAgents)];
    LogRecord& record = records.emplace_back();
    record.agent_id = agent.id;
    record.first_seq = record.batch_seq = ++agent.seq;
    record.prev_hash = agent.head;
    record.chain_hash = agent.head = RandomBytes(kHashBytes);
    record.round_time = absl::FromUnixSeconds(1'713'400'000);
    record.receive_time = record.round_time;
    record.country = "CN";
    record.asn = 4134;
    record.bucket = RandomBytes(16);
    record.batch = batch;
    record.signature = RandomBytes(kSignatureBytes);
  }
  return records;
}

void Measure(const char* name, const std::string& url, int groups, size_t batch_bytes) {
  const std::unique_ptr<Store> store = Must(OpenStore(url));
  std::vector<BenchAgent> agents = EnrollAll(*store);
  if (!store->PrepareDays(19831).ok()) exit(1);
  const std::string batch = RandomBytes(batch_bytes);
  double best = 1e9;
  double cpu = 0;
  for (int round = 0; round < kRounds; ++round) {
    double wall = 0;
    cpu = 0;
    for (int group = 0; group < groups; ++group) {
      const std::vector<LogRecord> records = NextGroup(agents, group, batch);
      const double cpu_before = CpuSeconds(RUSAGE_SELF);
      const auto before = std::chrono::steady_clock::now();
      const AppendResult result = Must(store->Append("n1", records));
      wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
      cpu += CpuSeconds(RUSAGE_SELF) - cpu_before;
      for (const AppendOutcome outcome : result.outcomes) {
        if (outcome != AppendOutcome::kAppended) exit(1);
      }
    }
    best = std::min(best, wall);
  }
  const double records = static_cast<double>(groups) * kGroup;
  printf("%-10s %6zu bytes: %7.1f us a record, %6.0f records/s; this process %6.1f us of CPU\n",
         name, batch_bytes, best / records * 1e6, records / best, cpu / records * 1e6);
  fflush(stdout);
}

int Main(int groups) {
  for (const size_t batch_bytes : {size_t{10'000}, size_t{1'500}}) {
    const TempFolder folder;
    Measure("SQLite", "sqlite:" + folder / "store.db", groups, batch_bytes);
  }
  for (const size_t batch_bytes : {size_t{10'000}, size_t{1'500}}) {
    double before = 0;
    {
      PrivatePostgres postgres({"fsync=on", "shared_buffers=256MB", "max_wal_size=4GB"});
      before = CpuSeconds(RUSAGE_CHILDREN);
      Measure("PostgreSQL", postgres.NewDatabase(), groups, batch_bytes);
    }
    // The server's, from its start to its last process, enrolment included.
    const double server = CpuSeconds(RUSAGE_CHILDREN) - before;
    printf("%-10s %6zu bytes: the server %.1f us of CPU a record\n", "PostgreSQL", batch_bytes,
           server / (static_cast<double>(groups) * kGroup * kRounds) * 1e6);
  }
  return 0;
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) { return sightline::Main(argc > 1 ? atoi(argv[1]) : 40); }

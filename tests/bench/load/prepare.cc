#include "tests/bench/load/prepare.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/plan.h"
#include "common/wire.h"
#include "sightline/v1/ingest.pb.h"
#include "tests/agent/test_certificate.h"
#include "tests/bench/load/data_file.h"
#include "tests/bench/load/load_plan.h"
#include "tests/bench/load/rounds.h"
#include "tests/bench/load/server_name.h"

namespace sightline::load {
namespace {

constexpr long kCertificateValidS = 7 * 24 * 3600;

// What all threads that sign share.
struct Work {
  Work(const PrepareOptions& all_options, const v1::Plan& the_plan, absl::Time time,
       DataWriter& data_writer)
      : options(all_options), plan(the_plan), now(time), writer(data_writer) {}

  const PrepareOptions& options;
  const v1::Plan& plan;
  const absl::Time now;
  DataWriter& writer;
  std::atomic<uint32_t> next = 0;
  std::mutex mutex;
  absl::Status status = absl::OkStatus();  // guarded by mutex; the first error
};

v1::Vantage VantageOf(const Place& place) {
  v1::Vantage vantage;
  vantage.set_region(place.region);
  vantage.set_agent_version("0.1.0");
  vantage.set_egress(v1::EGRESS_DIRECT);
  vantage.set_address_stable(v1::AGREEMENT_SAME);
  vantage.set_echoes_agree(v1::AGREEMENT_SAME);
  vantage.set_clock_offset_ms(-34);
  vantage.set_clock_offset_error_ms(80);
  vantage.set_domestic_connect_us(12'345);
  vantage.set_foreign_connect_us(187'654);
  vantage.set_captive_portal(v1::PRESENCE_ABSENT);
  vantage.set_tcp_timestamps(v1::PRESENCE_PRESENT);
  return vantage;
}

absl::Status MakeAgent(Work& work, uint32_t index) {
  const Place place = PlaceOf(index);
  const SigningKey key = SigningKey::Generate();
  v1::Batch batch;
  batch.set_agent_id(key.public_key().Id());
  batch.set_boot_id(RandomBytes(16));
  batch.set_plan_version(kPlanVersion);
  *batch.mutable_vantage() = VantageOf(place);
  std::string chain;
  std::vector<uint32_t> sizes;
  std::string head = GenesisHash();
  v1::SubmitRequest request;
  for (uint32_t i = 0; i < work.options.batches; ++i) {
    // The last round ended a moment ago; agents are spread within a round's time.
    const absl::Duration age =
        work.options.span * (work.options.batches - i) / work.options.batches;
    const absl::Time round_time =
        work.now - age - absl::Seconds(60) + absl::Milliseconds(index % 997);
    batch.set_batch_seq(i + 1);
    batch.set_prev_hash(head);
    batch.set_round_time_ms(absl::ToUnixMillis(round_time));
    batch.set_seal_time_ms(absl::ToUnixMillis(round_time + absl::Seconds(55)));
    FillRound(work.plan, place, uint64_t{index} << 32 | i, batch);
    *request.mutable_batch() = SealBatch(batch, key);
    head = ChainHash(request.batch(), batch);
    const size_t before = chain.size();
    request.AppendToString(&chain);
    sizes.push_back(static_cast<uint32_t>(chain.size() - before));
  }
  return work.writer.Add(
      index, {key.ToPem(), key.public_key().raw(), place.region, place.address, place.control},
      chain, sizes);
}

void MakeAgents(Work& work) {
  for (;;) {
    const uint32_t index = work.next.fetch_add(1);
    if (index >= work.options.agents) return;
    const absl::Status status = MakeAgent(work, index);
    if (status.ok()) continue;
    const std::lock_guard lock(work.mutex);
    if (work.status.ok()) work.status = status;
    return;
  }
}

absl::Status WriteMmdb(const std::string& path) {
  const std::string command = absl::StrCat("perl '", SIGHTLINE_MAKE_MMDB, "' '", path, "'");
  FILE* pipe = popen(command.c_str(), "w");
  if (pipe == nullptr) return absl::InternalError("perl could not be started");
  const std::string rows = AddressRows();
  fwrite(rows.data(), 1, rows.size(), pipe);
  if (pclose(pipe) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(command, " failed"));
  }
  return absl::OkStatus();
}

absl::Status CopyFiles(const std::string& from, const std::string& to, v1::Plan& plan) {
  Files& files = SystemFiles();
  for (const char* name : {"operator.pem", "operator.pub.pem", kPlanName, "server.key",
                           kCertificateName, "geo.mmdb"}) {
    const auto bytes = files.Read(absl::StrCat(from, "/", name));
    if (!bytes.ok()) return bytes.status();
    absl::Status status = files.WriteAtomically(absl::StrCat(to, "/", name), *bytes, 0600);
    if (!status.ok()) return status;
    v1::SignedPlan signed_plan;
    if (name == kPlanName &&
        (!signed_plan.ParseFromString(*bytes) || !plan.ParseFromString(signed_plan.plan()))) {
      return absl::DataLossError(absl::StrCat(from, "/", name, ": is no plan"));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteKeys(const std::string& folder, const v1::Plan& plan) {
  Files& files = SystemFiles();
  const SigningKey operator_key = SigningKey::Generate();
  const agent::TestCertificate certificate = agent::MakeTestCertificate(
      absl::StrCat("DNS:", kServerName, ",IP:127.0.0.1"), kCertificateValidS);
  const struct {
    const char* name;
    std::string text;
  } kFiles[] = {{"operator.pem", operator_key.ToPem()},
                {"operator.pub.pem", operator_key.public_key().ToPem()},
                {kPlanName, SignPlan(plan, operator_key).SerializeAsString()},
                {"server.key", certificate.key_pem},
                {kCertificateName, certificate.certificate_pem}};
  for (const auto& file : kFiles) {
    const absl::Status status =
        files.WriteAtomically(absl::StrCat(folder, "/", file.name), file.text, 0600);
    if (!status.ok()) return status;
  }
  return WriteMmdb(absl::StrCat(folder, "/geo.mmdb"));
}

void PrintSizes(const PrepareOptions& options, const DataFile& data) {
  const uint64_t batches = uint64_t{options.agents} * options.batches;
  const uint64_t results = batches * options.results;
  absl::PrintF(
      R"({"agents": %d, "batches": %d, "results": %d, "bytes": %d, "bytes_per_result": %.1f})"
      "\n",
      options.agents, batches, results, data.request_bytes(),
      static_cast<double>(data.request_bytes()) / static_cast<double>(results));
}

}  // namespace

absl::Status Prepare(const PrepareOptions& options) {
  if (options.results < 16 || options.results > kChecksMax ||
      options.results % kChecksPerTarget != 0) {
    return absl::InvalidArgumentError("--results: must be a multiple of 4 from 16 to 256");
  }
  const absl::Time now = absl::Now();
  v1::Plan plan = MakePlan(static_cast<int>(options.results), now);
  absl::Status status = ValidatePlan(plan);
  if (status.ok()) status = SystemFiles().MakeFolder(options.folder);
  if (!status.ok()) return status;
  status = options.plan_of.empty() ? WriteKeys(options.folder, plan)
                                   : CopyFiles(options.plan_of, options.folder, plan);
  if (!status.ok()) return status;
  if (plan.targets_size() * kChecksPerTarget != static_cast<int>(options.results)) {
    return absl::InvalidArgumentError("--plan-of: that plan has another number of checks");
  }
  const std::string path = absl::StrCat(options.folder, "/", kDataName);
  auto writer =
      DataWriter::Create(path, {options.agents, options.batches, options.results, kPlanVersion});
  if (!writer.ok()) return writer.status();
  Work work(options, plan, now, **writer);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) {
      threads.emplace_back([&work] { MakeAgents(work); });
    }
  }
  if (!work.status.ok()) return work.status;
  status = (*writer)->Finish();
  if (!status.ok()) return status;
  const auto data = DataFile::Open(path);
  if (!data.ok()) return data.status();
  PrintSizes(options, **data);
  return absl::OkStatus();
}

}  // namespace sightline::load

#include "tests/e2e/loopback_collector_grpc.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/board.h"
#include "collector/bucket.h"
#include "collector/enroll.h"
#include "collector/fold_loop.h"
#include "collector/geo.h"
#include "collector/intake.h"
#include "collector/log_grpc.h"
#include "collector/plan_book.h"
#include "collector/server_grpc.h"
#include "common/invite.h"
#include "common/regions.h"
#include "common/tls_policy.h"
#include "sightline/v1/admin.grpc.pb.h"

namespace sightline::e2e {
namespace {

constexpr size_t kLogLinesMax = 1000;
constexpr size_t kLogRecordsMax = 1000;

const agent::TestCertificate& Certificate() {
  static const agent::TestCertificate kCertificate = agent::MakeTestCertificate();
  return kCertificate;
}

// Its own root.
const agent::TestCertificate& OperatorCertificate() {
  static const agent::TestCertificate kCertificate = agent::MakeTestCertificate();
  return kCertificate;
}

class EverybodyInOneNetwork : public Geo {
 public:
  Origin Locate(absl::string_view peer) const override { return {"CN", 4134, PrefixOf(peer)}; }
};

}  // namespace

LogLines::LogLines()
    : sink_(std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kLogLinesMax)),
      before_(spdlog::default_logger()) {
  sink_->set_pattern("%v");
  CatchGrpcLog();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("wire", sink_));
}

LogLines::~LogLines() { spdlog::set_default_logger(before_); }

std::vector<std::string> LogLines::Get() const {
  std::vector<std::string> lines = sink_->last_formatted();
  for (std::string& line : lines) line.erase(line.find_last_not_of("\r\n") + 1);
  return lines;
}

std::vector<std::string> LogLines::OfCollector() const {
  std::vector<std::string> lines;
  for (std::string& line : Get()) {
    if (absl::StartsWith(line, "level=")) lines.push_back(std::move(line));
  }
  return lines;
}

struct LoopbackCollector::Whole {
  Whole(const std::string& folder, const SigningKey& operator_key, const Clock& clock)
      : store(*OpenStore(absl::StrCat("sqlite:", folder, "/log.db"))),
        plans(*store, operator_key.public_key(), clock),
        bucket_keys(*store),
        fold({*store, plans, regions, clock, steady_clock, board, metrics, &recent},
             {{"n1", {}, {}, {}, {}}, {}}),
        intake(*store, plans, bucket_keys, recent, certificate.hashes(), clock, metrics,
               IntakeOptions(), [this] { fold.Wake(); }),
        enrolment(*store, plans, regions, clock,
                  {{"collector.invalid:7443"}, Certificate().certificate_pem}),
        chronicle_loop(chronicle, plans, clock),
        webhooks(*store, plans, clock, {}) {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.admin_socket = absl::StrCat(folder, "/admin.sock");
    options.admin_listen = "127.0.0.1:0";
    options.admin_client_ca_pem = OperatorCertificate().certificate_pem;
    const absl::Status installed =
        certificate.Install({Certificate().certificate_pem, Certificate().key_pem});
    EXPECT_TRUE(installed.ok()) << installed;
    server = *Server::Start(options, {intake.session_context(), certificate, enrolment, geo,
                                      regions, translations, board, chronicle, chronicle_loop,
                                      intake.store_workers(), readers, webhooks, testers});
    port = server->port();
  }

  const RegionNames regions = *RegionNames::Load();
  const EverybodyInOneNetwork geo;
  const std::unique_ptr<Store> store;
  PlanBook plans;
  BucketKeys bucket_keys;
  Board board;
  const SystemSteadyClock steady_clock;
  Metrics metrics;
  OwnCertificate certificate;
  RecentLog recent{kLogRecordsMax};
  FoldLoop fold;
  Intake intake;
  Enrolment enrolment;
  RegionTranslations translations;
  Chronicle chronicle{*store};
  ChronicleLoop chronicle_loop;
  Workers readers{1};
  WebhookDesk webhooks;
  Workers testers{1};
  std::unique_ptr<Server> server;
  int port = 0;
};

LoopbackCollector::LoopbackCollector(const SigningKey& operator_key, const Clock& clock)
    : whole_(std::make_unique<Whole>(folder_.path(), operator_key, clock)) {}

LoopbackCollector::~LoopbackCollector() = default;

std::string LoopbackCollector::address() const { return absl::StrCat("127.0.0.1:", whole_->port); }

std::string LoopbackCollector::admin_address() const {
  return absl::StrCat("127.0.0.1:", whole_->server->admin_port());
}

const agent::TestCertificate& LoopbackCollector::operator_certificate() const {
  return OperatorCertificate();
}

std::string LoopbackCollector::admin_socket() const { return folder_ / "admin.sock"; }

const std::string& LoopbackCollector::roots_pem() const { return Certificate().certificate_pem; }

std::shared_ptr<grpc::Channel> LoopbackCollector::Public() const {
  RequireTls13();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = roots_pem();
  return grpc::CreateChannel(address(), grpc::SslCredentials(tls));
}

std::shared_ptr<grpc::Channel> LoopbackCollector::Operator() const {
  return grpc::CreateChannel(absl::StrCat("unix:", admin_socket()),
                             grpc::InsecureChannelCredentials());
}

absl::Status LoopbackCollector::Publish(const v1::SignedPlan& plan) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::PublishPlanRequest request;
  *request.mutable_plan() = plan;
  v1::PublishPlanResponse response;
  const grpc::Status status =
      v1::Admin::NewStub(Operator())->PublishPlan(&context, request, &response);
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

std::string LoopbackCollector::Invite() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  v1::CreateInvitesRequest request;
  request.set_count(1);
  request.set_role(v1::AGENT_ROLE_VOLUNTEER);
  v1::CreateInvitesResponse response;
  const grpc::Status status =
      v1::Admin::NewStub(Operator())->CreateInvites(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  v1::Invite invite = *DecodeInvite(response.invites(0));
  // The free port became known after the template was made.
  invite.set_collectors(0, address());
  return EncodeInvite(invite);
}

std::vector<LogRecord> LoopbackCollector::Log() {
  return *whole_->store->ReadLog("n1", 0, kLogRecordsMax);
}

Store& LoopbackCollector::store() { return *whole_->store; }

void LoopbackCollector::SetServing(const ServiceHealth& health) {
  whole_->server->SetServing(health);
}

Metrics& LoopbackCollector::metrics() { return whole_->metrics; }

OwnCertificate& LoopbackCollector::certificate() { return whole_->certificate; }

void LoopbackCollector::StopServer() { whole_->server = nullptr; }

}  // namespace sightline::e2e

#include "collector/cli/webhook_command.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/cli/client.h"
#include "collector/cli/reader.h"
#include "collector/cli/table.h"
#include "collector/cli/webhook_text.h"
#include "common/message.h"
#include "sightline/v1/change.pb.h"

namespace sightline::cli {
namespace {

constexpr int kLimitMax = 1000;

// "opened" and so on.
const std::map<std::string, v1::ChangeKind>& ChangeKinds() {
  static const auto* const kKinds = [] {
    auto* kinds = new std::map<std::string, v1::ChangeKind>;
    for (int kind = 1; kind < v1::ChangeKind_ARRAYSIZE; ++kind) {
      if (!v1::ChangeKind_IsValid(kind)) continue;
      const auto value = static_cast<v1::ChangeKind>(kind);
      kinds->emplace(absl::AsciiStrToLower(ShortName(value)), value);
    }
    return kinds;
  }();
  return *kKinds;
}

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration()) return "";
  return absl::StrCat("\"", text, "\" is no duration; write 30m, 24h or 168h");
}

void AddId(CLI::App* command, WebhookFlags& flags) {
  command->add_option("WEBHOOK", flags.webhook_id, "As \"webhook list\" shows it")
      ->required()
      ->type_name("");
}

// Prints a list in the form that was asked for.
template <typename Message>
void Print(const WebhookFlags& flags, const Terminal& terminal, const Message& message,
           const std::string& table, const std::string& csv) {
  if (flags.format == Format::kJson) {
    *terminal.out << ToJson(message, /*indent=*/true) << "\n";
  } else {
    *terminal.out << (flags.format == Format::kCsv ? csv : table);
  }
}

absl::Status Add(const WebhookFlags& flags, const Terminal& terminal) {
  v1::Webhook wish;
  wish.set_url(flags.url);
  wish.set_country(flags.country);
  for (const std::string& id : flags.target_ids) wish.add_target_ids(id);
  for (const std::string& kind : flags.kinds) wish.add_kinds(ChangeKinds().at(kind));
  absl::Duration heartbeat;
  absl::ParseDuration(flags.heartbeat, &heartbeat);  // CheckDuration has looked at it
  *wish.mutable_heartbeat_interval() = ToProto(heartbeat);
  const absl::StatusOr<v1::CreateWebhookResponse> created = CreateWebhook(flags.admin, wish);
  if (!created.ok()) return created.status();
  if (flags.format == Format::kJson) {
    *terminal.out << ToJson(*created, /*indent=*/true) << "\n";
    return absl::OkStatus();
  }
  const std::string id = Printable(created->webhook().webhook_id());
  *terminal.out << "Webhook " << id << " is told of what changes in "
                << Printable(created->webhook().country()) << " from now on.\n"
                << "Secret  " << Printable(created->secret()) << "\n"
                << "The receiver checks signatures with the secret. It is shown only now.\n"
                << "Try it: sightline webhook test " << id << " --admin " << flags.admin.address
                << "\n";
  return absl::OkStatus();
}

absl::Status List(const WebhookFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<v1::ListWebhooksResponse> webhooks = ListWebhooks(flags.admin);
  if (!webhooks.ok()) return webhooks.status();
  Print(flags, terminal, *webhooks, WebhookTable(*webhooks, terminal.clock->Now(), terminal.colour),
        WebhookCsv(*webhooks));
  return absl::OkStatus();
}

absl::Status Remove(const WebhookFlags& flags, const Terminal& terminal) {
  const absl::Status status = DeleteWebhook(flags.admin, flags.webhook_id).status();
  if (!status.ok()) return status;
  *terminal.out << "Webhook " << Printable(flags.webhook_id) << " is gone, and its log with it\n";
  return absl::OkStatus();
}

absl::Status Test(const WebhookFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<v1::TestWebhookResponse> tested = TestWebhook(flags.admin, flags.webhook_id);
  if (!tested.ok()) return tested.status();
  const v1::Delivery& delivery = tested->delivery();
  const std::string took =
      absl::StrCat(absl::ToInt64Milliseconds(FromProto(delivery.duration())), " ms");
  if (flags.format == Format::kJson) *terminal.out << ToJson(*tested, /*indent=*/true) << "\n";
  if (!delivery.error().empty()) {
    return absl::UnavailableError(
        absl::StrCat("the test was not acknowledged after ", took, ": ", delivery.error()));
  }
  if (flags.format == Format::kTable) {
    *terminal.out << "Acknowledged with status " << delivery.http_status() << " after " << took
                  << "\n";
  }
  return absl::OkStatus();
}

absl::Status ShowLog(const WebhookFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<v1::ListDeliveriesResponse> deliveries =
      ListDeliveries(flags.admin, flags.webhook_id, flags.limit);
  if (!deliveries.ok()) return deliveries.status();
  Print(flags, terminal, *deliveries, DeliveryTable(*deliveries, terminal.colour),
        DeliveryCsv(*deliveries));
  return absl::OkStatus();
}

void AddAdd(CLI::App& webhook, WebhookFlags& flags) {
  CLI::App* add = webhook.add_subcommand("add", "Post changes to a URL from now on");
  AddAdmin(add, flags.admin);
  add->add_option("--url", flags.url,
                  "Receiver, https://... (http:// only to this machine). It may hold a token: the "
                  "variable keeps it out of the list of processes")
      ->envname("SIGHTLINE_WEBHOOK_URL")
      ->required()
      ->type_name("URL");
  add->add_option("--country", flags.country, "ISO 3166-1 code")
      ->capture_default_str()
      ->type_name("CODE");
  add->add_option("--target", flags.target_ids, "Only this target; repeat for more")
      ->type_name("ID");
  std::vector<std::string> kinds;
  for (const auto& [word, kind] : ChangeKinds()) kinds.push_back(word);
  add->add_option("--kind", flags.kinds,
                  "Only changes of this kind; repeat for more. Without it: opened, closed, "
                  "widened, narrowed, sustained, disputed")
      ->check(CLI::IsMember(kinds))
      ->type_name("WORD");
  add->add_option("--heartbeat", flags.heartbeat,
                  "Post a heartbeat when nothing else was for so long; 1m to 168h")
      ->check(CheckDuration)
      ->capture_default_str()
      ->type_name("DURATION");
  AddFormat(add, flags.format, /*csv=*/false);
  add->footer(
      "Example:\n"
      "  sightline webhook add --admin admin.sock --url https://hooks.example/in --target "
      "whatsapp");
}

}  // namespace

void AddWebhookFlags(CLI::App& app, WebhookFlags& flags,
                     std::function<void(WebhookAction)> chosen) {
  CLI::App* webhook = app.add_subcommand("webhook", "Webhooks: who is told of changes");
  webhook->require_subcommand(1);
  AddAdd(*webhook, flags);
  CLI::App* list = webhook->add_subcommand("list", "List the webhooks, and how it goes with them");
  CLI::App* remove = webhook->add_subcommand("remove", "Remove a webhook and its log");
  CLI::App* test = webhook->add_subcommand("test", "Post a test message at once");
  CLI::App* log = webhook->add_subcommand("log", "Show attempts to post, newest first");
  for (CLI::App* command : {list, remove, test, log}) {
    AddAdmin(command, flags.admin);
    if (command != list) AddId(command, flags);
    if (command != remove) AddFormat(command, flags.format, /*csv=*/command != test);
  }
  log->add_option("--limit", flags.limit, "At most so many")
      ->check(CLI::Range(1, kLimitMax))
      ->capture_default_str();
  const std::pair<CLI::App*, WebhookAction> actions[] = {{webhook->get_subcommand("add"), &Add},
                                                         {list, &List},
                                                         {remove, &Remove},
                                                         {test, &Test},
                                                         {log, &ShowLog}};
  for (const auto& [command, action] : actions) {
    command->callback([chosen, action_of = action] { chosen(action_of); });
  }
  const std::string example = "Example:\n  sightline webhook ";
  list->footer(example + "list --admin admin.sock");
  remove->footer(example + "remove wh_0123456789abcdef --admin admin.sock");
  test->footer(example + "test wh_0123456789abcdef --admin admin.sock");
  log->footer(example + "log wh_0123456789abcdef --admin admin.sock --limit 100 --format csv");
}

}  // namespace sightline::cli

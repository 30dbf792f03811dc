#include "agent/consent.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "common/probe_limits.h"

namespace sightline::agent {
namespace {

constexpr uint64_t kMib = uint64_t{1024} * 1024;

// $0: region, $1: folder, $2: connections a minute, $3 and $4: MiB an hour and a day.
constexpr absl::string_view kConsentEnglish = R"(Sightline agent: what you agree to

Risk.     Your machine will connect to services that may be forbidden where you are, from your own
          line, again and again. Whoever watches the line can see that, and can see that you send
          reports. In some places this can bring you into legal or personal trouble. The program
          does not hide itself and opens no blocked site for you. If you are not sure, answer no.
Probed.   The names and addresses in the operator's signed plan: services, and sites to compare
          them with, once per round (the plan says how often). Name lookups, TCP, TLS, HTTP GET and
          the first two messages of WhatsApp's own handshake only. Nobody logs in anywhere; nothing
          of yours is read. No plan can send it to private or local networks, beyond $2
          connections a minute, $3 MiB an hour or $4 MiB a day.
Sent.     Per check: what worked and what failed, times, answers of name servers, hashes of
          certificates. Per round: whether a VPN-like interface, a proxy or a captive portal is in
          the way, and how far your clock is off. And the region you chose: $0. All is signed with
          a key made on this machine, whose random name all your reports bear. Your address is
          never written into a report. The collector sees it while you are connected, uses it to
          find country and network, and does not store it. The reports may be published.
Kept.     In $1: the key, the plan, and reports that are not delivered yet.
Pause.    sightline-agent pause --state $1
          stops probing and reporting within seconds, until you run resume.
Leave.    sightline-agent forget --state $1
          asks the collector to drop this agent and deletes all of it here. Reports that were
          handed in stay where they are, under the random name; nobody can take them back.

)";

constexpr absl::string_view kConsentChinese = R"(Sightline 代理程序：您将同意的内容

风险    您的电脑会从您自己的网络反复连接一些在您所在地可能被禁止的服务。监视这条线路的人能看到
        这些连接，也能看到您在发送报告。在有些地方，这可能给您带来法律或人身上的麻烦。
        本程序不会隐藏自己，也不能帮您访问被封锁的网站。如果没有把握，请回答“否”。
探测    运营者签名的计划中所列的服务，以及用来对照的网站，每轮一次（间隔由计划规定）。只做域名
        查询、TCP 连接、TLS 握手、HTTP GET 和 WhatsApp 自有握手的前两条消息。不登录任何账号，
        不读取您的任何内容。任何计划都不能让它连接私有网络或本地网络，也不能超过每分钟 $2 次连接、
        每小时 $3 MiB、每天 $4 MiB。
发送    每项检查：哪些成功、哪些失败、所用时间、域名服务器的回答、证书的哈希值。每轮：线路上是否有
        类似 VPN 的接口、代理或登录门户，以及您的时钟偏差。还有您选择的地区：$0。
        所有报告都用在本机生成的密钥签名，并带有同一个随机名称。您的地址绝不会写进报告。
        连接期间收集服务器能看到您的地址，用它判断国家和网络，但不保存。报告可能会被公开。
保存    在 $1：密钥、计划和尚未送出的报告。
暂停    sightline-agent pause --state $1
        几秒钟内停止探测和发送报告，直到您运行 resume。
退出    sightline-agent forget --state $1
        请求收集服务器除名这个代理，并删除本机上的所有相关文件。已经交出的报告会以那个随机名称
        保留下来，任何人都无法收回。

)";

// $0: folder.
constexpr absl::string_view kForgetEnglish = R"(Forget this agent

Now.      The collector is told to take nothing more from this agent. Then the key, reports that
          are not delivered yet, the plan and everything else that the agent made in
          $0 are deleted.
For good. There is no way back; to join again you need a new invite.
Not gone. Reports that were handed in stay in the collector's log, and in copies that others made
          of it, under the random name of this agent. Deleted files may be found on the disk by
          somebody who examines it; only an encrypted disk protects against that.

)";

constexpr absl::string_view kForgetChinese = R"(彻底删除这个代理

立即    通知收集服务器不再接受这个代理的任何报告，然后删除密钥、尚未送出的报告、计划，
        以及代理程序在 $0 中建立的所有文件。
永久    无法恢复；要再次加入，需要新的邀请。
保留    已经交出的报告会以这个代理的随机名称保留在收集服务器的记录中，以及他人复制的副本中。
        检查硬盘的人可能找到已删除的文件；只有加密的硬盘才能防止这一点。

)";

std::string Trimmed(std::string answer) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
}

}  // namespace

Language LanguageOf(const std::function<const char*(const char*)>& variable) {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = variable(name);
    if (value == nullptr || *value == '\0') continue;
    return absl::StartsWithIgnoreCase(value, "zh") ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

absl::StatusOr<Language> ParseLanguage(absl::string_view name) {
  if (name == "en") return Language::kEnglish;
  if (name == "zh") return Language::kChinese;
  return absl::InvalidArgumentError(
      absl::StrCat("--language \"", absl::CEscape(name), "\": must be en or zh"));
}

std::string ConsentText(Language language, const std::string& region,
                        const std::string& state_folder) {
  return absl::Substitute(language == Language::kChinese ? kConsentChinese : kConsentEnglish,
                          region, state_folder, kConnectionsPerMinuteMax, kBytesPerHourMax / kMib,
                          kBytesPerDayMax / kMib);
}

std::string ForgetText(Language language, const std::string& state_folder) {
  return absl::Substitute(language == Language::kChinese ? kForgetChinese : kForgetEnglish,
                          state_folder);
}

absl::Status Ask(const Question& question, const std::string& text, absl::string_view otherwise,
                 std::istream& in, std::ostream& out) {
  out << text << std::flush;
  if (question.accept) return absl::OkStatus();
  if (!question.terminal) {
    return absl::FailedPreconditionError(
        "there is no terminal to ask at; read the text above and, if you agree, add --accept");
  }
  out << (question.language == Language::kChinese ? "您同意吗？请输入“是”或“否”："
                                                  : "Do you agree? Type yes or no: ")
      << std::flush;
  std::string answer;
  std::getline(in, answer);
  answer = Trimmed(std::move(answer));
  if (answer == "yes" || answer == "y" || answer == "是") return absl::OkStatus();
  return absl::FailedPreconditionError(otherwise);
}

}  // namespace sightline::agent

#include "collector/watch.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/directory.h"
#include "common/message.h"

namespace sightline {
namespace {

// Changes that are looked at for one message; the rest comes with the next.
constexpr size_t kLook = 256;

// change_seq in a token. INVALID_ARGUMENT.
absl::StatusOr<int64_t> ReadToken(const std::string& token, const std::string& country) {
  std::string text;
  const absl::Status bad =
      absl::InvalidArgumentError("resume_token: must be the resume_token of an earlier message");
  if (!absl::WebSafeBase64Unescape(token, &text)) return bad;
  const std::vector<std::string> parts = absl::StrSplit(text, ' ');
  int64_t position = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &position) || position < 0) return bad;
  if (parts[0] == country) return position;
  return absl::InvalidArgumentError(
      absl::StrCat("resume_token: is of ", absl::Utf8SafeCEscape(parts[0]), ", and country is ",
                   absl::Utf8SafeCEscape(country)));
}

}  // namespace

WatchSession::WatchSession(const Chronicle& chronicle, const Board& board,
                           const v1::WatchSummariesRequest& request)
    : chronicle_(&chronicle),
      board_(&board),
      country_(request.country()),
      targets_(request.target_ids().begin(), request.target_ids().end()) {}

absl::StatusOr<WatchSession> WatchSession::Begin(Store& store, const Chronicle& chronicle,
                                                 const Board& board, const v1::Plan& plan,
                                                 const v1::WatchSummariesRequest& request) {
  if (const auto entry = FindCountry(plan, request.country()); !entry.ok()) return entry.status();
  WatchSession session(chronicle, board, request);
  // Not what is in memory: another collector may have said more already.
  const absl::StatusOr<int64_t> newest = store.NewestChange(request.country());
  if (!newest.ok()) return newest.status();
  if (!request.resume_token().empty()) {
    const absl::StatusOr<int64_t> position = ReadToken(request.resume_token(), request.country());
    if (!position.ok()) return position.status();
    if (*position > *newest) {
      return absl::OutOfRangeError(absl::StrCat(
          "resume_token: is behind change ", *position, ", and this collector's store ends with ",
          *newest, ": it was restored from an older copy; begin without a token"));
    }
    session.position_ = *position;
    session.greets_ = true;
    return session;
  }
  session.position_ = *newest;
  const Board::Summary summary = board.Get(request.country());
  if (!summary.ok()) return summary.status();
  v1::GetSummaryRequest select;
  *select.mutable_target_ids() = request.target_ids();
  absl::StatusOr<v1::GetSummaryResponse> selected = SelectTargets(**summary, select);
  if (!selected.ok()) return selected.status();
  session.summary_ = *std::move(selected);
  return session;
}

bool WatchSession::Wanted(const std::string& target_id) const {
  return targets_.empty() || targets_.contains(target_id);
}

std::string WatchSession::Token() const {
  return absl::WebSafeBase64Escape(absl::StrCat(country_, " ", position_));
}

v1::WatchSummariesResponse WatchSession::Beat(absl::Time now) const {
  v1::WatchSummariesResponse response;
  v1::Heartbeat& beat = *response.mutable_heartbeat();
  *beat.mutable_send_time() = ToProto(now);
  const Board::Summary summary = board_->Get(country_);
  if (summary.ok()) *beat.mutable_window_start_time() = (*summary)->window_start_time();
  response.set_resume_token(Token());
  return response;
}

std::optional<v1::WatchSummariesResponse> WatchSession::Next(absl::Time now) {
  v1::WatchSummariesResponse response;
  if (summary_.has_value()) {
    *response.mutable_summary() = *std::exchange(summary_, std::nullopt);
    response.set_resume_token(Token());
    sent_ = now;
    return response;
  }
  if (std::exchange(greets_, false)) {
    sent_ = now;
    return Beat(now);
  }
  const auto say = [&](v1::Change& change) {
    position_ = change.change_seq();
    if (!Wanted(change.target_id())) return false;
    *response.mutable_change() = std::move(change);
    response.set_resume_token(Token());
    sent_ = now;
    return true;
  };
  while (!read_.empty()) {
    v1::Change change = std::move(read_.front());
    read_.pop_front();
    if (say(change)) return response;
  }
  absl::StatusOr<std::vector<v1::Change>> changes = chronicle_->Changes(country_, position_, kLook);
  needs_store_ = absl::IsOutOfRange(changes.status());
  if (changes.ok()) {
    for (v1::Change& change : *changes) {
      if (say(change)) return response;
    }
  }
  if (now - sent_ < kHeartbeat) return std::nullopt;
  sent_ = now;
  return Beat(now);
}

absl::Status WatchSession::ReadStore(Store& store) {
  const absl::StatusOr<std::vector<ChangeRecord>> records =
      store.ReadChanges(country_, position_, kLook);
  if (!records.ok()) return records.status();
  for (const ChangeRecord& record : *records) {
    if (read_.emplace_back().ParseFromString(record.change)) continue;
    read_.pop_back();
    return absl::DataLossError(
        absl::StrCat("the stored change ", record.change_seq, " of ", country_, " cannot be read"));
  }
  needs_store_ = false;
  return absl::OkStatus();
}

}  // namespace sightline

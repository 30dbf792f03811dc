#include "collector/outbox.h"

#include <utility>

namespace sightline {

void Outbox::Put(v1::SubmitResponse response) {
  if (response.has_ack() && !waiting_.empty() && waiting_.back().has_ack()) {
    waiting_.back() = std::move(response);
  } else {
    waiting_.push_back(std::move(response));
  }
}

const v1::SubmitResponse* Outbox::Next(absl::Time now) {
  if (sending() || waiting_.empty()) return nullptr;
  sending_ = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  // Most streams are idle most of the time.
  if (waiting_.empty()) waiting_.shrink_to_fit();
  since_ = now;
  return &*sending_;
}

void Outbox::OnSent() { sending_.reset(); }

void Outbox::Clear() {
  sending_.reset();
  waiting_.clear();
}

}  // namespace sightline

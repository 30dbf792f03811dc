#include "agent/probe/budget.h"

#include <algorithm>

namespace sightline::probe {
namespace {

constexpr std::chrono::seconds kMinute(60);
constexpr std::chrono::seconds kHour(3600);
constexpr std::chrono::seconds kDay(86'400);

template <typename T>
T Limit(T wanted, T ceiling) {
  return wanted == 0 ? ceiling : std::min(wanted, ceiling);
}

}  // namespace

v1::ProbeBudget EffectiveBudget(const v1::ProbeBudget& wanted) {
  v1::ProbeBudget limits;
  limits.set_connections_per_minute(
      Limit(wanted.connections_per_minute(), kConnectionsPerMinuteMax));
  limits.set_connections_per_destination_per_minute(Limit(
      wanted.connections_per_destination_per_minute(), kConnectionsPerDestinationPerMinuteMax));
  limits.set_bytes_per_hour(Limit(wanted.bytes_per_hour(), kBytesPerHourMax));
  limits.set_bytes_per_destination_per_hour(
      Limit(wanted.bytes_per_destination_per_hour(), kBytesPerDestinationPerHourMax));
  limits.set_bytes_per_day(Limit(wanted.bytes_per_day(), kBytesPerDayMax));
  return limits;
}

TokenBucket::TokenBucket(double capacity, std::chrono::seconds period, TimePoint now)
    : capacity_(capacity),
      per_second_(capacity / static_cast<double>(period.count())),
      level_(capacity),
      filled_(now) {}

void TokenBucket::Fill(TimePoint now) {
  if (now <= filled_) return;
  const std::chrono::duration<double> elapsed = now - filled_;
  level_ = std::min(capacity_, level_ + elapsed.count() * per_second_);
  filled_ = now;
}

bool TokenBucket::Take(double amount, TimePoint now) {
  Fill(now);
  if (level_ < amount) return false;
  level_ -= amount;
  return true;
}

void TokenBucket::Charge(double amount, TimePoint now) {
  Fill(now);
  level_ -= amount;
}

bool TokenBucket::empty(TimePoint now) {
  Fill(now);
  return level_ <= 0;
}

bool TokenBucket::full(TimePoint now) {
  Fill(now);
  return level_ >= capacity_;
}

void TokenBucket::Resize(double capacity, TimePoint now) {
  Fill(now);
  const double missing = capacity_ - level_;
  per_second_ *= capacity / capacity_;
  capacity_ = capacity;
  level_ = capacity - missing;
}

Budget::Budget(const v1::ProbeBudget& wanted, TimePoint now)
    : limits_(EffectiveBudget(wanted)),
      connections_(limits_.connections_per_minute(), kMinute, now),
      bytes_(static_cast<double>(limits_.bytes_per_hour()), kHour, now),
      day_bytes_(static_cast<double>(limits_.bytes_per_day()), kDay, now),
      start_(now) {}

void Budget::Change(const v1::ProbeBudget& wanted, TimePoint now) {
  limits_ = EffectiveBudget(wanted);
  connections_.Resize(limits_.connections_per_minute(), now);
  bytes_.Resize(static_cast<double>(limits_.bytes_per_hour()), now);
  day_bytes_.Resize(static_cast<double>(limits_.bytes_per_day()), now);
  for (auto& [key, bucket] : connections_to_) {
    bucket.Resize(limits_.connections_per_destination_per_minute(), now);
  }
  for (auto& [key, bucket] : bytes_of_) {
    bucket.Resize(static_cast<double>(limits_.bytes_per_destination_per_hour()), now);
  }
}

Budget::Key Budget::KeyOf(const IpAddress& address, uint16_t port) {
  Key key{};
  key[0] = address.v6 ? 6 : 4;
  std::copy(address.bytes.begin(), address.bytes.end(), key.begin() + 1);
  key[17] = static_cast<uint8_t>(port >> 8);
  key[18] = static_cast<uint8_t>(port & 0xff);
  return key;
}

TokenBucket& Budget::BucketOf(std::map<Key, TokenBucket>& buckets, const Key& key, double capacity,
                              std::chrono::seconds period, TimePoint now) {
  return buckets.try_emplace(key, capacity, period, now).first->second;
}

bool Budget::TakeConnection(const IpAddress& address, uint16_t port, TimePoint now) {
  TokenBucket& to = BucketOf(connections_to_, KeyOf(address, port),
                             limits_.connections_per_destination_per_minute(), kMinute, now);
  TokenBucket& bytes =
      BucketOf(bytes_of_, KeyOf(address, 0),
               static_cast<double>(limits_.bytes_per_destination_per_hour()), kHour, now);
  if (bytes_.empty(now) || day_bytes_.empty(now) || bytes.empty(now)) return false;
  if (!to.Take(1, now)) return false;
  if (connections_.Take(1, now)) {
    ++RunningHour(now).requests;
    return true;
  }
  to.Charge(-1, now);
  return false;
}

bool Budget::TakeQuestions(int count, TimePoint now) {
  if (!connections_.Take(count, now)) return false;
  RunningHour(now).requests += static_cast<uint64_t>(count);
  return true;
}

void Budget::AddBytes(const IpAddress& address, uint64_t sent, uint64_t received, TimePoint now) {
  const auto bytes = static_cast<double>(sent + received);
  bytes_.Charge(bytes, now);
  day_bytes_.Charge(bytes, now);
  BucketOf(bytes_of_, KeyOf(address, 0),
           static_cast<double>(limits_.bytes_per_destination_per_hour()), kHour, now)
      .Charge(bytes, now);
  ProbeUse& use = RunningHour(now);
  use.bytes_sent += sent;
  use.bytes_received += received;
}

ProbeUse& Budget::RunningHour(TimePoint now) {
  const auto size = static_cast<int64_t>(use_.size());
  const int64_t hour = std::max(hour_, (now - start_) / kHour);
  if (hour - hour_ >= size) use_.fill({});
  for (; hour_ < hour; ++hour_) use_[static_cast<size_t>((hour_ + 1) % size)] = {};
  return use_[static_cast<size_t>(hour_ % size)];
}

ProbeUse Budget::UseOfHour(TimePoint now) { return RunningHour(now); }

ProbeUse Budget::UseOfDay(TimePoint now) {
  RunningHour(now);
  ProbeUse day;
  for (const ProbeUse& hour : use_) {
    day.requests += hour.requests;
    day.bytes_sent += hour.bytes_sent;
    day.bytes_received += hour.bytes_received;
  }
  return day;
}

void Budget::Trim(TimePoint now) {
  for (auto* buckets : {&connections_to_, &bytes_of_}) {
    for (auto it = buckets->begin(); it != buckets->end();) {
      it = it->second.full(now) ? buckets->erase(it) : std::next(it);
    }
  }
}

}  // namespace sightline::probe

#include "collector/certificate_watch.h"

#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "common/crypto.h"

namespace sightline {

CertificateWatch::~CertificateWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::Status CertificateWatch::Load() {
  const std::lock_guard lock(look_mutex_);
  absl::StatusOr<CertificatePair> pair = ReadCertificatePair(files_);
  if (!pair.ok()) return pair.status();
  judged_ = Fingerprint(pair);
  absl::Status status = certificate_.Install(*std::move(pair));
  if (status.ok()) {
    metrics_.tls_certificate_expire_time.Set(
        absl::ToDoubleSeconds(certificate_.expire_time() - absl::UnixEpoch()));
  }
  return status;
}

void CertificateWatch::Start(std::chrono::milliseconds period) {
  thread_ = std::thread([this, period] { Run(period); });
}

void CertificateWatch::Look(bool ready) {
  const std::lock_guard lock(look_mutex_);
  absl::StatusOr<CertificatePair> pair = ReadCertificatePair(files_);
  const std::string found = Fingerprint(pair);
  const bool settled = ready || found == seen_;
  seen_ = found;
  if (found == judged_ || !settled) return;
  judged_ = found;
  const absl::Status status = pair.ok() ? certificate_.Install(*std::move(pair)) : pair.status();
  if (!status.ok()) {
    metrics_.TlsReloaded("refused").Increment();
    Log(LogLevel::kError, "tls", "certificate_refused",
        {{"detail", absl::StrCat(status.message(), "; the one before stays in use")}});
    return;
  }
  const absl::Time end = certificate_.expire_time();
  metrics_.TlsReloaded("installed").Increment();
  metrics_.tls_certificate_expire_time.Set(absl::ToDoubleSeconds(end - absl::UnixEpoch()));
  Log(LogLevel::kInfo, "tls", "certificate_installed",
      {{"expires", absl::FormatTime(end, absl::UTCTimeZone())}});
}

std::string CertificateWatch::Fingerprint(const absl::StatusOr<CertificatePair>& pair) {
  if (!pair.ok()) return pair.status().ToString();
  return Sha256(absl::StrCat(Sha256(pair->certificate_pem), Sha256(pair->key_pem)));
}

void CertificateWatch::Run(std::chrono::milliseconds period) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, period, [this] { return stopping_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

}  // namespace sightline

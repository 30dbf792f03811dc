// Looks after the files of the certificate, so that a new one is used without a restart.
#ifndef SIGHTLINE_COLLECTOR_CERTIFICATE_WATCH_H_
#define SIGHTLINE_COLLECTOR_CERTIFICATE_WATCH_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "collector/metrics.h"
#include "collector/own_certificate.h"

namespace sightline {

// Looks at the files every few seconds. Those who renew a certificate write two files, one after
// the other, so what is new is taken once it was the same at two looks. What cannot be used (a pair
// that does not belong together, a file that is gone or that others may read) is logged and
// counted once, and the certificate in force stays. Thread-safe.
class CertificateWatch {
 public:
  static constexpr std::chrono::milliseconds kPeriod = std::chrono::seconds(4);

  // Owns nothing of these; both outlive it.
  CertificateWatch(CertificateFiles files, OwnCertificate& certificate, Metrics& metrics)
      : files_(std::move(files)), certificate_(certificate), metrics_(metrics) {}
  ~CertificateWatch();
  CertificateWatch(const CertificateWatch&) = delete;
  CertificateWatch& operator=(const CertificateWatch&) = delete;

  // Reads the files for the first time. Errors begin with the flag that named the file.
  absl::Status Load();
  // Looks from now on; Load() was OK.
  void Start(std::chrono::milliseconds period = kPeriod);
  // Looks now, and takes what is new at once: somebody says that the files are ready.
  void Reload() { Look(/*ready=*/true); }
  // One look, as the thread does it.
  void Look() { Look(/*ready=*/false); }

 private:
  void Look(bool ready);
  // What is in the files, or the reason why they cannot be read; to tell whether it changed.
  static std::string Fingerprint(const absl::StatusOr<CertificatePair>& pair);
  void Run(std::chrono::milliseconds period);

  const CertificateFiles files_;
  OwnCertificate& certificate_;
  Metrics& metrics_;

  std::mutex look_mutex_;
  std::string judged_;  // guarded by look_mutex_; what was taken or refused last
  std::string seen_;    // guarded by look_mutex_; at the look before

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CERTIFICATE_WATCH_H_

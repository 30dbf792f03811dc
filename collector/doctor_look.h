// What `sightline-collector doctor` looks at: files, the store, a collector that runs. It changes
// nothing.
#ifndef SIGHTLINE_COLLECTOR_DOCTOR_LOOK_H_
#define SIGHTLINE_COLLECTOR_DOCTOR_LOOK_H_

#include <functional>

#include "absl/time/time.h"
#include "collector/doctor.h"
#include "collector/serve_flags.h"

namespace sightline {

CertificateSight LookAtCertificate(const ServeFlags& flags);
MachineSight LookAtMachine(const ServeFlags& flags);
// Asks the HTTP port; waits for 5 s at most.
RunningSight LookAtRunning(const ServeFlags& flags);
// Reads a SQLite file from end to end. `pause` is called once with how long a leader that lives
// needs to show that.
StoreSight LookAtStore(const ServeFlags& flags, absl::Time now,
                       const std::function<void(absl::Duration)>& pause);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_DOCTOR_LOOK_H_

// The uplink, for as long as there may be one: none exists, and so no connection, while the agent
// is paused.
#ifndef SIGHTLINE_AGENT_LINK_H_
#define SIGHTLINE_AGENT_LINK_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/uplink.h"

namespace sightline::agent {

// One thread.
class Link {
 public:
  // An Uplink's parts without the transport, which is made anew for each uplink.
  struct Parts {
    const SigningKey& key;
    Spool& spool;
    PlanKeeper& plans;
    StatusBoard& board;
    const Clock& clock;
  };

  // Closed at first. The parts must outlive it.
  Link(Parts parts, UplinkOptions options, std::function<std::unique_ptr<Transport>()> make)
      : parts_(parts), options_(std::move(options)), make_(std::move(make)) {}

  void Open() {
    if (uplink_ != nullptr) return;
    transport_ = make_();
    uplink_ = std::make_unique<Uplink>(Uplink::Parts{parts_.key, parts_.spool, parts_.plans,
                                                     parts_.board, parts_.clock, *transport_},
                                       options_);
  }
  // Breaks off what is under way; what is not acknowledged stays in the spool.
  void Close() {
    uplink_ = nullptr;
    transport_ = nullptr;
  }
  // The roads from now on (UplinkOptions::collectors); an open link is made anew and connects at
  // once.
  void SetRoads(std::vector<std::string> roads) {
    options_.collectors = std::move(roads);
    if (uplink_ == nullptr) return;
    Close();
    Open();
  }
  // As Uplink::busy_for, when there is one.
  absl::Duration busy_for() const {
    return uplink_ == nullptr ? absl::ZeroDuration() : uplink_->busy_for();
  }
  // As Uplink::Wake, when there is one.
  void Wake(bool for_plan = false) {
    if (uplink_ != nullptr) uplink_->Wake(for_plan);
  }

 private:
  const Parts parts_;
  UplinkOptions options_;
  const std::function<std::unique_ptr<Transport>()> make_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Uplink> uplink_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_LINK_H_

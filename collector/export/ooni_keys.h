// The test_keys of an OONI measurement (data format 0.2.0: df-001, 002, 005, 006 and 008), made
// from what one check saw, or several. What OONI has no word for is under keys that begin with
// x_sightline_. README.md says how each field is made.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_OONI_KEYS_H_
#define SIGHTLINE_COLLECTOR_EXPORT_OONI_KEYS_H_

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// Not thread-safe.
class OoniKeys {
 public:
  // Adds what `observation` saw. `begin_us`: microseconds from measurement_start_time to its start.
  // Without `timed` the evidence has no times, and neither t0 nor t is written.
  void Add(const v1::Check& check, const v1::Observation& observation, int64_t begin_us,
           bool timed);

  // Once, at the end: queries, tcp_connect, tls_handshakes, requests, network_events, and of
  // Sightline's own those that hold something.
  void MoveTo(boost::json::object& test_keys) &&;

 private:
  // What one attempt adds to. The lists of a contrast are its own.
  struct Lists {
    boost::json::array tcp_connect;
    boost::json::array tls_handshakes;
    boost::json::array requests;
    boost::json::array network_events;
    boost::json::array websockets;
    boost::json::array noises;
  };
  // Where in time one is: steps follow each other.
  struct Course {
    int64_t now_us = 0;
    bool timed = false;
  };
  // What is the same for all steps of one attempt.
  struct Hop {
    const v1::Attempt& attempt;
    std::string url;
    uint64_t transaction;
  };

  void AddLookup(const std::string& host, const v1::DnsEvidence& dns, const Course& course);
  void AddAttempt(const v1::Attempt& attempt, std::string url, Course& course, Lists& lists);
  void AddContrast(const v1::ContrastEvidence& contrast, const std::string& url);
  static void AddConnect(const Hop& hop, Course& course, Lists& lists);
  static void AddTls(const Hop& hop, Course& course, Lists& lists);
  static void AddHttp(const Hop& hop, Course& course, Lists& lists);
  static void AddUpgrades(const Hop& hop, Course& course, Lists& lists);
  static void AddTimes(boost::json::object& step, const Hop& hop, uint32_t length_us,
                       Course& course);

  Lists lists_;
  boost::json::array queries_;
  boost::json::array injected_;  // answers from where no resolver lives
  boost::json::array contrasts_;
  uint64_t transactions_ = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_OONI_KEYS_H_

// An app store for a target of a test's plan.
#ifndef SIGHTLINE_TESTS_COMMON_TEST_STOREFRONT_H_
#define SIGHTLINE_TESTS_COMMON_TEST_STOREFRONT_H_

#include <string>

#include "sightline/v1/plan.pb.h"

namespace sightline {

// China's "app-store" with the check "<target>-app-store".
inline v1::Storefront& AddStorefront(v1::Plan& plan, const std::string& target_id) {
  v1::Storefront& store = *plan.add_storefronts();
  store.set_target_id(target_id);
  store.set_country("CN");
  store.set_store_id("app-store");
  store.set_display_name("App Store");
  v1::Check& check = *store.mutable_check();
  check.set_check_id(target_id + "-app-store");
  check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
  check.set_host("itunes.apple.com");
  check.set_port(443);
  check.set_path("/lookup?id=310633997&country=cn");
  check.set_status_min(200);
  check.set_status_max(200);
  check.set_count_member("resultCount");
  return store;
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COMMON_TEST_STOREFRONT_H_

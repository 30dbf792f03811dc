#include "collector/workers.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace sightline {

class Workers::Pool {
 public:
  explicit Pool(int threads) : pool_(static_cast<size_t>(threads)) {}
  boost::asio::thread_pool& get() { return pool_; }

 private:
  boost::asio::thread_pool pool_;
};

Workers::Workers(int threads) : pool_(std::make_unique<Pool>(threads)) {}

Workers::~Workers() { pool_->get().join(); }

void Workers::Post(std::function<void()> work) { boost::asio::post(pool_->get(), std::move(work)); }

}  // namespace sightline

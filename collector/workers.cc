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

Workers::~Workers() { Stop(); }

void Workers::Post(std::function<void()> work) { boost::asio::post(pool_->get(), std::move(work)); }

bool Workers::TryPost(std::function<void()> work) {
  if (tried_.fetch_add(1) >= kTriedMax) {
    tried_.fetch_sub(1);
    return false;
  }
  Post([this, work = std::move(work)] {
    work();
    tried_.fetch_sub(1);
  });
  return true;
}

void Workers::Stop() { pool_->get().join(); }

}  // namespace sightline

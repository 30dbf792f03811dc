#include "agent/probe/json_count.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <string>

#include "absl/strings/ascii.h"

namespace sightline::probe {
namespace {

namespace json = boost::json;
using boost::system::error_code;

// What Boost.JSON calls with each part of a document, in its order.
class Handler {
 public:
  static constexpr size_t max_object_size = static_cast<size_t>(-1);
  static constexpr size_t max_array_size = static_cast<size_t>(-1);
  static constexpr size_t max_key_size = static_cast<size_t>(-1);
  static constexpr size_t max_string_size = static_cast<size_t>(-1);

  explicit Handler(absl::string_view member) : member_(member) {}

  std::optional<uint64_t> count() const { return wrong_ ? std::nullopt : count_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return Enter(); }
  bool on_object_end(size_t, error_code&) { return Leave(); }
  bool on_array_begin(error_code&) {
    wrong_ = wrong_ || depth_ == 0;  // an array and no object
    return Enter();
  }
  bool on_array_end(size_t, error_code&) { return Leave(); }
  bool on_key_part(json::string_view part, size_t, error_code&) { return AddToKey(part); }
  bool on_key(json::string_view part, size_t, error_code&) {
    AddToKey(part);
    is_meant_ = depth_ == 1 && absl::string_view(key_) == member_;
    key_.clear();
    return true;
  }
  bool on_string_part(json::string_view, size_t, error_code&) { return true; }
  bool on_string(json::string_view, size_t, error_code&) { return OtherValue(); }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(int64_t number, json::string_view, error_code&) {
    return number < 0 ? OtherValue() : Number(static_cast<uint64_t>(number));
  }
  bool on_uint64(uint64_t number, json::string_view, error_code&) { return Number(number); }
  bool on_double(double, json::string_view, error_code&) { return OtherValue(); }
  bool on_bool(bool, error_code&) { return OtherValue(); }
  bool on_null(error_code&) { return OtherValue(); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  bool Enter() {
    OtherValue();
    ++depth_;
    return true;
  }
  bool Leave() {
    --depth_;
    return true;
  }
  bool AddToKey(json::string_view part) {
    // One byte more than the member has is enough to tell another name.
    if (depth_ == 1 && key_.size() <= member_.size()) {
      key_.append(part.data(), std::min(part.size(), member_.size() + 1));
    }
    return true;
  }
  bool Number(uint64_t number) {
    if (!is_meant_) return true;
    is_meant_ = false;
    wrong_ = wrong_ || count_.has_value();  // twice
    count_ = number;
    return true;
  }
  bool OtherValue() {
    wrong_ = wrong_ || is_meant_;
    is_meant_ = false;
    return true;
  }

  const absl::string_view member_;
  std::string key_;
  int depth_ = 0;
  bool is_meant_ = false;  // the value to come is that of the member
  bool wrong_ = false;
  std::optional<uint64_t> count_;
};

}  // namespace

class JsonCount::Parser {
 public:
  explicit Parser(absl::string_view member) : parser_(json::parse_options(), member) {}

  void Feed(absl::string_view piece) {
    if (broken_) return;
    if (!parser_.done()) {
      error_code error;
      const size_t read = parser_.write_some(true, piece.data(), piece.size(), error);
      broken_ = static_cast<bool>(error);
      if (broken_) return;
      piece.remove_prefix(read);
    }
    broken_ = !std::all_of(piece.begin(), piece.end(), absl::ascii_isspace);
  }

  std::optional<uint64_t> count() const {
    return broken_ || !parser_.done() ? std::nullopt : parser_.handler().count();
  }

 private:
  json::basic_parser<Handler> parser_;
  bool broken_ = false;
};

JsonCount::JsonCount(absl::string_view member) : parser_(std::make_unique<Parser>(member)) {}
JsonCount::~JsonCount() = default;

void JsonCount::Feed(absl::string_view piece) { parser_->Feed(piece); }
std::optional<uint64_t> JsonCount::count() const { return parser_->count(); }

}  // namespace sightline::probe

#include "collector/store/pq_binary.h"

#include <endian.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;

template <typename T>
void AppendRaw(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

struct CopyField {
  std::string* out;
  void operator()(int64_t value) const {
    AppendRaw(htobe32(sizeof(value)), out);
    AppendRaw(htobe64(static_cast<uint64_t>(value)), out);
  }
  void operator()(SqlText text) const { AppendBytes(text.value); }
  void operator()(SqlBytes bytes) const { AppendBytes(bytes.value); }
  void AppendBytes(absl::string_view bytes) const {
    AppendRaw(htobe32(static_cast<uint32_t>(bytes.size())), out);
    out->append(bytes.data(), bytes.size());
  }
};

}  // namespace

PqParams::PqParams(absl::Span<const SqlValue> values) {
  types_.reserve(values.size());
  values_.reserve(values.size());
  lengths_.reserve(values.size());
  numbers_.reserve(values.size());  // so that pointers into it stay
  formats_.assign(values.size(), 1);
  const auto add = [this](Oid type, const char* data, size_t size) {
    types_.push_back(type);
    values_.push_back(data == nullptr ? "" : data);  // nullptr would be NULL
    lengths_.push_back(static_cast<int>(size));
  };
  for (const SqlValue& value : values) {
    if (const auto* number = std::get_if<int64_t>(&value)) {
      numbers_.push_back(htobe64(static_cast<uint64_t>(*number)));
      add(kInt8, reinterpret_cast<const char*>(&numbers_.back()), sizeof(uint64_t));
    } else if (const auto* text = std::get_if<SqlText>(&value)) {
      add(kText, text->value.data(), text->value.size());
    } else {
      const absl::string_view bytes = std::get<SqlBytes>(value).value;
      add(kBytea, bytes.data(), bytes.size());
    }
  }
}

absl::string_view PqCopyHeader() {
  // Signature, flags, length of the header's extension.
  return absl::string_view("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
}

void AppendPqCopyRow(absl::Span<const SqlValue> row, std::string* out) {
  AppendRaw(htobe16(static_cast<uint16_t>(row.size())), out);
  for (const SqlValue& value : row) std::visit(CopyField{out}, value);
}

absl::string_view PqCopyTrailer() { return "\377\377"; }

absl::StatusOr<SqlCell> PqCellAt(const PGresult* result, int row, int column) {
  const char* data = PQgetvalue(result, row, column);
  const auto size = static_cast<size_t>(PQgetlength(result, row, column));
  switch (const Oid type = PQftype(result, column); type) {
    case kBool:
      return SqlCell{data[0] != 0 ? 1 : 0, {}};
    case kInt8: {
      uint64_t number = 0;
      memcpy(&number, data, sizeof(number));
      return SqlCell{static_cast<int64_t>(be64toh(number)), {}};
    }
    case kInt4: {
      uint32_t number = 0;
      memcpy(&number, data, sizeof(number));
      return SqlCell{static_cast<int32_t>(be32toh(number)), {}};
    }
    case kBytea:
    case kText:
      return SqlCell{0, std::string(data, size)};
    default:
      return absl::InternalError(
          absl::StrCat("column ", PQfname(result, column), " has type ", type));
  }
}

}  // namespace sightline

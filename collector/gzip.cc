#include "collector/gzip.h"

#include <zlib.h>

#include <algorithm>

namespace sightline {
namespace {

constexpr int kGzipFormat = 15 + 16;  // the largest window, with gzip's head
constexpr int kMemoryLevel = 8;

Bytef* Bytes(absl::string_view bytes) {
  // zlib does not write there.
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

std::string Gzip(absl::string_view bytes) {
  z_stream stream = {};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipFormat, kMemoryLevel,
               Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = Bytes(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

absl::StatusOr<std::string> Gunzip(absl::string_view gzip, size_t bytes_max) {
  z_stream stream = {};
  inflateInit2(&stream, kGzipFormat);
  std::string result(bytes_max, '\0');
  stream.next_in = Bytes(gzip);
  stream.avail_in = static_cast<uInt>(gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int end = inflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  inflateEnd(&stream);
  if (end == Z_STREAM_END) return result;
  return absl::DataLossError("it is no gzip, or too much comes of it");
}

}  // namespace sightline

# cmake -DGZIP= -DFOLDER= -DOUTPUT= -P embed.cmake: writes OUTPUT, which holds every file of FOLDER.

set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")

file(GLOB_RECURSE names LIST_DIRECTORIES false RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names)
set(arrays "")
set(rows "")
set(number 0)
foreach(name IN LISTS names)
  string(REGEX REPLACE ".*\\." "" extension ${name})
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "embed.cmake: what is the content type of ${name}? Add it here.")
  endif()
  set(packed ${OUTPUT}.gz)
  execute_process(COMMAND ${GZIP} -9 -n -c ${FOLDER}/${name} OUTPUT_FILE ${packed} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "embed.cmake: gzip failed on ${name}")
  endif()
  file(READ ${packed} bytes HEX)
  file(SHA256 ${packed} hash)
  file(SIZE ${packed} size)
  file(REMOVE ${packed})
  string(SUBSTRING ${hash} 0 16 etag)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  # Vite puts a hash of the content into the names of what is in assets/.
  set(immutable false)
  if(name MATCHES "^assets/")
    set(immutable true)
  endif()
  string(APPEND arrays "constexpr unsigned char kBytes${number}[] = {${bytes}};\n")
  string(APPEND rows "    {\"/${name}\", \"${type_${extension}}\", View(kBytes${number}, ${size}),\n"
    "     \"\\\"${etag}\\\"\", ${immutable}},\n")
  math(EXPR number "${number} + 1")
endforeach()
if(number EQUAL 0)
  message(FATAL_ERROR "embed.cmake: ${FOLDER} is empty")
endif()

file(WRITE ${OUTPUT} "// Made by collector/page/embed.cmake.
#include \"collector/page/assets.h\"

#include <cstddef>

namespace sightline {
namespace {

${arrays}
absl::string_view View(const unsigned char* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

absl::Span<const PageAsset> PageAssets() {
  static const PageAsset kAssets[] = {
${rows}  };
  return kAssets;
}

}  // namespace sightline
")

# For SIGHTLINE_STATIC. Debian's CMake packages name shared libraries only; the archives lie beside
# them. spdlog, fmt and toml++ have none: they are compiled in from their headers.

# Puts archives in place of the shared libraries of every imported target so far.
function(sightline_use_archives)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(library ${target} IMPORTED_LOCATION_NONE)
    string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
    if(NOT archive STREQUAL library AND EXISTS "${archive}")
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_NONE "${archive}")
    endif()
  endforeach()
  set_target_properties(tomlplusplus::tomlplusplus PROPERTIES
    INTERFACE_LINK_LIBRARIES "" INTERFACE_COMPILE_OPTIONS -DTOML_HEADER_ONLY=1)
  set_target_properties(spdlog::spdlog_header_only PROPERTIES
    INTERFACE_LINK_LIBRARIES "fmt::fmt-header-only;Threads::Threads")
endfunction()

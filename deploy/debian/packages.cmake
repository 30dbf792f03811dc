# Debian packages by CPack. The agent's comes from the preset agent-static, the collector's and the
# command line's from release; `deploy/debian/build` makes all three.
set(here ${CMAKE_CURRENT_LIST_DIR})
set(made ${CMAKE_BINARY_DIR}/debian)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

# sightline_package(NAME SUMMARY DESCRIPTION DEPENDS [SHLIBS] [SERVICE [ENABLE] PURGE]): what goes
# into the package NAME. SHLIBS: its libraries are found by dpkg-shlibdeps. SERVICE: it has a unit,
# which is enabled when it is installed if ENABLE says so; PURGE is more that purging removes, in
# shell. Everything that is made of the program is made by running it: manual page and completion.
function(sightline_package name)
  cmake_parse_arguments(ARG "SERVICE;ENABLE;SHLIBS" "SUMMARY;DESCRIPTION;DEPENDS;RECOMMENDS;PURGE" ""
    ${ARGN})
  set(out ${made}/${name})
  set(doc share/doc/${name})
  add_custom_command(
    OUTPUT ${out}/stamp
    COMMAND ${here}/make_files $<TARGET_FILE:${name}> ${name} ${here} ${out}
    DEPENDS ${name} ${here}/make_files ${here}/changelog ${here}/copyright
    VERBATIM)
  add_custom_target(package_files_${name} DEPENDS ${out}/stamp)

  install(PROGRAMS ${out}/${name} DESTINATION bin COMPONENT ${name})
  install(FILES ${out}/${name}.1.gz DESTINATION share/man/man1 COMPONENT ${name})
  install(FILES ${out}/bash DESTINATION share/bash-completion/completions RENAME ${name}
    COMPONENT ${name})
  install(FILES ${out}/zsh DESTINATION share/zsh/vendor-completions RENAME _${name}
    COMPONENT ${name})
  install(FILES ${out}/fish DESTINATION share/fish/vendor_completions.d RENAME ${name}.fish
    COMPONENT ${name})
  install(FILES ${out}/changelog.Debian.gz ${here}/copyright DESTINATION ${doc}
    COMPONENT ${name})
  if(EXISTS ${here}/${name}/lintian-overrides)
    install(FILES ${here}/${name}/lintian-overrides DESTINATION share/lintian/overrides
      RENAME ${name} COMPONENT ${name})
  endif()

  string(TOUPPER ${name} upper)
  set(control)
  if(ARG_SERVICE)
    install(FILES ${here}/${name}/${name}.service ${here}/${name}/${name}-retry.timer
      DESTINATION /lib/systemd/system COMPONENT ${name})
    install(FILES ${here}/${name}/sysusers.conf DESTINATION lib/sysusers.d RENAME ${name}.conf
      COMPONENT ${name})
    install(FILES ${here}/${name}/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME ${name}.conf
      COMPONENT ${name})
    string(REPLACE "sightline-" "" short ${name})
    install(FILES ${here}/${short}.toml DESTINATION /etc/sightline COMPONENT ${name})
    file(WRITE ${out}/conffiles "/etc/sightline/${short}.toml\n")
    set(NAME ${name})
    set(ENABLE false)
    if(ARG_ENABLE)
      set(ENABLE true)
    endif()
    set(PURGE "${ARG_PURGE}")
    set(control ${out}/conffiles)
    foreach(script postinst prerm postrm)
      configure_file(${here}/service/${script}.in ${out}/${script} @ONLY)
      file(CHMOD ${out}/${script} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
        GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
      list(APPEND control ${out}/${script})
    endforeach()
  endif()
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_FILE_NAME DEB-DEFAULT PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${ARG_DEPENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS "${ARG_RECOMMENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS ${ARG_SHLIBS} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${control}" PARENT_SCOPE)
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${ARG_SUMMARY}\n${ARG_DESCRIPTION}" PARENT_SCOPE)
endfunction()

# Users and folders are made by systemd's tools, which exist without systemd too.
set(service_depends
  "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, ca-certificates")
if(SIGHTLINE_SCOPE STREQUAL agent)
  set(CPACK_COMPONENTS_ALL sightline-agent)
  sightline_package(sightline-agent SERVICE ENABLE
    DEPENDS "${service_depends}"
    SUMMARY "probes services from a volunteer's machine"
    DESCRIPTION "Looks again and again, from the line of the machine that it runs on, whether
services of a signed plan can be reached, and hands in signed reports to the
collector of the operator whose invite was accepted. Nothing is probed and
nothing is sent before that.
.
Read about the risk first: /usr/share/doc/sightline-agent/README.md.gz.")
  install(FILES ${made}/sightline-agent/README.md.gz ${made}/sightline-agent/SECURITY.md.gz
    DESTINATION share/doc/sightline-agent COMPONENT sightline-agent)
else()
  set(CPACK_COMPONENTS_ALL sightline-collector sightline)
  sightline_package(sightline-collector SERVICE SHLIBS
    PURGE "  rm -f /etc/sightline/tls.crt /etc/sightline/tls.key /etc/sightline/operator.pub.pem\n"
    DEPENDS "iso-codes, ${service_depends}"
    RECOMMENDS "sightline"
    SUMMARY "collects signed probe results and says where services are reachable"
    DESCRIPTION "Takes signed batches from agents over gRPC, keeps them in SQLite or
PostgreSQL, and says for every region of a country whether a service is
reachable there, for whom, since when, and whether it lasts. The dashboard is
built in.")
  install(FILES ${made}/sightline-collector/README.md.gz
    DESTINATION share/doc/sightline-collector COMPONENT sightline-collector)
  install(PROGRAMS ${here}/sightline-collector/take-certificate
    DESTINATION lib/sightline-collector COMPONENT sightline-collector)
  install(FILES ${PROJECT_SOURCE_DIR}/deploy/plan/default.txtpb
    DESTINATION share/doc/sightline-collector/examples COMPONENT sightline-collector)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/deploy/prometheus
    DESTINATION share/doc/sightline-collector/examples COMPONENT sightline-collector
    FILES_MATCHING PATTERN "*.yml" PATTERN "*.json")
  sightline_package(sightline SHLIBS
    DEPENDS "ca-certificates"
    SUMMARY "command line for operators and readers of Sightline"
    DESCRIPTION "Shows where services are reachable, follows what changes, verifies exports of
the log of signed reports, and gives operators what they need: keys, plans,
invites, webhooks.")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sightline)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Sightline developers <developers@sightline.example>")
set(CPACK_PACKAGE_HOMEPAGE_URL "https://sightline.example")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
  GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)

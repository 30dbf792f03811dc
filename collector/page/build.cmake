# cmake -DNPM= -DNODE= -DSOURCE= -DWORK= -P build.cmake: builds the page of SOURCE in WORK/dist.
# Quiet unless something fails. Packages are installed when the lock file is another than before.

# run(WHAT COMMAND...): what it printed is shown when it fails.
function(run what)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK}
    RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "collector/page: ${what} failed (${result})\n${said}")
  endif()
endfunction()

# What is no longer in the sources must not be built.
file(REMOVE_RECURSE ${WORK}/src ${WORK}/public)
file(MAKE_DIRECTORY ${WORK})
file(COPY ${SOURCE}/src ${SOURCE}/public ${SOURCE}/index.html ${SOURCE}/package.json
  ${SOURCE}/package-lock.json ${SOURCE}/tsconfig.json ${SOURCE}/vite.config.mjs DESTINATION ${WORK})

file(SHA256 ${SOURCE}/package-lock.json wanted)
set(installed "")
if(EXISTS ${WORK}/installed)
  file(READ ${WORK}/installed installed)
endif()
if(NOT installed STREQUAL wanted)
  file(REMOVE ${WORK}/installed)
  run("installing packages; the first build needs the npm registry"
    ${NPM} ci --ignore-scripts --no-audit --no-fund)
  file(WRITE ${WORK}/installed ${wanted})
endif()

run("checking types" ${NODE} node_modules/typescript/bin/tsc --noEmit)
run("vite build" ${NODE} node_modules/vite/bin/vite.js build --logLevel warn)

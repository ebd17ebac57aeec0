# Fills OUT with the admin UI: web/ui built by Vite, at the versions of its lock file, each file also compressed. A
# machine without npm, or without a network, gets a page that says why there is no UI; an error in the sources stops
# the build. MODE: on | off.
file(REMOVE_RECURSE ${OUT})
file(MAKE_DIRECTORY ${OUT})

function(leave_out why)
  message(WARNING "The admin UI at /ui/ is left out: ${why}. The server works without it.")
  file(READ ${SOURCE}/absent.html text)
  string(REPLACE "@PROBLEM@" "${why}" text "${text}")
  file(WRITE ${OUT}/index.html "${text}")
  file(WRITE ${STAMP} "${why}\n")
endfunction()

if(NOT MODE)
  leave_out("this server was built with KWQ_UI=off")
  return()
endif()
find_program(NPM npm)
find_program(NODE node)
if(NOT NPM OR NOT NODE)
  leave_out("npm was not there when this server was built")
  return()
endif()

# The sources are copied: nothing is written beside them, and an editor's node_modules is left alone.

file(REMOVE_RECURSE ${WORK}/src ${WORK}/public ${WORK}/dist)
file(MAKE_DIRECTORY ${WORK})
foreach(name package.json package-lock.json .npmrc index.html tsconfig.json vite.config.ts compress.mjs src public)
  file(COPY ${SOURCE}/${name} DESTINATION ${WORK})
endforeach()

file(SHA256 ${SOURCE}/package-lock.json lock)
set(fetched ${WORK}/fetched)
set(have "")
if(EXISTS ${fetched})
  file(READ ${fetched} have)
endif()
if(NOT have STREQUAL lock)
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${WORK} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE why)
  if(failed)
    message(STATUS "${why}")
    leave_out("npm could not fetch what it is built with (is there a network?)")
    return()
  endif()
  file(WRITE ${fetched} "${lock}")
endif()

set(modules ${WORK}/node_modules)
foreach(step "${modules}/typescript/bin/tsc;--noEmit" "${modules}/vite/bin/vite.js;build;--logLevel;warn" "compress.mjs")
  execute_process(COMMAND ${NODE} ${step} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The admin UI does not build: see above")
  endif()
endforeach()
file(COPY ${WORK}/dist/ DESTINATION ${OUT})
file(WRITE ${STAMP} "built\n")

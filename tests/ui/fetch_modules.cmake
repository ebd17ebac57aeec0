# Fills WORK with playwright-core and axe-core by `npm ci`. Without npm or a network the build goes on and the tests of
# the UI fail, saying why.
file(MAKE_DIRECTORY ${WORK})
file(COPY ${SOURCE}/package.json ${SOURCE}/package-lock.json ${SOURCE}/.npmrc DESTINATION ${WORK})
find_program(NPM npm)
set(failed "npm is not there")
if(NPM)
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${WORK} RESULT_VARIABLE failed OUTPUT_QUIET)
endif()
if(failed)
  message(WARNING "The tests of the admin UI will fail: npm could not fetch playwright-core and axe-core (${failed})")
else()
  file(WRITE ${STAMP} "fetched\n")
endif()

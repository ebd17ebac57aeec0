# Fills WORK/swagger with the API page: swagger-ui-dist by `npm ci` at the version of the lock file,
# or a page that says why there is none. A build never fails for want of npm or of a network.
set(page ${WORK}/swagger)
file(REMOVE_RECURSE ${page})
file(MAKE_DIRECTORY ${page})

find_program(NPM npm)
set(problem "npm was not there when this server was built")
if(NPM)
  set(modules ${WORK}/swagger_modules)
  file(MAKE_DIRECTORY ${modules})
  file(COPY ${SOURCE}/package.json ${SOURCE}/package-lock.json DESTINATION ${modules})
  execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund
    WORKING_DIRECTORY ${modules} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE why)
  set(problem "npm could not fetch swagger-ui-dist when this server was built")
  set(dist ${modules}/node_modules/swagger-ui-dist)
  if(NOT failed AND EXISTS ${dist}/swagger-ui-bundle.js)
    file(COPY ${dist}/swagger-ui-bundle.js ${dist}/swagger-ui.css
              ${SOURCE}/index.html ${SOURCE}/start.js ${SOURCE}/page.css DESTINATION ${page})
    set(problem "")
  endif()
endif()

if(problem)
  message(STATUS "The API page /swagger/ is left out: ${problem}")
  file(READ ${SOURCE}/absent.html text)
  string(REPLACE "@PROBLEM@" "${problem}" text "${text}")
  file(WRITE ${page}/index.html "${text}")
  file(COPY ${SOURCE}/page.css DESTINATION ${page})
endif()
file(WRITE ${STAMP} "${problem}\n")

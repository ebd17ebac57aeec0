# Writes ${OUT}, which says what commit of ${SOURCE} is being built: run at every build, and the
# file is touched only when that has changed. Without Git it is unknown.
set(commit "")
if(GIT)
  execute_process(COMMAND ${GIT} describe --always --dirty --exclude=*
                  WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT commit)
  set(commit "unknown")
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[
#include "sim/commit.hpp"

namespace kwq::sim {

const char* commit() {
    return "@commit@";
}

}  // namespace kwq::sim
]] @ONLY)

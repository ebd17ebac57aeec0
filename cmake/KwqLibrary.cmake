# Most of a compiler's time goes into the headers that every source includes. With KWQ_UNITY it reads
# some sources of a target as one; without, a changed source is compiled alone.
option(KWQ_UNITY "compile some sources of a folder together: a quicker clean build" ON)
function(kwq_few_units target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${KWQ_UNITY} UNITY_BUILD_BATCH_SIZE 5)
endfunction()

# kwq_library(name [COLD] SOURCES a.cpp … DEPENDS kwq_base … PRIVATE third::party …)
# One folder, one static library. DEPENDS are the folders whose headers its headers use; PRIVATE are
# third-party libraries, which must not show in a header. COLD: run once or by people, so compiled
# quickly rather than to run fast.
function(kwq_library name)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(kwq_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(kwq_${name} PUBLIC kwq_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
  kwq_few_units(kwq_${name})
  if(ARG_COLD)
    target_compile_options(kwq_${name} PRIVATE -O1)
  endif()
  # base is the first of them: it parses the common headers, the others take what it made.
  if(name STREQUAL "base")
    target_precompile_headers(kwq_base PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)
  else()
    target_precompile_headers(kwq_${name} REUSE_FROM kwq_base)
  endif()
endfunction()

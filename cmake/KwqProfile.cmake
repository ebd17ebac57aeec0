# Lets the compiler know what the server does most: KWQ_PROFILE=make builds one that counts, KWQ_PROFILE=use builds
# with what such a one counted (profiles/; scripts/profile makes it). A profile of older sources costs speed and
# nothing else: functions that have changed since are compiled as if there were none.
set(KWQ_PROFILE "" CACHE STRING "use, make, or nothing: what the server does most, as it was counted")

if(KWQ_PROFILE AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(STATUS "No profile is used: it is in clang's form")
  set(KWQ_PROFILE "")
endif()

# Local functions are known by their file's name, wherever it lies.
set(kwq_profile_names "SHELL:-mllvm -static-func-full-module-prefix=false")

if(KWQ_PROFILE STREQUAL "make")
  target_compile_options(kwq_options INTERFACE -fprofile-generate ${kwq_profile_names})
  target_link_options(kwq_options INTERFACE -fprofile-generate)
elseif(KWQ_PROFILE STREQUAL "use")
  # Another profile has another name: all is compiled anew.
  file(SHA256 ${CMAKE_SOURCE_DIR}/profiles/server.tar.xz kwq_profile)
  set(kwq_profile ${CMAKE_BINARY_DIR}/profile/${kwq_profile})
  file(ARCHIVE_EXTRACT INPUT ${CMAKE_SOURCE_DIR}/profiles/server.tar.xz DESTINATION ${kwq_profile})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/profiles/server.tar.xz)
  target_compile_options(kwq_options INTERFACE -fprofile-use=${kwq_profile}/server.profdata
    ${kwq_profile_names} -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)
endif()

# Warnings, hardening and sanitizers, as one interface target that every KWQ target links.
option(KWQ_TESTS "build the tests" ON)
set(KWQ_SANITIZE "" CACHE STRING "address,undefined or thread")
set(KWQ_INLINE "" CACHE STRING "how much clang may inline, 225 when empty: less compiles quicker")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are cached only when ccache is told that it may; their time stamps are not
  # part of what they are.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_library(kwq_options INTERFACE)
target_compile_options(kwq_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Werror
  -fstack-protector-strong -fcf-protection -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(kwq_options INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(KWQ_INLINE)
  target_compile_options(kwq_options INTERFACE "SHELL:-mllvm -inline-threshold=${KWQ_INLINE}")
endif()
target_compile_definitions(kwq_options INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(kwq_options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
target_include_directories(kwq_options INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(KWQ_SANITIZE)
  target_compile_options(kwq_options INTERFACE -fsanitize=${KWQ_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(kwq_options INTERFACE -fsanitize=${KWQ_SANITIZE})
else()
  target_compile_options(kwq_options INTERFACE -fstack-clash-protection
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
include(CheckPIESupported)
check_pie_supported()

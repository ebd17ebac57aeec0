# Third-party libraries, all from Debian 12 packages (packages/run.txt).
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers)
find_package(RocksDB CONFIG REQUIRED)
# As part of the program its calls need no table, and its thread-local numbers no function: a tenth of its time. Tests
# are many programs, and link it shared.
option(KWQ_STATIC "make RocksDB and the allocator parts of the program" OFF)
add_library(kwq_rocksdb INTERFACE)
target_link_libraries(kwq_rocksdb INTERFACE $<IF:$<BOOL:${KWQ_STATIC}>,RocksDB::rocksdb,RocksDB::rocksdb-shared>)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
# It ships a pkg-config file and no CMake package.
find_path(RDKAFKA_INCLUDE_DIR librdkafka/rdkafka.h REQUIRED)
find_library(RDKAFKA_LIBRARY rdkafka REQUIRED)
add_library(RdKafka::rdkafka UNKNOWN IMPORTED)
set_target_properties(RdKafka::rdkafka PROPERTIES IMPORTED_LOCATION ${RDKAFKA_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${RDKAFKA_INCLUDE_DIR})
# Programs that work link it; the sanitizers bring an allocator of their own.
if(KWQ_STATIC)
  find_library(JEMALLOC_LIBRARY NAMES libjemalloc_pic.a REQUIRED)
else()
  find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
endif()
add_library(kwq_allocator INTERFACE)
if(NOT KWQ_SANITIZE)
  target_link_libraries(kwq_allocator INTERFACE ${JEMALLOC_LIBRARY})
endif()
if(KWQ_TESTS)
  find_package(Catch2 2.13 CONFIG REQUIRED)
  find_package(RapidJSON CONFIG REQUIRED)  # the second opinion on what is JSON
endif()

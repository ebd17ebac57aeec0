# Third-party libraries, all from Debian 12 packages (packages/run.txt).
find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers)
find_package(RocksDB CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(OpenSSL 3 REQUIRED)
if(KWQ_TESTS)
  find_package(Catch2 2.13 CONFIG REQUIRED)
  find_package(RapidJSON CONFIG REQUIRED)  # the second opinion on what is JSON
endif()

# What `make install` copies, and the Debian package that `make package` makes of it.
# Completions and the man page come from the program itself, so they are made when it is installed.
install(FILES deploy/kwq.toml DESTINATION ${CMAKE_INSTALL_DATADIR}/kwq)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
configure_file(${CMAKE_CURRENT_LIST_DIR}/KwqInstallPages.cmake.in
  ${CMAKE_BINARY_DIR}/KwqInstallPages.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/KwqInstallPages.cmake)

# Only for the package: its root is /, whatever the prefix of everything else is.
install(FILES deploy/systemd/kwq.service DESTINATION lib/systemd/system
  COMPONENT system EXCLUDE_FROM_ALL)
install(FILES deploy/kwq.toml DESTINATION etc/kwq COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kwq)
set(CPACK_PACKAGE_CONTACT "The KWQ authors <kwq@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${CMAKE_BINARY_DIR};${CMAKE_PROJECT_NAME};ALL;/usr"
  "${CMAKE_BINARY_DIR};${CMAKE_PROJECT_NAME};system;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "work-queue scheduler and task tracker")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Producers put tasks on queues; KWQ hands them to workers over HTTP, highest
priority first, under leases, and answers where each task and each job is.
Tasks are kept on a durable log: nothing acknowledged is lost.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)

# Library, headers, pkg-config file, CMake package, man page.
install(TARGETS nstool EXPORT ns-tool)
install(FILES ${public_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ns-tool)

set(pc_requires "")
foreach(module libseccomp jansson)
    if(${module}_FOUND)
        string(APPEND pc_requires " ${module}")
    endif()
endforeach()
# Found from where the file lies, so that an installed tree may be moved. The library is static: what
# it needs, its user links.
file(RELATIVE_PATH pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/ns-tool.pc.in ns-tool.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ns-tool.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ns-tool)
configure_package_config_file(cmake/ns-tool-config.cmake.in ns-tool-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(ns-tool-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ns-tool-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/ns-tool-config-version.cmake
        DESTINATION ${package_dir})
install(EXPORT ns-tool NAMESPACE ns-tool:: FILE ns-tool-targets.cmake DESTINATION ${package_dir})

if(EXISTS ${CMAKE_SOURCE_DIR}/man/ns-tool.1)
    install(FILES man/ns-tool.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/completion/ns-tool.bash)
    install(FILES completion/ns-tool.bash RENAME ns-tool
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

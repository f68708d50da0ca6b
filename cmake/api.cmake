# The libraries that other programs link: liboxibase.so and liboxibase.a, with `cmake --install`,
# find_package(oxibase) and pkg-config. Included once src/api and include/oxibase exist.
#
# Neither shows a symbol that is not its own: the SQL parser alone has some 2,000 (palloc, errstart,
# pg_utf_mblen ...) that clash with libpq and others. The shared library is linked with a version
# script; for the static one, all our archives are linked into one relocatable object, in which
# everything but the public names is then made local.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_target_property(api_type oxi_api TYPE)
if(api_type STREQUAL "INTERFACE_LIBRARY" OR NOT EXISTS ${CMAKE_SOURCE_DIR}/include/oxibase)
  return()
endif()

target_compile_definitions(oxi_api PRIVATE OXI_API_VERSION="${PROJECT_VERSION}")

# What stays visible: the C API. The C++ classes of include/oxibase are inline, over it.
set(public_c "oxibase_*")
set(below oxi_api oxi_engine oxi_exec oxi_sql_bind oxi_sql_optimize oxi_sql_plan oxi_sql_parse
    oxi_catalog oxi_txn oxi_storage oxi_expr oxi_env oxi_common oxi_third_fmt)

file(WRITE ${CMAKE_BINARY_DIR}/oxibase.map.in "{\n  global:\n    ${public_c};\n  local:\n    *;\n};\n")
configure_file(${CMAKE_BINARY_DIR}/oxibase.map.in ${CMAKE_BINARY_DIR}/oxibase.map COPYONLY)
file(WRITE ${CMAKE_BINARY_DIR}/empty.cc.in "")
configure_file(${CMAKE_BINARY_DIR}/empty.cc.in ${CMAKE_BINARY_DIR}/empty.cc COPYONLY)

add_library(oxibase_shared SHARED ${CMAKE_BINARY_DIR}/empty.cc)
target_link_libraries(oxibase_shared PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,oxi_api>)
target_link_options(oxibase_shared PRIVATE
  -Wl,--version-script=${CMAKE_BINARY_DIR}/oxibase.map -Wl,--gc-sections -Wl,-z,defs)
target_include_directories(oxibase_shared INTERFACE ${CMAKE_SOURCE_DIR}/include)
set_target_properties(oxibase_shared PROPERTIES
  OUTPUT_NAME oxibase VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
if(OXI_DEV)
  set_target_properties(oxibase_shared PROPERTIES EXCLUDE_FROM_ALL ON)
  set(all "")
else()
  set(all ALL)
endif()
if(OXI_SANITIZE)
  # Undefined references to the sanitizer's run time are the program's business.
  set_target_properties(oxibase_shared PROPERTIES EXCLUDE_FROM_ALL ON)
  return()
endif()

set(archives "")
foreach(target IN LISTS below)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    list(APPEND archives $<TARGET_FILE:${target}>)
    list(APPEND archive_targets ${target})
  endif()
endforeach()
set(static_library ${CMAKE_BINARY_DIR}/lib/liboxibase.a)
add_custom_command(OUTPUT ${static_library}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/lib
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/prelink.sh ${static_library} ${public_c} ${archives}
          ${OXI_PGQUERY_DIR}/libpgq.a
  DEPENDS ${archive_targets} ${archives} ${CMAKE_SOURCE_DIR}/scripts/prelink.sh
  COMMENT "Linking liboxibase.a, only its own symbols visible" VERBATIM)
add_custom_target(oxibase_static ${all} DEPENDS ${static_library})

# What a program that links liboxibase.a needs besides.
set(OXI_SYSTEM_LIBS "-labsl_raw_hash_set -labsl_hash -labsl_city -labsl_low_level_hash \
-labsl_time -labsl_time_zone -labsl_civil_time -labsl_strings -labsl_strings_internal \
-labsl_hashtablez_sampler -labsl_synchronization -labsl_int128 -labsl_base -labsl_throw_delegate \
-labsl_raw_logging_internal -labsl_spinlock_wait -labsl_bad_optional_access \
-labsl_bad_variant_access -labsl_exponential_biased -labsl_stacktrace -labsl_symbolize \
-labsl_debugging_internal -labsl_demangle_internal -labsl_malloc_internal \
-labsl_graphcycles_internal -labsl_cord -labsl_log_severity \
-lre2 -lsimdjson -licui18n -licuuc -licudata -lcrypto -lzstd -llz4 -lxxhash -lroaring \
-lstdc++ -lm -lpthread")

# Installed files find each other wherever `cmake --install --prefix` puts them.
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/oxibase)
file(RELATIVE_PATH OXI_PREFIX_FROM_PKGCONFIG /prefix/${pkgconfig_dir} /prefix)
file(RELATIVE_PATH OXI_PREFIX_FROM_PACKAGE /prefix/${package_dir} /prefix)
foreach(OXI_LINKED shared static)
  if(OXI_LINKED STREQUAL "shared")
    set(OXI_PC_NAME oxibase)
    set(OXI_PC_LIBS "-loxibase")
  else()
    set(OXI_PC_NAME oxibase-static)
    set(OXI_PC_LIBS "-l:liboxibase.a ${OXI_SYSTEM_LIBS}")
  endif()
  configure_file(${CMAKE_SOURCE_DIR}/cmake/oxibase.pc.in ${CMAKE_BINARY_DIR}/${OXI_PC_NAME}.pc
                 @ONLY)
endforeach()
configure_file(${CMAKE_SOURCE_DIR}/cmake/oxibaseConfig.cmake.in
               ${CMAKE_BINARY_DIR}/oxibaseConfig.cmake @ONLY)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/oxibaseConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(TARGETS oxibase_shared LIBRARY COMPONENT library NAMELINK_COMPONENT library)
install(FILES ${static_library} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/oxibase DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/oxibase.pc ${CMAKE_BINARY_DIR}/oxibase-static.pc
        DESTINATION ${pkgconfig_dir} COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/oxibaseConfig.cmake ${CMAKE_BINARY_DIR}/oxibaseConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT library)

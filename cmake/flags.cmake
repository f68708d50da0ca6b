# Compiler settings shared by all of our own code (never by third_party/).
option(OXI_DEV "Development build: -O0 -g1, quickest to compile" OFF)
option(OXI_WERROR "Warnings are errors" ON)
option(OXI_LIBFUZZER "Link the fuzzers with libFuzzer (clang)" OFF)
set(OXI_SANITIZE "" CACHE STRING "address (with undefined) or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(OXI_CCACHE ccache)
if(OXI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${OXI_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${OXI_CCACHE})
endif()
find_program(OXI_MOLD mold)
if(OXI_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
if(OXI_DEV)
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
  set(CMAKE_C_FLAGS_DEBUG "-O0 -g1")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(oxi_flags INTERFACE)
target_include_directories(oxi_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_options(oxi_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual
  -Wextra-semi $<$<BOOL:${OXI_WERROR}>:-Werror>
  # CRC32C by the CPU's instruction and 16-byte compare-and-swap: every x86-64 since 2009.
  -msse4.2 -mcx16
  # Numbers and comparisons must not differ between builds.
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # 128-bit integers are used for numeric; g++ 12 has false alarms of these three at -O2.
  target_compile_options(oxi_flags INTERFACE -Wno-pedantic -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Unique symbols could not be made local in liboxibase.a.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(oxi_flags INTERFACE -Wthread-safety -Wno-gnu-anonymous-struct
    -Wno-nested-anon-types -Wno-gnu-zero-variadic-macro-arguments -Wno-c99-extensions
    -Wno-gnu-case-range -Wno-deprecated-declarations -Wno-string-concatenation -Wno-unused-const-variable)
endif()
if(OXI_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(OXI_SANITIZE STREQUAL "address")
  # A null pointer is found by the crash as well; its check and vptr's would take a tenth of the time.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,vptr -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(OXI_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()

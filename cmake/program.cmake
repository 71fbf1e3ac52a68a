# The program that a sandbox's processes run: src/kernel/program/main.c and the rooms that it needs,
# static, with no sanitizer or counter in it, put into the library as bytes (src/kernel/program.c).
# OFF where those are to see what happens in a sandbox, and where a service's compiler has its own.
if(NOT NST_PROGRAM OR NST_COVERAGE OR (NST_FUZZ AND NOT NST_FUZZ_SANITIZERS))
    return()
endif()
file(GLOB program_sources CONFIGURE_DEPENDS src/kernel/*.c src/table/*.c src/watch/*.c)
list(FILTER program_sources EXCLUDE REGEX "src/kernel/(features|program|sandbox|trace)\\.c$")
add_executable(ns-tool-sandbox src/kernel/program/main.c ${program_sources} src/sequence/calls.c
               src/sequence/flags.c src/sequence/names.c src/sequence/refused.c)
target_include_directories(ns-tool-sandbox PRIVATE include src)
set_target_properties(ns-tool-sandbox PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/program)
set(plain -fno-sanitize=all)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    list(APPEND plain -fno-profile-instr-generate -fno-coverage-mapping)
endif()
target_compile_options(ns-tool-sandbox PRIVATE ${plain} -O2 -ffunction-sections -fdata-sections)
target_link_options(ns-tool-sandbox PRIVATE ${plain} -static -s -Wl,--gc-sections)

set(program ${CMAKE_BINARY_DIR}/program/ns-tool-sandbox)
set_source_files_properties(src/kernel/program.c PROPERTIES
    COMPILE_DEFINITIONS "NST_PROGRAM=\"${program}\"" OBJECT_DEPENDS ${program})

# Each tests/test_*.c and props/prop_*.c is one libcheck program and one ctest test.
pkg_check_modules(check IMPORTED_TARGET check)
if(NOT check_FOUND)
    message(STATUS "libcheck not found: no unit tests or property suites")
    return()
endif()

# A machine that is slow or busy is no failure: what hangs, ctest ends.
set(test_environment "NST_SOURCE_DIR=${CMAKE_SOURCE_DIR}" CK_DEFAULT_TIMEOUT=60 CK_TIMEOUT_MULTIPLIER=3)
if(TARGET ns-tool)
    list(APPEND test_environment "NST_TOOL=${CMAKE_BINARY_DIR}/ns-tool")
endif()

function(nst_add_check source name label)
    get_filename_component(stem ${source} NAME_WE)
    add_executable(${stem} ${source})
    target_include_directories(${stem} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${stem} PRIVATE nstool PkgConfig::check)
    if(TARGET ns-tool)
        add_dependencies(${stem} ns-tool)
    endif()
    add_test(NAME ${name} COMMAND ${stem})
    set_tests_properties(${name} PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77 TIMEOUT 600
                         ENVIRONMENT "${test_environment}")
endfunction()

file(GLOB test_sources CONFIGURE_DEPENDS tests/test_*.c)
if(NOT TARGET ns-tool-sandbox) # sandboxes are forks of whoever opens them
    list(FILTER test_sources EXCLUDE REGEX "test_kernel_program")
endif()
foreach(source ${test_sources})
    get_filename_component(stem ${source} NAME_WE)
    string(REGEX REPLACE "^test_" "" name ${stem})
    set(label unit)
    if(stem MATCHES "^test_(kernel|run|mount|show|fuzz)_|_live$")
        set(label kernel)
    endif()
    nst_add_check(${source} ${name} ${label})
endforeach()

if(TARGET test_memory) # has each allocation fail
    target_link_options(test_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
                        -Wl,--wrap=reallocarray,--wrap=strdup)
endif()

# Each suite notes what became of its mutants; the test `mutants` prints the table of all.
# Once more with every fault in every sequence of the corpus: ctest --test-dir build/dev -L slow.
if(TARGET test_kernel_faults)
    add_test(NAME kernel_faults_corpus COMMAND test_kernel_faults)
    set_tests_properties(kernel_faults_corpus PROPERTIES LABELS slow SKIP_RETURN_CODE 77
                         TIMEOUT 14400 ENVIRONMENT "${test_environment};NST_FAULTS=corpus")
endif()

file(GLOB prop_sources CONFIGURE_DEPENDS props/prop_*.c)
set(mutants "")
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/mutants)
foreach(source ${prop_sources})
    get_filename_component(stem ${source} NAME_WE)
    nst_add_check(${source} ${stem} props)
    set_property(TEST ${stem} APPEND PROPERTY
                 ENVIRONMENT "NST_MUTANTS=${CMAKE_BINARY_DIR}/mutants/${stem}")
    set_tests_properties(${stem} PROPERTIES FIXTURES_SETUP mutants TIMEOUT 7200)
    list(APPEND mutants ${CMAKE_BINARY_DIR}/mutants/${stem})
endforeach()
add_test(NAME mutants COMMAND ${CMAKE_SOURCE_DIR}/props/mutants.sh 40 4 ${mutants})
set_tests_properties(mutants PROPERTIES LABELS props FIXTURES_REQUIRED mutants)

# A runtime's own test, against the installed library; instrumented as that is.
set(example_flags "${CMAKE_C_FLAGS}")
if(NST_COVERAGE)
    string(APPEND example_flags " --coverage")
endif()
if(NST_FUZZ)
    string(APPEND example_flags " -fsanitize=fuzzer-no-link,address,undefined")
endif()
add_test(NAME example COMMAND ${CMAKE_SOURCE_DIR}/tests/example/check.sh ${CMAKE_BINARY_DIR}
         ${CMAKE_C_COMPILER} "${example_flags}")
set_tests_properties(example PROPERTIES LABELS kernel SKIP_RETURN_CODE 77 TIMEOUT 600)

# No false alarm of `ns-tool check`: a few runs each with all tests, a hundred with the slow ones.
if(TARGET ns-tool)
    add_test(NAME run_check_clean COMMAND ${CMAKE_SOURCE_DIR}/tests/clean_programs.sh 3)
    add_test(NAME run_check_clean_often COMMAND ${CMAKE_SOURCE_DIR}/tests/clean_programs.sh 100)
    set_tests_properties(run_check_clean run_check_clean_often PROPERTIES SKIP_RETURN_CODE 77
                         TIMEOUT 1200 ENVIRONMENT "${test_environment}")
    set_tests_properties(run_check_clean PROPERTIES LABELS kernel)
    set_tests_properties(run_check_clean_often PROPERTIES LABELS slow)
    add_test(NAME kernel_pack
             COMMAND ${CMAKE_SOURCE_DIR}/tests/kernel_pack.sh ${CMAKE_BINARY_DIR}/ns-tool-pack.tar.gz)
    set_tests_properties(kernel_pack PROPERTIES LABELS slow TIMEOUT 3600)
endif()

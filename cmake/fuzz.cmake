# Each fuzz/fuzz_x.c is a target: a fuzzer (NST_FUZZ=ON, or NST_FUZZ_ENGINE as a service gives it),
# and in every build a plain fuzz_x_replay, which ctest runs over corpus/fuzz_x. Beside it stand its
# dictionary and its options.
file(GLOB fuzz_shared CONFIGURE_DEPENDS fuzz/*.c)
list(FILTER fuzz_shared EXCLUDE REGEX "/(fuzz_[^/]*|replay|dictionary|plant|afl)\\.c$")
add_library(nstfuzz STATIC ${fuzz_shared})
target_include_directories(nstfuzz PUBLIC fuzz)
target_link_libraries(nstfuzz PUBLIC nstool)
if(mount_FOUND)
    target_link_libraries(nstfuzz PUBLIC PkgConfig::mount)
endif()
set_target_properties(nstool nstfuzz PROPERTIES POSITION_INDEPENDENT_CODE ON) # the mutators
add_executable(dictionary fuzz/dictionary.c)
target_link_libraries(dictionary PRIVATE nstfuzz)

# A fault that the targets must find: see fuzz/plant.c.
set(NST_PLANT "" CACHE STRING "build the fuzz targets with this fault (names: fuzz/plant.c)")
if(NST_PLANT)
    add_library(nstplant STATIC fuzz/plant.c)
    target_compile_definitions(nstplant PRIVATE "NST_PLANT=\"${NST_PLANT}\"")
    target_link_libraries(nstplant PUBLIC nstool)
    target_link_libraries(nstfuzz PUBLIC nstplant)
    target_link_options(nstfuzz PUBLIC -Wl,--wrap=nst_run,--wrap=nst_mountinfo_parse
                        -Wl,--wrap=nst_strace_print -Wl,--wrap=nst_group_leave
                        -Wl,--undefined=__wrap_nst_run)
endif()

file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
    get_filename_component(stem ${source} NAME_WE)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/${stem}.dict
                       COMMAND dictionary ${stem} > ${CMAKE_BINARY_DIR}/${stem}.dict
                       DEPENDS dictionary)
    add_custom_target(${stem}_dict ALL DEPENDS ${CMAKE_BINARY_DIR}/${stem}.dict)
    if(EXISTS ${CMAKE_SOURCE_DIR}/fuzz/${stem}.options)
        configure_file(fuzz/${stem}.options ${CMAKE_BINARY_DIR}/${stem}.options COPYONLY)
    endif()
    if(NST_FUZZ)
        add_executable(${stem} ${source})
        target_link_libraries(${stem} PRIVATE nstfuzz)
        separate_arguments(engine UNIX_COMMAND "${NST_FUZZ_ENGINE}")
        target_link_libraries(${stem} PRIVATE ${engine})
        if(NOT NST_FUZZ_SANITIZERS)
            set_target_properties(${stem} PROPERTIES LINKER_LANGUAGE CXX)
        endif()
    endif()

    # The mutator as AFL++ loads it, built only when asked for: `--target fuzz_x_mutator`.
    file(STRINGS ${source} mutates REGEX "^NST_FUZZ_(SEQUENCES|MUTATOR)")
    if(mutates)
        add_library(${stem}_mutator MODULE EXCLUDE_FROM_ALL ${source} fuzz/afl.c)
        set_target_properties(${stem}_mutator PROPERTIES PREFIX "")
        target_link_libraries(${stem}_mutator PRIVATE nstfuzz)
    endif()

    add_executable(${stem}_replay ${source} fuzz/replay.c)
    target_link_libraries(${stem}_replay PRIVATE nstfuzz)
    file(GLOB corpus CONFIGURE_DEPENDS corpus/${stem}/*)
    if(corpus)
        add_test(NAME replay_${stem}
                 COMMAND ${stem}_replay ${CMAKE_SOURCE_DIR}/corpus/${stem})
        set_tests_properties(replay_${stem} PROPERTIES LABELS fuzz SKIP_RETURN_CODE 77 TIMEOUT 600
                             ENVIRONMENT NST_REACHED=/dev/null)
    endif()
endforeach()
if(TARGET test_mutator)
    target_link_libraries(test_mutator PRIVATE nstfuzz)
endif()
if(NST_FUZZ AND NST_FUZZ_SANITIZERS AND NOT NST_PLANT)
    foreach(script planted engines)
        add_test(NAME ${script} COMMAND ${CMAKE_SOURCE_DIR}/ci/${script})
        set_tests_properties(${script} PROPERTIES LABELS "fuzz;slow" TIMEOUT 1200)
    endforeach()
endif()

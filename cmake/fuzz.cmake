# Each fuzz/fuzz_x.c is a libFuzzer target (NST_FUZZ=ON), and in every build a plain fuzz_x_replay,
# which ctest runs over corpus/fuzz_x.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
    get_filename_component(stem ${source} NAME_WE)
    if(NST_FUZZ)
        add_executable(${stem} ${source})
        target_link_libraries(${stem} PRIVATE nstool)
        target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
    endif()

    add_executable(${stem}_replay ${source} fuzz/replay.c)
    target_link_libraries(${stem}_replay PRIVATE nstool)
    file(GLOB corpus CONFIGURE_DEPENDS corpus/${stem}/*)
    if(corpus)
        add_test(NAME replay_${stem}
                 COMMAND ${stem}_replay ${CMAKE_SOURCE_DIR}/corpus/${stem})
        set_tests_properties(replay_${stem} PROPERTIES LABELS fuzz SKIP_RETURN_CODE 77 TIMEOUT 600)
    endif()
endforeach()

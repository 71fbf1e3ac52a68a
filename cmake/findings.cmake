# What kernels are known to break goes with the library, so that a search knows it wherever it is begun:
# each file of corpus/findings as bytes, and a list of them.
file(GLOB findings CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/findings/*)
list(FILTER findings EXCLUDE REGEX "README")
set(embeds "")
set(rows "")
set(number 0)
foreach(finding ${findings})
    get_filename_component(name ${finding} NAME)
    string(APPEND embeds "NST_EMBED_AT(finding_${number}, \"${finding}\")\n")
    string(APPEND rows "    {\"${name}\", finding_${number}, finding_${number}_end},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(CONFIGURE OUTPUT findings.c @ONLY CONTENT [[
#include "embed.h"
#include "report/kept.h"

@embeds@
const struct nst_builtin_finding nst_builtin_findings[] = {
@rows@    {0}};
]])
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/findings.c PROPERTIES OBJECT_DEPENDS "${findings}")
target_sources(nstool PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/findings.c)

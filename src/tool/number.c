#include "tool/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint64_t nst_parse_number(const char *text, struct argp_state *state, const char *name,
                          uint64_t least, uint64_t most)
{
    char *end;

    errno = 0;
    uint64_t value = strtoull(text, &end, 10);

    if (errno || *end || *text < '0' || *text > '9' || value < least || value > most)
        argp_error(state, "--%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                   name, least, most, text);
    return value;
}

uint64_t nst_parse_seconds(const char *text, struct argp_state *state, const char *name)
{
    static const struct {
        const char *unit;
        uint64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *end;

    errno = 0;
    uint64_t value = strtoull(text, &end, 10);

    if (!errno && *text >= '0' && *text <= '9' && value && value < 1000000)
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (!strcmp(end, units[i].unit))
                return value * units[i].seconds;
    argp_error(state, "--%s takes a time such as 60s, 5m or 8h, not '%s'", name, text);
    return 1;
}

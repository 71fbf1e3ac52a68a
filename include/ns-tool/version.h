#ifndef NST_VERSION_H
#define NST_VERSION_H

/* The version of the library that is linked, e.g. "0.1.0". The string is static. */
const char *nst_version(void);

#endif

/* An allocation that fails, by its number. */
#ifndef MEMORY_TEST_H
#define MEMORY_TEST_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* The linker gives these in place of the C library's (--wrap, cmake/tests.cmake). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t len, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t len, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t len, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t len, size_t size);
char *__wrap_strdup(const char *text);

static struct {
    unsigned long left; /* the allocation that fails; 0: none */
    bool failed;
} fault;

static bool fails(void)
{
    if (!fault.left || --fault.left)
        return false;
    fault.failed = true;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t len, size_t size)
{
    return fails() ? NULL : __real_calloc(len, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t len, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, len, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

#endif

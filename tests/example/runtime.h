/* A runtime's setup functions: 0 or a negative errno. */
#ifndef RUNTIME_H
#define RUNTIME_H

int runtime_enter(void *ctx);
int runtime_enter_too_late(void *ctx);
int runtime_enter_not_recursive(void *ctx);

#endif

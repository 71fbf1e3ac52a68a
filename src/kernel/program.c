/* The program that a sandbox's processes run (program/main.c). Its file lies in the library; it is
 * run from a sealed memfd, so it needs no path, and nobody in the sandbox can change it. Where
 * there is none, or it can't be run, a sandbox is forks of its tool. */
#include "kernel.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef NST_PROGRAM
__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        "nst_program_start:\n"
        ".incbin \"" NST_PROGRAM "\"\n"
        "nst_program_end:\n"
        ".popsection\n");
extern const unsigned char nst_program_start[] __attribute__((visibility("hidden")));
extern const unsigned char nst_program_end[] __attribute__((visibility("hidden")));
#define PROGRAM_SIZE ((size_t)(nst_program_end - nst_program_start))
#else
static const unsigned char nst_program_start[1];
#define PROGRAM_SIZE ((size_t)0)
#endif

/* memfd_create(2), from Linux 6.3 on: that it may be run is to be said. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int make_file(void)
{
    const int seals = F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    size_t at = 0;
    int fd = NST_SYS(MEMFD, memfd_create("ns-tool-sandbox", flags | MFD_EXEC));

    if (fd < 0)
        fd = NST_SYS(MEMFD, memfd_create("ns-tool-sandbox", flags));
    while (fd >= 0 && at < PROGRAM_SIZE) {
        ssize_t n = NST_SYS(WRITE, write(fd, nst_program_start + at, PROGRAM_SIZE - at));

        if (n <= 0)
            break;
        at += (size_t)n;
    }
    if (fd >= 0 && (at < PROGRAM_SIZE || NST_SYS(FCNTL, fcntl(fd, F_ADD_SEALS, seals)) < 0)) {
        NST_SYS(CLOSE, close(fd));
        fd = -1;
    }
    return fd;
}

void nst_program_open(struct nst_program *ret_program)
{
    struct rlimit limit;

    *ret_program = (struct nst_program){.file = -1, .arena = -1};
    /* A fault to be planted is the tool's, and its forks inherit it. Who exceeds a limit of its
     * files' size is sent a signal (setrlimit(2)). */
    if (!PROGRAM_SIZE || (nst_faults && !nst_faults->program) ||
        getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur < NST_ARENA_SIZE)
        return;
    ret_program->arena = NST_SYS(MEMFD, memfd_create("ns-tool-arena", MFD_CLOEXEC));
    if (ret_program->arena >= 0 &&
        NST_SYS(TRUNCATE, ftruncate(ret_program->arena, NST_ARENA_SIZE)) == 0)
        ret_program->file = make_file();
    if (ret_program->file < 0)
        nst_program_close(ret_program);
}

void nst_program_close(struct nst_program *program)
{
    if (program->file >= 0)
        NST_SYS(CLOSE, close(program->file));
    if (program->arena >= 0)
        NST_SYS(CLOSE, close(program->arena));
    program->file = program->arena = -1;
}

/* Runs it, with the arena where it is. Returns if it can't. */
static void become(const struct nst_program *program, const struct nst_arena *arena, int lifeline)
{
    char text[3][24], name[] = "ns-tool-sandbox";
    char *argv[] = {name, text[0], text[1], text[2], NULL}, *env[] = {NULL};

    if (program->file < 0 || NST_SYS(FCNTL, fcntl(program->arena, F_SETFD, 0)) < 0 ||
        NST_SYS(FCNTL, fcntl(lifeline, F_SETFD, 0)) < 0)
        return;
    snprintf(text[0], sizeof(text[0]), "%d", program->arena);
    snprintf(text[1], sizeof(text[1]), "%jx", (uintmax_t)(uintptr_t)arena);
    snprintf(text[2], sizeof(text[2]), "%d", lifeline);
    NST_SYS(EXEC, syscall(SYS_execveat, program->file, "", argv, env, AT_EMPTY_PATH));
}

_Noreturn void nst_program_begin(const struct nst_program *program, struct nst_arena *arena,
                                 int lifeline)
{
    become(program, arena, lifeline);
    nst_make_init(arena, lifeline);
}

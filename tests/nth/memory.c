/* memory.c - malloc, calloc and realloc of the whole process, so that libraries are reached too. They go on to the C
 * library's own, or under the address sanitizer to its; free() is left alone. */
#include <errno.h>
#include <link.h>
#include <string.h>

#include "tests/nth/fail.h"

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *memory, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);

/* Code of libraries that end the process when memory ends. */
enum { HARD_MAX = 16 };
static struct { uintptr_t from, to; } hard[HARD_MAX];
static int hard_count;

static int note_library(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (!strstr(info->dlpi_name, "libzmq") && !strstr(info->dlpi_name, "libstdc++"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum && hard_count < HARD_MAX; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
            hard[hard_count].from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            hard[hard_count].to = hard[hard_count].from + info->dlpi_phdr[i].p_memsz;
            hard_count++;
        }
    return 0;
}

void fail_start(void)
{
    dl_iterate_phdr(note_library, NULL);
}

static bool fails(void *caller, const char *call)
{
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < hard_count; i++)
        if (at >= hard[i].from && at < hard[i].to)
            return false;
    if (!fail_now(FAIL_MEMORY, call))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0), "malloc") ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0), "calloc") ? NULL : REAL(calloc)(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails(__builtin_return_address(0), "realloc") ? NULL : REAL(realloc)(memory, size);
}

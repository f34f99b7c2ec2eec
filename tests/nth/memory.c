/* memory.c - malloc, calloc and realloc of the whole process, so that libraries are reached too. They go on to the C
 * library's own, or under the address sanitizer to its; free() is left alone. */
#include <errno.h>
#include <stddef.h>

#include "tests/nth/fail.h"

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#define REAL_MEMALIGN __interceptor_memalign
#else
#define REAL(name) __libc_##name
#define REAL_MEMALIGN __libc_memalign
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *memory, size_t size);
void *REAL_MEMALIGN(size_t alignment, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
int posix_memalign(void **ret_memory, size_t alignment, size_t size);

static bool fails(void *caller, const char *call)
{
    if (!fail_now_for(caller, FAIL_MEMORY, call))
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

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    void *memory = fails(__builtin_return_address(0), "posix_memalign") ? NULL : REAL_MEMALIGN(alignment, size);
    if (!memory)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}

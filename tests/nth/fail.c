#include "tests/nth/fail.h"

#include <link.h>
#include <string.h>

#include "gateway/base/result.h"

static _Thread_local struct {
    bool armed, fired;
    int  paused;
    enum fail_what what;
    uint64_t n, counts[FAIL_WHATS];
    const char *call;
} now;

/* Code of libraries that end the process when memory ends, or when they cannot wake each other. */
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

static const char *const names[] = { "memory", "room", "disk", "commit", "files", "io", "short", "sends" };
_Static_assert(sizeof names / sizeof *names == FAIL_WHATS, "each kind has a name");

const char *fail_name(enum fail_what what)
{
    return what < FAIL_WHATS ? names[what] : "nothing";
}

enum fail_what fail_of_name(const char *name)
{
    enum fail_what what = 0;
    while (what < FAIL_WHATS && strcmp(names[what], name) != 0)
        what++;
    return what;
}

void fail_arm(enum fail_what what, uint64_t n)
{
    must(!now.armed && !now.paused);
    for (int i = 0; i < FAIL_WHATS; i++)
        now.counts[i] = 0;
    now.what = what;
    now.n = n;
    now.fired = false;
    now.call = "";
    now.armed = true;
}

bool fail_disarm(void)
{
    now.armed = false;
    now.paused = 0;
    return now.fired;
}

void fail_pause(void)
{
    now.paused++;
}

void fail_resume(void)
{
    now.paused--;
}

bool fail_has_fired(void)
{
    return now.fired;
}

const char *fail_call(void)
{
    return now.call;
}

uint64_t fail_count(enum fail_what what)
{
    return now.counts[what];
}

bool fail_now(enum fail_what what, const char *call)
{
    if (!now.armed || now.paused)
        return false;
    if (++now.counts[what] != now.n || what != now.what || now.fired)
        return false;
    now.fired = true;
    now.call = call;
    return true;
}

bool fail_now_for(void *caller, enum fail_what what, const char *call)
{
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; now.armed && i < hard_count; i++)
        if (at >= hard[i].from && at < hard[i].to)
            return false;
    return fail_now(what, call);
}

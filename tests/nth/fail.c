#include "tests/nth/fail.h"

#include "gateway/base/result.h"

static _Thread_local struct {
    bool armed, fired, refuses_commits;
    int  paused;
    enum fail_what what;
    uint64_t n, counts[FAIL_WHATS];
    const char *call;
} now;

const char *fail_name(enum fail_what what)
{
    static const char *const names[] = { "memory", "room", "disk", "commit", "files", "sends" };
    return names[what];
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

void fail_refuse_commits(bool refuse)
{
    now.refuses_commits = refuse;
}

bool fail_refuses_commits(void)
{
    return now.refuses_commits;
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

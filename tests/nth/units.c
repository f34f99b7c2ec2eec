/* units.c - what takes memory or sends outside the store: the client library in a conversation, the directory, an
 * adapter's configuration with rules, mappings and a call, frames on the wire. Each is run with the first allocation
 * failing, then the second, until a run goes through untouched; the client also with every send and every file call. A
 * failure is a clean refusal, or nobody notices: then the result is what it is without one. And afterwards the same
 * thing goes well. Each unit is a process of its own; with SAN=1 a leak fails it. */
#include "tests/nth/units.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/hash.h"
#include "tests/nth/image.h"

enum { TRIES_MAX = 50000 };

struct unit_try unit_try;
static struct { enum fail_what what; unsigned long long n; } only;      /* NTH_AT; n 0: all */

static void died(int number)
{
    const struct unit_try *try = &unit_try;
    char text[256];
    int size = snprintf(text, sizeof text, "  %s, %s no %llu (%s): died of signal %d\n", try->unit,
                        fail_name(try->what), (unsigned long long)unit_try.n, fail_call(), number);
    _exit(size > 0 && write(STDOUT_FILENO, text, (size_t)size) > 0 ? 3 : 4);
}

/* libyaml's own: what it had of a document is lost when there is no memory for the rest. Our programs end then. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:yaml_parser_load\n";
}

static const struct unit *const units[] = {
    &unit_directory, &unit_directory_large, &unit_config, &unit_call, &unit_portal, &unit_portal_login,
    &unit_client_login, &unit_source, &unit_wire, &unit_client, &unit_client_keeps,
};

static int run_unit(const struct unit *unit, uint64_t stride)
{
    signal(SIGABRT, died);
    signal(SIGSEGV, died);
    setvbuf(stdout, NULL, _IOLBF, 0);
    unit_try.unit = unit->name;
    if (unit->prepare)
        unit->prepare();
    EXPECT(unit->run());
    int descriptors = image_descriptors();
    for (unit_try.what = 0; unit_try.what < FAIL_WHATS; unit_try.what++) {
        bool fired = unit->whats >> unit_try.what & 1 && (only.n == 0 || only.what == unit_try.what);
        for (unit_try.n = only.n ? only.n : 1; fired; unit_try.n += stride) {
            EXPECT(unit_try.n < TRIES_MAX);
            fail_arm(unit_try.what, unit_try.n);
            bool good = unit->run();
            fired = fail_disarm();
            EXPECT(good || fired);
            fired &= !only.n;
            unit_try.fired += fail_has_fired();
            unit_try.refused += !good;
        }
    }
    unit_try.what = FAIL_MEMORY;
    unit_try.n = 0;
    EXPECT(unit->run());
    EXPECT(image_descriptors() == descriptors);
    printf("  ok %s: %llu failures, %llu of them refusals, the rest made good; every %llu. call\n", unit->name,
           (unsigned long long)unit_try.fired, (unsigned long long)unit_try.refused, (unsigned long long)stride);
    return 0;
}

static bool is_among(const char *name, char **names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* units [NAME...]; NTH_STRIDE=: only every so many-th of the calls that would fail; NTH_AT="KIND N": that one. */
int main(int count, char **names)
{
    const char *text = getenv("NTH_STRIDE");
    uint64_t stride = text ? strtoull(text, NULL, 10) : 1;
    const char *at = getenv("NTH_AT");
    char kind[16];
    int passed = 0, failed = 0;

    if (at) {
        must(sscanf(at, "%15s %llu", kind, &only.n) == 2 && only.n > 0);
        only.what = fail_of_name(kind);
        must(only.what < FAIL_WHATS);
    }
    fail_start();
    must(hash_start() == RESULT_OK);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        int status = 0;
        if (count > 1 && !is_among(units[i]->name, names + 1))
            continue;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            exit(run_unit(units[i], stride));
        bool good = child > 0 && waitpid(child, &status, 0) == child && status == 0;
        if (!good)
            printf("  FAILED %s: status %x\n", units[i]->name, (unsigned)status);
        *(good ? &passed : &failed) += 1;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}

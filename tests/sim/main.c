/* main.c - worlds, many of them, on every processor.
 *
 *   sim --seed S --runs N [--jobs J]
 *
 * Worlds S .. S + N - 1. Each worker is a process of its own: one that dies (a must() that failed, a sanitizer) is a
 * failed world like any other. A failed world is made once more, this time telling its story. */
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/audit_dossier.h"
#include "tests/sim/sim.h"

enum { JOBS_OF_MACHINE_MAX = 64, STORIES_MAX = 8, FAILED_MAX = 1024 };

struct shared {
    _Atomic uint64_t next, passed, turns, crashes, handoffs, told_again, dossiers, facts, steps, requests;
    _Atomic uint32_t failed_count;
    uint64_t failed[FAILED_MAX];
    uint64_t at[JOBS_OF_MACHINE_MAX];           /* which world each worker is in; UINT64_MAX none */
};

static void fail(struct shared *shared, uint64_t seed)
{
    uint32_t at = atomic_fetch_add(&shared->failed_count, 1);
    if (at < FAILED_MAX)
        shared->failed[at] = seed;
}

static void run_one(struct shared *shared, uint64_t seed)
{
    struct world *world = world_new(seed, false);

    world_run(world);
    if (world->failed) {
        fail(shared, seed);
    } else {
        atomic_fetch_add(&shared->passed, 1);
        atomic_fetch_add(&shared->turns, world->turns);
        atomic_fetch_add(&shared->crashes, world->crashes);
        atomic_fetch_add(&shared->told_again, world->options.told_twice);
        atomic_fetch_add(&shared->handoffs, world->known_count);
        struct audit_counts counts = audit_counts(world->audit);
        atomic_fetch_add(&shared->dossiers, counts.dossiers);
        atomic_fetch_add(&shared->facts, counts.facts);
        atomic_fetch_add(&shared->steps, counts.steps);
        atomic_fetch_add(&shared->requests, counts.requests);
    }
    world_free(world);
}

static _Noreturn void work(struct shared *shared, int worker, uint64_t first, uint64_t runs)
{
    for (uint64_t i; (i = atomic_fetch_add(&shared->next, 1)) < runs;) {
        shared->at[worker] = first + i;
        run_one(shared, first + i);
        shared->at[worker] = UINT64_MAX;
    }
    _exit(0);
}

static pid_t start(struct shared *shared, int worker, uint64_t first, uint64_t runs)
{
    fflush(stdout);
    pid_t child = fork();
    must(child >= 0);
    if (!child)
        work(shared, worker, first, runs);
    return child;
}

static void run_all(struct shared *shared, uint64_t first, uint64_t runs, int jobs)
{
    pid_t children[JOBS_OF_MACHINE_MAX];
    int alive = 0;

    for (int i = 0; i < jobs; i++, alive++) {
        shared->at[i] = UINT64_MAX;
        children[i] = start(shared, i, first, runs);
    }
    while (alive) {
        int status;
        pid_t ended = wait(&status);
        for (int i = 0; i < jobs; i++) {
            if (children[i] != ended)
                continue;
            alive--;
            if (shared->at[i] == UINT64_MAX)
                continue;
            printf("world %llu: its process died (%s %d)\n", (unsigned long long)shared->at[i],
                   WIFSIGNALED(status) ? "signal" : "status",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            fail(shared, shared->at[i]);
            shared->at[i] = UINT64_MAX;
            children[i] = start(shared, i, first, runs);
            alive++;
        }
    }
}

static struct world *told;

/* The story so far, when it ends in the middle. */
static void die_telling(int number)
{
    story_print(told);
    fflush(stdout);
    signal(number, SIG_DFL);
    raise(number);
}

static void tell(uint64_t seed)
{
    fflush(stdout);
    pid_t child = fork();
    must(child >= 0);
    if (child) {
        (void)waitpid(child, NULL, 0);
        return;
    }
    told = world_new(seed, true);
    signal(SIGABRT, die_telling);
    printf("\nworld %llu:\n", (unsigned long long)seed);
    options_print(&told->options);
    world_run(told);
    story_print(told);
    printf("world %llu FAILED in turn %u: %s", (unsigned long long)seed, told->turns,
           told->failed ? told->failure : "(not this time)");
    if (told->failed_handoff)
        printf(" (handoff #%llu)", NUMBER(told->failed_handoff));
    printf("\n");
    world_free(told);
    fflush(stdout);
    _exit(0);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (!*text || *end) {
        fprintf(stderr, "sim: '%s' is no number\n", text);
        exit(2);
    }
    return value;
}

int main(int count, char **words)
{
    static const struct option names[] = { { "seed", required_argument, NULL, 's' },
                                           { "runs", required_argument, NULL, 'r' },
                                           { "jobs", required_argument, NULL, 'j' }, { 0 } };
    uint64_t seed = 1, runs = 1;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int jobs = processors > 0 && processors < JOBS_OF_MACHINE_MAX ? (int)processors : 1;

    for (int c; (c = getopt_long(count, words, "", names, NULL)) != -1;) {
        if (c == 's')
            seed = number(optarg);
        else if (c == 'r')
            runs = number(optarg);
        else if (c == 'j')
            jobs = 1 + (int)(number(optarg) - 1) % JOBS_OF_MACHINE_MAX;
        else
            return 2;
    }
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED && hash_start() == RESULT_OK);
    run_all(shared, seed, runs, jobs);
    uint32_t failed = shared->failed_count;
    for (uint32_t i = 0; i < failed && i < FAILED_MAX; i++) {
        if (i < STORIES_MAX)
            tell(shared->failed[i]);
        printf("Again: make sim SEED=%llu RUNS=1\n", (unsigned long long)shared->failed[i]);
    }
    printf("%llu turns, %llu crashes, %llu handoffs; %llu worlds told to a second store\n",
           (unsigned long long)shared->turns, (unsigned long long)shared->crashes,
           (unsigned long long)shared->handoffs, (unsigned long long)shared->told_again);
    printf("%llu dossiers with %llu facts of status, %llu steps of flows, %llu requests to citizens\n",
           (unsigned long long)shared->dossiers, (unsigned long long)shared->facts, (unsigned long long)shared->steps,
           (unsigned long long)shared->requests);
    printf("%llu passed, %u failed\n", (unsigned long long)shared->passed, failed);
    return failed ? 1 : 0;
}

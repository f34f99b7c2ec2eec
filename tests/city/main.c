/* main.c - the half year from its first minute to its last, and what is still open then to its end. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "tests/city/audit.h"

enum { SHOW_MS = 5000, LOOK_MS = 200, RESTART_EVERY_DAYS = 30, GRID_DOSSIERS = 400000, GRID_MAX = 10 };

static struct city city;

const char *minute_text(uint32_t minute, char text[24])
{
    char whole[CLOCK_TEXT_SIZE];
    clock_text_local(minute_ms(minute), whole);
    snprintf(text, 24, "%.16s", whole);
    return text;
}

/* ---- memory and progress */

static void look_at_memory(void)
{
    char line[200];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (file)
        fclose(file);
    int64_t own = (int64_t)kib * 1024 - (int64_t)books_bytes(&city.books);
    if (own > city.effort.peak_rss)
        city.effort.peak_rss = own;
}

static void show(void)
{
    char when[24];
    uint32_t ended = 0;
    double seconds = (double)(clock_monotonic_ms() - city.started_ms) / 1000;

    for (int i = OUT_OPEN + 1; i < OUT_KINDS; i++)
        ended += city.books.ended[i];
    printf("  %s  received %u, in process %u, %llu handoffs, %.0f dossiers/s\n", minute_text(city.minute, when),
           city.books.dossier_count, city.books.dossier_count - ended, (unsigned long long)city.effort.delivered,
           city.books.dossier_count / seconds);
    fflush(stdout);
}

static void from_time_to_time(void)
{
    static int64_t look_ms;
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms >= look_ms) {
        look_ms = now_ms + LOOK_MS;
        look_at_memory();
    }
    if (now_ms >= city.shown_ms + SHOW_MS) {
        city.shown_ms = now_ms;
        show();
    }
}

/* ---- the run */

static void offices_work(void)
{
    struct entry entry;

    while ((city.at = arrivals_next(&city)) <= city.minute)
        office_receives(&city, arrivals_take(&city));
    while (agenda_take(&city.agenda, city.minute, &entry)) {
        city.at = entry.minute;
        office_works(&city, &entry);
    }
}

static bool is_over(void)
{
    return arrivals_next(&city) == NEVER && !city.agenda.count && !queue_next(&city.posts) &&
           !queue_next(&city.answers) && !city.lost_session && seats_next(&city) == NEVER;
}

/* Sundays at two in the morning, once a month: it is killed and comes up again. Nobody is at work. */
static void maintain(void)
{
    static uint32_t done_day, restart_day = RESTART_EVERY_DAYS;
    uint32_t day = city.minute / DAY;

    if (day == done_day)
        return;
    done_day = day;
    (void)store_drop_day_keys(city.store, minute_ms(city.minute));
    if (day >= restart_day && !queue_next(&city.answers)) {
        restart_day = day + RESTART_EVERY_DAYS;
        gateway_restart(&city);
    }
}

static uint32_t next_minute(void)
{
    uint32_t next = gateway_next(&city), arrival = arrivals_next(&city), task = agenda_next(&city.agenda);
    next = arrival < next ? arrival : next;
    next = task < next ? task : next;
    next = next > city.minute ? next : city.minute + 1;
    return (next + city.grid - 1) / city.grid * city.grid;
}

/* Minutes of the city in one turn of the gateway: so many that a turn has the company of a busy day. */
static uint32_t grid_of(uint32_t dossiers)
{
    uint32_t grid = (GRID_DOSSIERS + dossiers - 1) / dossiers;
    return grid > GRID_MAX ? GRID_MAX : grid;
}

static void run(void)
{
    city.grid = grid_of(city.options.dossiers);
    arrivals_begin(&city);
    gateway_open(&city);
    while (!is_over()) {
        city.minute = next_minute();
        maintain();
        offices_work();
        city.round = 0;
        while (gateway_turn(&city))
            city.round++;
        from_time_to_time();
    }
    must(store_settle(city.store) == RESULT_OK);
    look_at_memory();
}

static void print_fault(void *context, const char *fault)
{
    (void)context;
    printf("  store fault: %s\n", fault);
}

static uint64_t check_store(void)
{
    char folder[600], why[200];
    struct text text = text_of(why, sizeof why);
    struct store_check check = { 0 };

    must(snprintf(folder, sizeof folder, "%s/store", city.options.folder) < (int)sizeof folder);
    struct store_options options = { .folder = folder, .read_only = true };
    must(store_open(&city.store, &options, &text) == RESULT_OK);
    must(store_check(city.store, print_fault, NULL, &check) == RESULT_OK);
    store_close(city.store);
    printf("  %s  store_check: %llu rows, %llu faults\n", check.faults ? "FAILED" : "ok    ",
           (unsigned long long)check.rows, (unsigned long long)check.faults);
    return check.faults;
}

/* ---- options, folder */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static void make_folder(const char *path)
{
    char part[600];

    must(strlen(path) < sizeof part);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) && errno != EEXIST) {
            fprintf(stderr, "city: %s: %s\n", part, strerror(errno));
            exit(2);
        }
    }
}

static enum fault fault_of(const char *word)
{
    static const char *const words[FAULT_END] = { "none", "drop", "double", "swap", "change", "mute" };
    for (int i = 0; i < FAULT_END; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    fprintf(stderr, "city: no fault '%s': drop, double, swap, change, mute\n", word);
    exit(2);
}

static void read_options(int count, char **words)
{
    static char folder[200];
    struct options *options = &city.options;

    *options = (struct options){ .dossiers = DEFAULT_DOSSIERS, .seed = 1, .network = "deploy/networks/hcmc-2023" };
    snprintf(folder, sizeof folder, "build/city/%ld", (long)getpid());
    options->folder = folder;
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        bool takes = true;
        if (strcmp(words[i], "--dossiers") == 0)
            options->dossiers = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(words[i], "--seed") == 0)
            options->seed = strtoull(value, NULL, 10);
        else if (strcmp(words[i], "--folder") == 0)
            options->folder = value;
        else if (strcmp(words[i], "--network") == 0)
            options->network = value;
        else if (strcmp(words[i], "--fault") == 0)
            options->fault = fault_of(value);
        else if (strcmp(words[i], "--keep") == 0)
            takes = !(options->keep = true);
        else if (strcmp(words[i], "--store-check") == 0)
            takes = !(options->store_check = true);
        else
            options->dossiers = 0;
        i += takes;
    }
    if (options->dossiers && options->dossiers <= 12000000)
        return;
    fprintf(stderr, "city [--dossiers N] [--seed S] [--folder NEW] [--network FOLDER] [--keep] [--store-check] "
                    "[--fault drop|double|swap|change|mute]\n");
    exit(2);
}

int main(int count, char **words)
{
    read_options(count, words);
    must(hash_start() == RESULT_OK);
    make_folder(city.options.folder);
    city.posts.each = sizeof(struct post);
    city.answers.each = sizeof(struct reply);
    books_open(&city.books, city.options.dossiers);
    if (!network_open(&city))
        return 2;
    printf("  %u dossiers, seed %llu, in %s\n", city.options.dossiers, (unsigned long long)city.options.seed,
           city.options.folder);
    city.started_ms = city.shown_ms = clock_monotonic_ms();
    run();
    double seconds = (double)(clock_monotonic_ms() - city.started_ms) / 1000;
    show();
    table_print(&city);
    table_effort(&city, seconds);
    uint64_t failed = audit(&city) + (city.failures != 0), passed = CHECKS + 1 - failed;
    gateway_close(&city);
    if (city.options.store_check) {
        bool faults = check_store() != 0;
        failed += faults;
        passed += !faults;
    }
    printf("  all of it: %.1f s\n", (double)(clock_monotonic_ms() - city.started_ms) / 1000);
    network_close(&city);
    books_close(&city.books);
    if (!city.options.keep)
        (void)nftw(city.options.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
    return failed ? 1 : 0;
}

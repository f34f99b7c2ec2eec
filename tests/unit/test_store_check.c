/* store_check(): a clean store has no faults; each single damage, made past the typed calls, is found and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/store/seal.h"
#include "tests/unit/store_damage.h"
#include "tests/unit/store_sample.h"

/* ---- what was found */

enum { LINES_MAX = 16, LINE_SIZE = 400 };
struct found {
    unsigned count;
    char lines[LINES_MAX][LINE_SIZE];
};

static void keep(void *context, const char *fault)
{
    struct found *found = context;
    assert_true(span_is_utf8(span_of_string(fault)));
    if (found->count < LINES_MAX)
        snprintf(found->lines[found->count], LINE_SIZE, "%s", fault);
    found->count++;
}

static struct store_check check(struct site *site, struct found *found)
{
    struct store_check result = { .faults = 99 };
    *found = (struct found){ 0 };
    site->options.read_only = true;
    site_open(site);
    assert_int_equal(store_check(site->store, keep, found, &result), RESULT_OK);
    assert_int_equal(result.faults, found->count);
    site_close(site);
    site->options.read_only = false;
    return result;
}

static void sample(struct site *site)
{
    site_open(site);
    sample_build(site);
    site_close(site);
}

static void clean(void **state)
{
    struct site *site = *state;
    struct found found;
    struct raw raw;
    static const uint64_t states[STATE_END] = {
        [STATE_HELD] = 2, [STATE_READY] = 4, [STATE_OFFERED] = 1, [STATE_WAITING] = 1, [STATE_UNSURE] = 1,
        [STATE_FAILED] = 2, [STATE_DELIVERED] = 3, [STATE_CLOSED] = 1,
    };
    uint64_t rows = 0;

    site_open(site);
    site_close(site);
    struct store_check result = check(site, &found);        /* a new store: two rows in meta */
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.rows, 2);
    assert_int_equal(result.turns + result.events + result.handoffs, 0);

    sample(site);
    result = check(site, &found);
    if (found.count)
        fail_msg("%s", found.lines[0]);
    assert_int_equal(result.handoffs, SAMPLE_END - 1);
    assert_int_equal(result.events, SAMPLE_EVENTS);
    assert_int_equal(result.turns, SAMPLE_TURNS);
    assert_int_equal(result.blobs, 2);
    for (unsigned i = 0; i < STATE_END; i++)
        assert_int_equal(result.states[i], states[i]);
    raw_open(&raw, site->store_folder, false);
    for (enum table table = 0; table < TABLES; table++) {
        assert_true(raw_rows(&raw, table) > 0);             /* the sample would not test a table that it leaves empty */
        rows += raw_rows(&raw, table);
    }
    raw_done(&raw);
    assert_int_equal(result.rows, rows);

    site_open(site);                                        /* also where it can be written; nobody need listen */
    assert_int_equal(store_check(site->store, NULL, NULL, &result), RESULT_OK);
    assert_int_equal(result.faults, 0);
}

static uint64_t body_id;

static void a_body_comes(struct turn *turn, void *context)
{
    (void)context;
    body_id = turn_handoff_new_id(turn);
    turn_body_put(turn, body_id, span_of_string("header"), span_of_string("payload"));
}

static void it_goes(struct turn *turn, void *context)
{
    (void)context;
    turn_body_delete(turn, body_id);
}

/* Nothing is left of the day that it sealed. (Of one that something is left of: store_damage.c.) */
static void a_dropped_day_is_no_fault(void **state)
{
    struct site *site = *state;
    struct found found;
    int64_t tomorrow_ms = SITE_NOW_MS + 24 * 3600 * 1000;
    char path[SITE_PATH_SIZE];

    site_open(site);
    site_turn(site, SITE_NOW_MS, a_body_comes, NULL);
    site_turn(site, tomorrow_ms, it_goes, NULL);
    assert_int_equal(store_drop_day_keys(site->store, tomorrow_ms), 1);
    site_close(site);
    site_path(site, "store/keys/day-20231115.key", path);
    assert_int_equal(access(path, F_OK), -1);
    (void)check(site, &found);
    for (unsigned i = 0; i < found.count && i < LINES_MAX; i++)
        assert_null(strstr(found.lines[i], "sealed day"));
}

/* ---- damages */

static bool line_is(const char *line, const char *expected)
{
    const char *bar = strchr(expected, '|'), *en = strstr(line, " / ");
    size_t where = (size_t)(bar - expected);
    bool whole = where && expected[where - 1] != ' ';       /* "counters, " leaves the figures open */
    return strncmp(line, expected, where) == 0 && (!whole || strncmp(line + where, ": ", 2) == 0) && en &&
           strcmp(en + 3, bar + 1) == 0;
}

/* Each damage is a test of its own, in a store of its own. */
struct trial {
    const struct damage *damage;
    void *site;
};

static int trial_setup(void **state)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        return -1;
    trial->damage = *state;
    *state = trial;
    return site_setup(&trial->site);
}

static int trial_teardown(void **state)
{
    struct trial *trial = *state;
    int bad = site_teardown(&trial->site);
    free(trial);
    return bad;
}

static void is_found(void **state)
{
    struct trial *trial = *state;
    struct site *site = trial->site;
    const struct damage *damage = trial->damage;
    struct found found;
    struct raw raw;
    unsigned expected = 0;

    sample(site);
    raw_open(&raw, site->store_folder, true);
    damage->make(&raw);
    raw_done(&raw);
    check(site, &found);
    for (; expected < DAMAGE_FAULTS_MAX && damage->faults[expected]; expected++)
        if (!line_is(found.lines[expected], damage->faults[expected]))
            fail_msg("\"%s\" instead of \"%s\"", found.lines[expected], damage->faults[expected]);
    if (found.count != expected)
        fail_msg("%u faults, another is \"%s\"", found.count, found.lines[expected]);
}

static int every_damage(const char *name, const struct damage *damages, size_t count)
{
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    if (!tests)
        return -1;
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){ damages[i].name, is_found, trial_setup, trial_teardown,
                                        (void *)(uintptr_t)&damages[i] };
    int failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    free(tests);
    return failed;
}

/* Words sealed with the right key for the right row, but not those that the event commits to. */
static void other_words(void **state)
{
    struct site *site = *state;
    struct found found;
    struct raw raw;
    struct seal *seal;
    char keys[SITE_PATH_SIZE];
    struct seal_options options = { .folder = keys, .read_only = true };
    uint8_t sealed[SEAL_EXTRA_BYTES + 9], label[7 + 8] = "detail";

    sample(site);
    site_path(site, "store/keys", keys);
    label[14] = 1;
    memcpy(sealed + SEAL_HEAD_BYTES, "version 2", 9);
    assert_int_equal(seal_open(&seal, &options), RESULT_OK);
    assert_int_equal(seal_key(seal, SITE_DAY), RESULT_OK);
    seal_write(seal, SITE_DAY, span_of(label, sizeof label), sealed, 9);
    seal_close(seal);
    raw_open(&raw, site->store_folder, true);
    raw_put(&raw, TABLE_DETAIL, KEY("8", 1), span_of(sealed, sizeof sealed));
    raw_done(&raw);
    assert_int_equal(check(site, &found).faults, 1);
    assert_true(line_is(found.lines[0], "detail of event 1|the words are not those that the event commits to"));
}

/* A record cut short: it is as if it were not there, everything that leads to it says so, and the check ends. */
static void a_cut_record(void **state)
{
    struct site *site = *state;
    struct found found;
    struct raw raw;

    sample(site);
    raw_open(&raw, site->store_folder, true);
    raw_put(&raw, TABLE_HANDOFF, KEY("8", SAMPLE_ID(SAMPLE_OFFERED)), span_of_string("\001"));
    raw_done(&raw);
    struct store_check result = check(site, &found);
    assert_int_equal(result.handoffs, SAMPLE_END - 2);
    assert_true(line_is(found.lines[0], "handoff 0001000000000002|a row that no version explains"));
    assert_in_range(found.count, 8, 14);
}

static void counters_that_cannot_be_read(void **state)
{
    struct site *site = *state;
    struct raw raw;

    sample(site);
    raw_open(&raw, site->store_folder, true);
    MDB_val key = { .mv_size = 8, .mv_data = "counters" }, value = { .mv_size = 1, .mv_data = "x" };
    assert_int_equal(mdb_put(raw.txn, raw.tables[TABLE_META], &key, &value, 0), 0);
    raw_done(&raw);
    site->options.read_only = true;
    assert_int_equal(store_open(&site->store, &site->options, NULL), RESULT_BROKEN);
    assert_null(site->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE(clean), SITE(a_dropped_day_is_no_fault), SITE(other_words), SITE(a_cut_record),
        SITE(counters_that_cannot_be_read),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + every_damage("damages", store_damages, store_damages_count) +
           every_damage("damages_of_dossiers", store_dossier_damages, store_dossier_damages_count) +
           every_damage("damages_of_figures", store_figure_damages, store_figure_damages_count) +
           every_damage("damages_of_blobs", store_blob_damages, store_blob_damages_count);
}

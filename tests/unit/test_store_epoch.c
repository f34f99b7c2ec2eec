/* The notes of the last epoch that a restore leaves: whole or those of before, and nothing is begun without them. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store_sample.h"

struct try {
    enum result result;
    uint32_t epoch;
    char words[600];
};

static struct try try_restore(struct site *site, const char *to, uint32_t epoch_after)
{
    char backup[SITE_PATH_SIZE], folder[SITE_PATH_SIZE];
    struct try tried = { 0 };
    struct text why = text_of(tried.words, sizeof tried.words);
    struct store_restore wanted = { .backup = backup, .folder = folder, .epoch_after = epoch_after,
                                    .now_ms = SAMPLE_LATER_MS };
    uint64_t seq;

    site_path(site, "backup", backup);
    site_path(site, to, folder);
    tried.result = store_restore(&wanted, &tried.epoch, &seq, &why);
    return tried;
}

static void backup_sample(struct site *site)
{
    char folder[SITE_PATH_SIZE];
    uint64_t seq;
    sample_build(site);
    site_path(site, "backup", folder);
    assert_int_equal(store_backup(site->store, folder, (struct left_out){ 0 }, &seq, NULL), RESULT_OK);
    site_close(site);
}

static void note_is(const struct site *site, const char *name, const char *text)
{
    char path[SITE_PATH_SIZE], found[32] = "";
    struct stat status;
    site_path(site, name, path);
    int file = open(path, O_RDONLY);
    assert_true(file >= 0 && fstat(file, &status) == 0 && read(file, found, sizeof found - 1) >= 0);
    close(file);
    assert_string_equal(found, text);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* What cannot be noted leaves the note of before: a place never forgets what it has given. */
static void a_note_is_whole_or_that_of_before(void **state)
{
    struct site *site = *state;
    char from[SITE_PATH_SIZE], to[SITE_PATH_SIZE];
    struct rlimit before, limit;

    backup_sample(site);
    site_write(site, "a.epoch.new", "half of one that was cut off");
    assert_int_equal(try_restore(site, "a", 6).epoch, 7);
    note_is(site, "a.epoch", "7\n");
    note_is(site, "backup/restored-as", "7\n");
    site_path(site, "a", from);
    site_path(site, "a-lost", to);
    assert_int_equal(rename(from, to), 0);

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 0;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    struct try tried = try_restore(site, "a", 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(tried.result, RESULT_FULL);
    if (!strstr(tried.words, "cannot note the epoch (File too large)"))
        fail_msg("%s", tried.words);
    note_is(site, "a.epoch", "7\n");
    note_is(site, "backup/restored-as", "7\n");
    assert_false(site_has(site, "a.epoch.new") || site_has(site, "backup/restored-as.new"));
    assert_false(site_has(site, "a/restoring.mdb") || site_has(site, "a/data.mdb"));
    assert_int_equal(try_restore(site, "a", 0).epoch, 8);
    note_is(site, "a.epoch", "8\n");
}

/* It says that there was one: to begin after the backup's would be to give it again. */
static void a_note_that_says_nothing(void **state)
{
    static const char *const notes[] = { "", "\n", "not a number", "-3\n", "0\n", "65536\n", "7 8\n", "7x",
                                         "99999999999999999999\n" };
    struct site *site = *state;
    char path[SITE_PATH_SIZE];

    backup_sample(site);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        site_write(site, "a.epoch", notes[i]);
        struct try tried = try_restore(site, "a", 0);
        if (tried.result != RESULT_INVALID || !strstr(tried.words, "the note of the last epoch holds no epoch"))
            fail_msg("\"%s\": %s", notes[i], tried.words);
        assert_non_null(strstr(tried.words, "a.epoch)"));
        note_is(site, "a.epoch", notes[i]);
        assert_false(site_has(site, "a/restoring.mdb") || site_has(site, "a/data.mdb"));
        assert_false(site_has(site, "backup/restored-as"));
    }
    site_path(site, "a.epoch", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    struct try tried = try_restore(site, "a", 0);
    assert_int_equal(tried.result, RESULT_BROKEN);
    assert_non_null(strstr(tried.words, "cannot read the .epoch file beside the store"));
    assert_non_null(strstr(tried.words, "(Is a directory)"));
    assert_int_equal(rmdir(path), 0);
    site_write(site, "a.epoch", "41");                                      /* by hand, as the sentence says */
    assert_int_equal(try_restore(site, "a", 0).epoch, 42);

    /* Of the backup's nothing is asked, whatever lies there. */
    site_path(site, "backup/restored-as", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(try_restore(site, "b", 0).epoch, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_OPEN(a_note_is_whole_or_that_of_before), SITE_OPEN(a_note_that_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/store_site.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int site_setup(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    if (!site)
        return -1;
    snprintf(site->folder, sizeof site->folder, "%s/lienthong-store-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(site->folder)) {
        free(site);
        return -1;
    }
    site_path(site, "store", site->store_folder);
    site->options = (struct store_options){
        .folder = site->store_folder, .map_bytes = 64 << 20, .ballast_bytes = 64 << 10, .no_sync = true,
    };
    site->work = (turn_work *)*state;
    *state = site;
    return hash_start() == RESULT_OK ? 0 : -1;
}

int site_setup_open(void **state)
{
    if (site_setup(state))
        return -1;
    site_open(*state);
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat, (void)kind, (void)where;
    return remove(path);
}

int site_teardown(void **state)
{
    struct site *site = *state;
    if (!site->in_turn)
        site_close(site);
    int bad = nftw(site->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(site);
    return bad;
}

void site_run_work(void **state)
{
    struct site *site = *state;
    site_turn(site, SITE_NOW_MS, site->work, site);
}

void site_path(const struct site *site, const char *name, char ret_path[SITE_PATH_SIZE])
{
    assert_in_range(snprintf(ret_path, SITE_PATH_SIZE, "%s/%s", site->folder, name), 1, SITE_PATH_SIZE - 1);
}

void site_open(struct site *site)
{
    char array[400];
    struct text why = text_of(array, sizeof array);
    if (store_open(&site->store, &site->options, &why) != RESULT_OK)
        fail_msg("%s", array);
    assert_string_equal(array, "");
}

void site_close(struct site *site)
{
    store_close(site->store);
    site->store = NULL;
}

bool site_has(const struct site *site, const char *name)
{
    char path[SITE_PATH_SIZE];
    site_path(site, name, path);
    return access(path, F_OK) == 0;
}

void site_write(const struct site *site, const char *name, const char *text)
{
    char path[SITE_PATH_SIZE];
    site_path(site, name, path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
}

struct turn_end site_turn(struct site *site, int64_t now_ms, turn_work *work, void *context)
{
    struct turn_end end = { 0 };
    site->in_turn = true;
    enum result result = store_turn(site->store, now_ms, work, context, &end);
    site->in_turn = false;
    if (result != RESULT_OK)
        fail_msg("turn: %s, %s", result_name(result), store_trouble(site->store));
    return end;
}

void site_read(struct site *site, turn_work *work, void *context)
{
    site->in_turn = true;
    enum result result = store_read(site->store, work, context);
    site->in_turn = false;
    if (result != RESULT_OK)
        fail_msg("read: %s, %s", result_name(result), store_trouble(site->store));
}

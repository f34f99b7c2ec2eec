/* store_site.h - a store in a folder of its own, for one test; what a test does in it runs inside a turn.
 *
 * IN_TURN(work) is a row of a cmocka table: `work` is run in the first turn (SITE_NOW_MS) of a new store. Other tests
 * take a struct site from *state with SITE(test) and open, close and turn themselves. The folder lies in memory where
 * there is /dev/shm, and nothing is synced, except where a test sets options.no_sync = false before site_open(). */
#ifndef TESTS_UNIT_STORE_SITE_H
#define TESTS_UNIT_STORE_SITE_H

#include "gateway/store/store.h"
#include "gateway/store/turn.h"

#define SITE_NOW_MS 1700000000000LL             /* 2023-11-15 05:13:20 in UTC+7 */
enum { SITE_DAY = 20231115, SITE_PATH_SIZE = 128 };

struct site {
    char folder[48];                            /* everything of this test */
    char store_folder[SITE_PATH_SIZE];
    struct store_options options;
    struct store *store;
    turn_work *work;
    bool in_turn;                               /* a failed assertion left a turn: the store cannot be closed */
};

int site_setup(void **state);                   /* makes the folder; *state was the work or NULL, becomes the site */
int site_setup_open(void **state);              /* and opens the store */
int site_teardown(void **state);
void site_run_work(void **state);
#define IN_TURN(work) { #work, site_run_work, site_setup_open, site_teardown, (void *)(work) }
#define SITE(test) { #test, test, site_setup, site_teardown, NULL }
#define SITE_OPEN(test) { #test, test, site_setup_open, site_teardown, NULL }

void site_open(struct site *site);              /* asserts that it works */
void site_close(struct site *site);
void site_path(const struct site *site, const char *name, char ret_path[SITE_PATH_SIZE]);    /* in site->folder */
bool site_has(const struct site *site, const char *name);                                       /* whatever it is */
void site_write(const struct site *site, const char *name, const char *text);                   /* a file, 0600 */
/* Asserts RESULT_OK. */
struct turn_end site_turn(struct site *site, int64_t now_ms, turn_work *work, void *context);
void site_read(struct site *site, turn_work *work, void *context);

#endif

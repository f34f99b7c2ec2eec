/* place.h - a gateway without sockets for one input: the shipped core on a real store in memory, six agencies, a clock
 * that the input moves. Everything said is packed by gateway/wire and read again. */
#ifndef TESTS_FUZZ_PLACE_H
#define TESTS_FUZZ_PLACE_H

#include "gateway/core/core.h"
#include "gateway/store/store.h"
#include "gateway/wire/wire.h"
#include "tests/fuzz/fuzz.h"

enum { PLACE_AGENCIES = 6, PLACE_NAMES = 8 };       /* two wards, sectors: neither, probe, idempotent; one abolished */
#define PLACE_NOW_MS 1772591400000LL
#define PLACE_FLOW "3.000722"

struct place {
    struct store *store;
    struct core core;
    struct effects effects;             /* of the last command */
    struct tables tables;
    struct agency agencies[PLACE_AGENCIES];
    struct agency_name names[PLACE_NAMES];
    struct successor successor;         /* of OLD */
    struct permit permits[2];
    struct route route;
    struct procedure procedure;         /* an interlinked one: PLACE_FLOW */
    struct arena words;
    int64_t now_ms;
    struct turn_end end;
    uint64_t files;                     /* numbers given to files */
};

void place_open(struct place *place);               /* the struct is static: its memory is kept from input to input */
void place_run(struct place *place, const struct command *command);
void place_read(struct place *place, turn_work *work, void *context);
int64_t place_due_ms(struct place *place);
struct handoff place_handoff(struct place *place, uint64_t id);
/* What the thread of blobs does with a question: where an upload is wanted, its file, which holds these words, is
 * written and kept. */
void place_blob(struct place *place, struct command *ask, const char *content);
bool place_may_name(struct place *place, unsigned agency, const char *content);
/* Closes, and checks every invariant of what is left. */
void place_close(struct place *place);

#endif

/* world.h - what a story happens in: the shipped store on a memory file system, the shipped core, a clock that stands
 * where the story puts it, a directory from the story's first lines, and the text of what was said and changed. */
#ifndef TESTS_TRACE_WORLD_H
#define TESTS_TRACE_WORLD_H

#include "gateway/core/core.h"
#include "gateway/store/store.h"
#include "tests/trace/line.h"

enum { WORLD_AGENCIES_MAX = 16, WORLD_PERMITS_MAX = 32, WORLD_ROUTES_MAX = 8, WORLD_NAMES_MAX = 64,
       WORLD_SUCCESSORS_MAX = 32, WORLD_PROCEDURES_MAX = 4, WORLD_MAPS_MAX = 4, WORLD_UPLOADS_MAX = 8 };

struct output { char *text; size_t used, size; };
void output_add(struct output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_done(struct output *output);

struct world {
    char          folder[64];
    struct store *store;
    struct core   core;
    struct effects effects;
    struct tables tables;
    struct agency agencies[WORLD_AGENCIES_MAX];
    struct successor successors[WORLD_SUCCESSORS_MAX];
    uint32_t      successor_count;
    struct calendar *calendar;          /* NULL until a story names a year */
    struct procedure procedures[WORLD_PROCEDURES_MAX];
    struct procedure_step steps[WORLD_PROCEDURES_MAX][PROCEDURE_STEPS_MAX];
    struct status_map maps[WORLD_MAPS_MAX];
    struct selector due_movers[WORLD_MAPS_MAX];
    struct permit permits[WORLD_PERMITS_MAX];
    struct route  routes[WORLD_ROUTES_MAX];
    struct agency_name names[WORLD_AGENCIES_MAX * (1 + AGENCY_ALIASES_MAX)];
    int64_t       now_ms;
    uint64_t      last_event;           /* printed up to here */
    /* message ids by the names that the story gives them */
    struct known { char name[32]; struct uuid id; } known[WORLD_NAMES_MAX];
    int           known_count;
    /* attachments, by their names */
    struct uploaded { char name[32]; struct hash hash; } uploads[WORLD_UPLOADS_MAX];
    int           upload_count;
    uint64_t      files;                /* numbers given to files */
    /* of the last turn; the frames of a command live there */
    struct turn_end end;
    bool          again;
    struct output *output;
};

extern const int64_t STORY_BEGINS_MS;   /* "at 0": 2026-03-02 08:00 local time, a Monday */

struct world *world_new(struct output *output);
/* Closes the store, then walks it whole: each fault is a line of output. False: there were some. */
bool world_end(struct world *world);    /* frees */
/* Stops the broker's half way: the store is closed and opened again, effects that were not said are gone. */
void world_reopen(struct world *world);

/* A backup of the store as it is; one at a time. */
void world_backup(struct world *world);
/* The store is lost and the backup brought back; what `lienthong restore` does before its core has judged. */
void world_restore(struct world *world);

/* The first lines of a story: gateway, agency, permit, route, and those of catalogue.c. False: not one of them. */
bool world_directory_line(struct world *world, struct line *line);
const struct agency *world_agency(struct world *world, struct line *line, const char *code);

/* One turn with one command, again while it says so; prints events, then effects. */
void world_turn(struct world *world, const struct command *command);
/* The same without a word; the effects stay until the next turn. */
void world_turn_quiet(struct world *world, const struct command *commands, uint32_t count);
void world_read(struct world *world, turn_work *work, void *context);

struct uuid world_message_id(struct world *world, const char *sender, const char *name, int64_t id_ms);
const char *world_message_name(struct world *world, const struct uuid *id);      /* "?" */
uint64_t    world_handoff_id(struct line *line, const char *text);               /* "#3" */
/* 1, 2 ... of the first epoch, 2001, 2002 ... of the second. */
#define HANDOFF_NUMBER(id) \
    ((unsigned long long)((id) & ((1ULL << 48) - 1)) + ((id) >> 48 > 1 ? ((id) >> 48) * 1000 : 0))
/* Since the story began: "90s", "1500ms"; "-" for none. */
const char *world_time(int64_t time_ms, char text[32]);

/* attachments.c: what the story calls it; "?". And the files of what the last turn has dropped go. */
const char *world_upload_name(const struct world *world, const struct hash *hash);
void        attachments_drop(struct world *world);

/* catalogue.c: calendar, procedures, maps of statuses. False: not one of them. */
bool world_catalogue_line(struct world *world, struct line *line);
/* Years and days off that a story's directory names from here on; "2027,2027-01-01". */
void world_calendar(struct world *world, struct line *line, const char *days);

/* print.c */
void print_events(struct world *world);
void print_effects(struct world *world);

#endif

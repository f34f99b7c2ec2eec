/* inside.h - what the files of this folder share. Nobody else includes it.
 *
 * Reading goes through the files once and keeps, beside every row of the tables, the YAML node it came from; the checks
 * between rows and files then speak with file and line. The YAML documents stay open until all checks are done.
 */
#ifndef GATEWAY_DIRECTORY_INSIDE_H
#define GATEWAY_DIRECTORY_INSIDE_H

#include <stdio.h>

#include "gateway/core/deadline.h"
#include "gateway/directory/calendar_read.h"
#include "gateway/directory/directory.h"

enum {
    FILES_MAX = 260,                        /* the five files and what lies in agencies/ */
    KEYS_LISTED_MAX = 8,                    /* of one agency, the expired ones included */
    SELECTORS_MAX = 64,                     /* in one from: or to: */
    SUCCESSORS_LISTED_MAX = 64,             /* rows of one agency */
    EXCEPTIONS_LISTED_MAX = 64,             /* of one agency */
    DIRECTORY_BYTES_MAX = TURN_COMMAND_BYTES_MAX - 4096,
};

/* An agency as written, before it is sorted into the tables. */
struct draft {
    struct agency agency;
    char hours[HOURS_NAME_SIZE];            /* "" as gateway.yaml says */
    uint32_t first_successor, first_exception;      /* in the reader's lists; how many: agency */
    struct listed_key { struct agency_key key; const struct yaml_node *node; } keys[KEYS_LISTED_MAX];
    uint32_t key_count;
    const struct yaml_node *node;
    uint32_t order;                         /* in which it was read */
};

struct directory {
    struct tables tables;
    struct successor *successors;           /* of all agencies, each agency's in a row */
    struct hours_exception *exceptions;     /* of all agencies, each agency's in a row */
    struct calendar *calendar;
    struct hours_list hours;
    uint8_t *bytes;
    size_t size;
};

struct reader {
    const char *folder;
    int64_t now_ms;
    struct faults *faults;
    const struct served *served;            /* what adapters serve; NULL: not asked */
    size_t served_count;
    struct directory *directory;
    struct yaml_file *files[FILES_MAX];
    size_t file_count;
    struct agency defaults;                 /* its delivery part: of gateway.yaml */
    struct draft *drafts;                   /* parallel to the tables' agencies once they are sorted */
    size_t draft_count, draft_room;
    bool agencies_whole;                    /* every file of agencies could be read: an unknown one is unknown */
    const struct yaml_node **successor_nodes;       /* parallel to directory->successors */
    uint32_t successor_count, successor_room, exception_count, exception_room;
    char hours[HOURS_NAME_SIZE];            /* of an agency that names none; "" nobody's */
    bool has_procedures;
    const struct yaml_node **procedure_nodes;       /* parallel to the tables' procedures */
    const struct yaml_node **route_nodes;   /* parallel to the tables' routes */
};

/* directory.c: one file of the folder, kept open until the end. NULL: not there (a fault only when required) or not
 * YAML (always a fault). */
const struct yaml_node *reader_open(struct reader *reader, const char *name, bool required);
void reader_done(struct reader *reader);                            /* closes every file; the directory stays */
void reader_no_memory(struct reader *reader);
/* folder + name, or name when it is absolute. False: too long. */
bool path_below(const char *folder, const char *name, char ret_path[DIRECTORY_PATH_SIZE]);

/* shape.c */
bool code_is_valid(const char *code);                               /* H29, H29.07, G01.29.07 */
bool alias_is_valid(const char *alias);                             /* ASCII without blanks, stars; old style whole */
bool word_is_valid(const char *word);                               /* [a-z0-9-]+ */
bool line_is_valid(const char *text);                               /* something, without control characters */
bool procedure_word_is_valid(const char *code);                     /* of a procedure or a field: ASCII, no blank */
bool area_is_valid(const char *area);                               /* 79, 79.778.27475 */
bool entry_is_mapping(const struct yaml_node *node, const char *what);     /* else a fault */
/* Not read because of a fault above it: its keys are then not reported as unknown. Bounded by yaml.h's depth. */
void entries_skip(const struct yaml_node *node);
/* [from, to) out of two keys; 0 where absent. */
void period_read(const struct yaml_node *node, const char *from, const char *to, int64_t *ret_from_ms,
                 int64_t *ret_to_ms);
bool periods_meet(int64_t a_from_ms, int64_t a_to_ms, int64_t b_from_ms, int64_t b_to_ms);
/* "WARD, DISTRICT, ..."; static */
const char *agency_kind_words(void);

/* options.c: gateway.yaml, and the delivery: of an agency. */
void gateway_read(struct reader *reader);
void delivery_read(const struct yaml_node *node, struct agency *agency);   /* what is written replaces what is there */

/* asking.c: of gateway.yaml */
void asking_defaults(struct tables *tables);
void asking_read(const struct yaml_node *root, struct tables *tables);
void asking_write(FILE *out, const struct tables *tables);

/* keys.c */
void keys_read(struct reader *reader, const struct yaml_node *node, struct draft *draft);
void keys_check(struct reader *reader);                             /* no key twice */

/* kinds: [FORWARD, ...] or "*". 0 with a fault; absent: a fault when required, else all of them. */
uint32_t kinds_read(const struct yaml_node *node, bool required);

/* takeover.c: who takes over, and days worked otherwise. */
void successors_read(struct reader *reader, const struct yaml_node *node, struct draft *draft);
void exceptions_read(struct reader *reader, const struct yaml_node *node, struct draft *draft);
/* After all agencies are in the tables: codes for aliases, who ends too early, circles, what is never reached. */
void successors_check(struct reader *reader);

/* agencies.c */
void agencies_read(struct reader *reader);
/* agencies.yaml, agencies/ or both, in a fixed order; neither: agencies.yaml is what is missed. True: `take` was true
 * for each, none was unreadable. */
bool agencies_each_file(struct reader *reader,
                        bool (*take)(struct reader *reader, const char *name, void *context), void *context);
/* roster.c: sorts the drafts into the tables, builds the names, checks what agencies say of each other. */
void roster_build(struct reader *reader);

/* adapters_check.c */
void adapters_check(struct reader *reader);

/* selector.c */
bool selector_of_node(struct reader *reader, const struct yaml_node *node, struct selector *ret_selector);
/* One or a list. Returns how many; 0 with a fault. */
size_t selectors_read(struct reader *reader, const struct yaml_node *node, const char *key,
                      struct selector ret_selectors[SELECTORS_MAX]);
void selector_text(const struct selector *selector, struct text *text);
int  selector_compare(const struct selector *a, const struct selector *b);
/* Some agency is meant by both. */
bool selectors_meet(const struct tables *tables, const struct selector *a, const struct selector *b);

/* procedure_parts.c, procedure_steps.c: of one version */
const char *channel_name(uint32_t channel);                         /* "all", "counter" ...; static */
void rule_read(const struct yaml_node *rule, const char *key, struct deadline_rule *ret_rule);      /* NULL: none */
void rules_read(const struct yaml_node *node, const char *key, struct deadline_rule ret_rules[CHANNEL_END]);
void components_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure);
void fees_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure);
void steps_read(struct reader *reader, const struct yaml_node *node, struct procedure *procedure);
void fields_read(struct reader *reader);

/* procedure_path.c. False: some can never begin, which was said. */
bool steps_check(const struct yaml_node *steps, const struct procedure *procedure);
void path_check(const struct yaml_node *node, const struct procedure *procedure);
void step_agency_check(const struct reader *reader, const struct yaml_node *step_node,
                       const struct procedure *procedure, const struct procedure_step *step);
void steps_permits_check(const struct reader *reader);              /* after the permits were read */

/* permits.c, routes.c, procedures.c */
void permits_read(struct reader *reader);
void routes_read(struct reader *reader);
void procedures_read(struct reader *reader);
/* A procedure code in a permit or route: its shape, and that it is listed where procedures are listed. */
bool procedure_code_read(struct reader *reader, const struct yaml_node *node, bool required,
                         char ret_code[PROCEDURE_CODE_SIZE]);
/* Some variant of it has this step; true where no procedures are listed. */
bool procedure_has_step(const struct reader *reader, const char *code, const char *step);

/* statuses.c: statuses.yaml, and its part of the canonical bytes. */
void late_rules_read(const struct yaml_node *root, struct tables *tables);      /* late_rules.c */
void late_rules_write(FILE *out, const struct tables *tables);
void statuses_read(struct reader *reader);
void statuses_write(FILE *out, const struct tables *tables);

/* canonical.c: sets directory->bytes, size and tables.hash. False: no memory. */
MUST_USE bool canonical_build(struct reader *reader);

#endif

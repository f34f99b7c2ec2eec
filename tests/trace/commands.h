/* commands.h - what may stand behind "at TIME" in a story. README.md lists it. */
#ifndef TESTS_TRACE_COMMANDS_H
#define TESTS_TRACE_COMMANDS_H

#include "proto/lienthong.pb-c.h"
#include "tests/trace/world.h"

/* Does what the words from the first one on say, and prints what came of it. */
void command_run(struct world *world, struct line *line);

/* For loops: a SUBMIT of `from` as its frame would bring it. Everything it points at lies in `frame`. */
enum { FRAME_COMPONENTS_MAX = 8 };
struct submit_frame {
    Lienthong__V1__Component components[FRAME_COMPONENTS_MAX], *component_list[FRAME_COMPONENTS_MAX];
    char codes[FRAME_COMPONENTS_MAX][64];
    Lienthong__V1__Attachment attachments[ATTACHMENTS_MAX], *attachment_list[ATTACHMENTS_MAX];
    uint8_t header[4096];
    char    payload[256];
    char    cursor[3][128];
    struct facts facts;
    struct facts_money money[MONEY_MAX];
    char    chosen[CHOSEN_STEPS_MAX][STEP_NAME_SIZE];
};
struct submit_wish {
    const struct agency *agency;        /* who speaks */
    const char *from, *to, *dossier, *procedure, *step, *payload, *after, *alias, *cursor;
    enum kind   kind;
    struct uuid message_id;
    int64_t     source_ms, due_ms, id_ms;
    uint64_t    parent, sequence, accepted_as;
    const char *components, *reason;    /* what is asked of the citizen, or brought; NULL: not said */
    int64_t     answer_by_ms;
    const char *attach;                 /* NULL: nothing */
    /* of the dossier */
    enum status status;
    const char *partner, *money, *version, *chosen;
    uint32_t    channel;
    int64_t     received_ms;
};
struct command submit_command(struct world *world, struct line *line, const struct submit_wish *wish,
                              struct submit_frame *frame);

/* figures.c: what only reports are made of (true: something was said), and "report". */
bool figures_said(struct line *line, struct facts *facts);
void figures_report(struct world *world, struct line *line);

/* attachments.c: "attach=", "upload", "read", "blobs". */
void attachments_named(struct world *world, struct line *line, const char *names, struct submit *submit);
void attachments_upload(struct world *world, struct line *line);
void attachments_read(struct world *world, struct line *line);
void attachments_list(struct world *world, struct line *line);

/* flood.c: "flood": a long outage with a broker's breaker, in short. */
void flood_run(struct world *world, struct line *line);

#endif

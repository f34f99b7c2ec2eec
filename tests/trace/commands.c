#include "tests/trace/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/content.h"

static void copy_text(struct line *line, char *to, size_t size, const char *from)
{
    if (!span_to_string(span_of_string(from ? from : ""), to, size))
        line_wrong(line, "'%s' is too long", from);
}

static const char *said_by(struct world *world, struct line *line, struct command *command)
{
    command->agency = world_agency(world, line, line_word(line, 1));
    command->session = line_number(line, "session", 1);
    return command->agency->code;
}

/* ---- submit */

/* "m1,m2:DELIVERED,ward/m3": m3 of the ward's */
static void read_after(struct world *world, struct line *line, const struct submit_wish *wish, struct submit *submit)
{
    char item[64];

    for (const char *at = wish->after; line_item(&at, item, sizeof item);) {
        struct submit_after *after = &submit->after[submit->after_count++];
        char *colon = strchr(item, ':'), *slash = strchr(item, '/');
        if (submit->after_count > AFTER_MAX)
            line_wrong(line, "too many in after=");
        after->until = colon ? UNTIL_DELIVERED : UNTIL_RESULT;
        if (colon)
            *colon = 0;
        if (slash)
            *slash = 0;
        after->message_id = world_message_id(world, slash ? item : wish->from, slash ? slash + 1 : item, wish->id_ms);
    }
}

/* "name:old>new" */
static void read_cursor(struct line *line, const char *text, struct submit *submit, struct submit_frame *frame)
{
    if (!text[0])
        return;
    const char *colon = strchr(text, ':'), *arrow = colon ? strchr(colon, '>') : NULL;
    if (!arrow)
        line_wrong(line, "cursor=NAME:OLD>NEW");
    snprintf(frame->cursor[0], sizeof frame->cursor[0], "%.*s", (int)(colon - text), text);
    snprintf(frame->cursor[1], sizeof frame->cursor[1], "%.*s", (int)(arrow - colon - 1), colon + 1);
    snprintf(frame->cursor[2], sizeof frame->cursor[2], "%s", arrow + 1);
    submit->has_cursor = true;
    submit->cursor = (struct cursor_set){ .name = span_of_string(frame->cursor[0]),
                                          .expected = span_of_string(frame->cursor[1]),
                                          .value = span_of_string(frame->cursor[2]), .set = true };
}

/* "LP:8000:0,PT:5:5": component, owed, paid. */
static void read_money(struct line *line, const char *text, struct submit_frame *frame)
{
    char item[96];

    frame->facts.money = frame->money;
    while (line_item(&text, item, sizeof item)) {
        struct facts_money *money = &frame->money[frame->facts.money_count++];
        char *colon = strchr(item, ':');
        if (!colon || frame->facts.money_count > MONEY_MAX)
            line_wrong(line, "money=COMPONENT:OWED:PAID");
        *colon = 0;
        *money = (struct facts_money){ .owed = strtoll(colon + 1, &colon, 10) };
        money->paid = *colon ? strtoll(colon + 1, NULL, 10) : 0;
        copy_text(line, money->component, sizeof money->component, item);
    }
}

static void read_chosen(struct line *line, const char *text, struct submit_frame *frame)
{
    char item[64];

    while (line_item(&text, item, sizeof item)) {
        must(frame->facts.chosen_count < CHOSEN_STEPS_MAX);
        copy_text(line, frame->chosen[frame->facts.chosen_count++], STEP_NAME_SIZE, item);
    }
    frame->facts.chosen = (const char (*)[STEP_NAME_SIZE])frame->chosen;
}

/* As wire would read it: nothing where nothing was said. */
static void read_told(struct line *line, const struct submit_wish *wish, struct submit *submit,
                      struct submit_frame *frame)
{
    bool any = wish->status || wish->partner || wish->money || wish->version || wish->channel || wish->received_ms ||
               wish->chosen;

    frame->facts = (struct facts){ .status = wish->status, .channel = wish->channel, .received_ms = wish->received_ms };
    copy_text(line, frame->facts.partner_status, sizeof frame->facts.partner_status, wish->partner);
    copy_text(line, frame->facts.procedure_version, sizeof frame->facts.procedure_version, wish->version);
    if (wish->money)
        read_money(line, wish->money, frame);
    if (wish->chosen)
        read_chosen(line, wish->chosen, frame);
    any = figures_said(line, &frame->facts) || any;
    submit->facts = any ? &frame->facts : NULL;
}

/* "GKS,CCCD". Only codes: they are lent by the frame. */
static void write_components(const struct submit_wish *wish, struct submit_frame *frame, Lienthong__V1__Facts *facts)
{
    const char *at = wish->components ? wish->components : "";

    facts->components = frame->component_list;
    while (facts->n_components < FRAME_COMPONENTS_MAX &&
           line_item(&at, frame->codes[facts->n_components], sizeof *frame->codes)) {
        Lienthong__V1__Component *component = &frame->components[facts->n_components];
        lienthong__v1__component__init(component);
        component->code = frame->codes[facts->n_components];
        frame->component_list[facts->n_components++] = component;
    }
}

static void write_attachments(struct submit *submit, struct submit_frame *frame, Lienthong__V1__Header *header)
{
    header->attachments = frame->attachment_list;
    for (uint32_t i = 0; i < submit->attachment_count; i++) {
        Lienthong__V1__Attachment *attachment = &frame->attachments[i];
        lienthong__v1__attachment__init(attachment);
        attachment->sha256.data = submit->attachments[i].bytes;
        attachment->sha256.len = HASH_SIZE;
        frame->attachment_list[header->n_attachments++] = attachment;
    }
}

/* The bytes that travel, and the hash over them: the header is a real one. */
static void write_header(const struct submit_wish *wish, struct submit *submit, struct submit_frame *frame)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;

    header.message_id.data = submit->message_id.bytes;
    header.message_id.len = sizeof submit->message_id.bytes;
    header.sender = submit->sender;
    header.recipient = submit->recipient;
    header.dossier_code = submit->dossier_code;
    header.procedure_code = submit->procedure_code;
    header.step = submit->step;
    header.kind = submit->kind;
    header.source_time_ms = submit->source_time_ms;
    header.sequence = submit->sequence;
    header.parent = submit->parent;
    header.content_type = (char *)"text/plain";
    facts.due_ms = submit->due_ms;
    facts.reason_code = (char *)(wish->reason ? wish->reason : "");
    facts.answer_by_ms = wish->answer_by_ms;
    write_components(wish, frame, &facts);
    write_attachments(submit, frame, &header);
    facts.officer_from = frame->facts.officer_from;
    header.facts = &facts;
    snprintf(frame->payload, sizeof frame->payload, "%s", wish->payload);
    submit->payload = span_of_string(frame->payload);
    must(lienthong__v1__header__get_packed_size(&header) <= sizeof frame->header);
    submit->header = span_of(frame->header, lienthong__v1__header__pack(&header, frame->header));
    submit->content_hash = content_hash(&header, submit->payload);
}

struct command submit_command(struct world *world, struct line *line, const struct submit_wish *wish,
                              struct submit_frame *frame)
{
    struct command command = { .kind = COMMAND_SUBMIT, .agency = wish->agency, .session = 1 };
    struct submit *submit = &command.submit;

    submit->has_message_id = true;
    submit->message_id = wish->message_id;
    submit->kind = wish->kind;
    submit->source_time_ms = wish->source_ms;
    submit->due_ms = wish->due_ms;
    submit->sequence = wish->sequence;
    submit->parent = wish->parent;
    submit->accepted_as = wish->accepted_as;
    copy_text(line, submit->sender, sizeof submit->sender, wish->from);
    copy_text(line, submit->recipient, sizeof submit->recipient, wish->to);
    copy_text(line, submit->dossier_code, sizeof submit->dossier_code, wish->dossier);
    copy_text(line, submit->procedure_code, sizeof submit->procedure_code, wish->procedure);
    copy_text(line, submit->step, sizeof submit->step, wish->step);
    if (wish->alias[0])
        copy_text(line, submit->aliases[submit->alias_count++], DOSSIER_CODE_SIZE, wish->alias);
    read_after(world, line, wish, submit);
    read_cursor(line, wish->cursor, submit, frame);
    read_told(line, wish, submit, frame);
    if (wish->attach)
        attachments_named(world, line, wish->attach, submit);
    write_header(wish, submit, frame);
    return command;
}

static void do_submit(struct world *world, struct line *line)
{
    const struct agency *agency = world_agency(world, line, line_word(line, 1));
    const char *name = line_text(line, "as", NULL), *parent = line_get(line, "parent");
    const char *accepted_as = line_get(line, "accepted_as");
    struct submit_frame frame;
    struct submit_wish wish = {
        .agency = agency, .from = line_text(line, "sender", agency->code), .to = line_text(line, "to", ""),
        .dossier = line_text(line, "dossier", "D1"), .procedure = line_text(line, "procedure", ""),
        .step = line_text(line, "step", ""), .payload = line_text(line, "body", "body"),
        .after = line_text(line, "after", ""), .alias = line_text(line, "alias", ""),
        .cursor = line_text(line, "cursor", ""), .kind = kind_read(line_text(line, "kind", "FORWARD")),
        .id_ms = STORY_BEGINS_MS + line_ms(line, "id_at", 0), .source_ms = world->now_ms + line_ms(line, "source", 0),
        .sequence = line_number(line, "sequence", 0),
        .parent = parent ? world_handoff_id(line, parent) : 0,
        .accepted_as = accepted_as ? world_handoff_id(line, accepted_as) : 0,
    };

    if (!name)
        line_wrong(line, "as=NAME: what the story calls its message");
    if (line_get(line, "due"))
        wish.due_ms = STORY_BEGINS_MS + line_ms(line, "due", 0);
    wish.status = (enum status)line_number(line, "status", 0);
    wish.partner = line_get(line, "partner");
    wish.money = line_get(line, "money");
    wish.version = line_get(line, "version");
    wish.chosen = line_get(line, "choose");
    wish.channel = (uint32_t)line_number(line, "channel", 0);
    if (line_get(line, "received"))
        wish.received_ms = STORY_BEGINS_MS + line_ms(line, "received", 0);
    wish.components = line_get(line, "components");
    wish.attach = line_get(line, "attach");
    wish.reason = line_get(line, "reason");
    if (line_get(line, "answer_by"))
        wish.answer_by_ms = STORY_BEGINS_MS + line_ms(line, "answer_by", 0);
    wish.message_id = world_message_id(world, wish.from, name, wish.id_ms);
    struct command command = submit_command(world, line, &wish, &frame);
    line_end(line);
    world_turn(world, &command);
}

/* ---- receiving */

static uint32_t read_kinds(struct line *line)
{
    const char *at = line_text(line, "kinds", "");
    uint32_t kinds = at[0] ? 0 : KINDS_ALL;
    char item[64];
    while (line_item(&at, item, sizeof item))
        kinds |= KIND_BIT(kind_read(item));
    return kinds;
}

static void do_offer(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_OFFER };

    (void)said_by(world, line, &command);
    command.offer = (struct offer){ .session = command.session, .most = (uint32_t)line_number(line, "n", 1),
                                    .kinds = read_kinds(line), .stamp_ms = 1, .probe = line_has(line, "probe") };
    line_end(line);
    world_turn(world, &command);
}

struct attempt_asked { uint64_t handoff; uint32_t attempt; };

static void ask_attempt(struct turn *turn, void *context)
{
    struct attempt_asked *asked = context;
    struct handoff handoff;
    asked->attempt = turn_handoff(turn, asked->handoff, &handoff) ? handoff.attempt : 0;
}

static uint32_t present_attempt(struct world *world, struct line *line, uint64_t handoff)
{
    struct attempt_asked asked = { .handoff = handoff };
    world_read(world, ask_attempt, &asked);
    return (uint32_t)line_number(line, "attempt", asked.attempt);
}

static enum scope read_scope(struct line *line)
{
    const char *text = line_text(line, "scope", "");
    for (enum scope scope = 1; scope < SCOPE_END; scope++)
        if (strcmp(text, scope_name(scope)) == 0)
            return scope;
    return 0;
}

static void do_outcome(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_OUTCOME };
    struct outcome *outcome = &command.outcome;

    (void)said_by(world, line, &command);
    outcome->handoff = world_handoff_id(line, line_word(line, 2));
    outcome->attempt = present_attempt(world, line, outcome->handoff);
    outcome->verdict = verdict_read(line_word(line, 3));
    outcome->scope = read_scope(line);
    outcome->detail = span_of_string(line_text(line, "detail", ""));
    copy_text(line, outcome->agency_ref, sizeof outcome->agency_ref, line_text(line, "ref", ""));
    copy_text(line, outcome->field, sizeof outcome->field, line_text(line, "field", ""));
    copy_text(line, outcome->value, sizeof outcome->value, line_text(line, "value", ""));
    copy_text(line, outcome->fingerprint, sizeof outcome->fingerprint, line_text(line, "fingerprint", ""));
    outcome->retry_after_ms = line_ms(line, "retry_after", 0);
    outcome->never_sent = line_has(line, "never_sent");
    outcome->uncharged = line_has(line, "uncharged");
    line_end(line);
    world_turn(world, &command);
}

static void do_checkpoint(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_CHECKPOINT };

    (void)said_by(world, line, &command);
    command.checkpoint.handoff = world_handoff_id(line, line_word(line, 2));
    command.checkpoint.attempt = present_attempt(world, line, command.checkpoint.handoff);
    command.checkpoint.value = span_of_string(line_text(line, "value", ""));
    line_end(line);
    world_turn(world, &command);
}

static void do_cursor(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_CURSOR };
    const char *value = line_get(line, "value");

    (void)said_by(world, line, &command);
    command.cursor = (struct cursor_set){ .name = span_of_string(line_word(line, 2)), .value = span_of_string(value),
                                          .expected = span_of_string(line_get(line, "expected")),
                                          .set = value != NULL };
    line_end(line);
    world_turn(world, &command);
}

/* ---- following, tracking */

static void do_notify(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_NOTIFY };

    (void)said_by(world, line, &command);
    const char *after = line_get(line, "after");
    command.notify = (struct notify){ .after = line_number(line, "after", 0), .from_cursor = !after,
                                      .most = (uint32_t)line_number(line, "n", NOTIFY_MAX) };
    line_end(line);
    world_turn(world, &command);
}

static void do_ack(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_NOTICE_ACK };

    (void)said_by(world, line, &command);
    command.acknowledged = line_number(line, "event", 0);
    line_end(line);
    world_turn(world, &command);
}

static void do_track(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_TRACK };

    (void)said_by(world, line, &command);
    copy_text(line, command.track.code, sizeof command.track.code, line_word(line, 2));
    line_end(line);
    world_turn(world, &command);
}

/* ---- the broker itself */

static void do_breaker(struct world *world, struct line *line)
{
    uint64_t handoffs[LINE_WORDS_MAX];
    struct command command = { .kind = COMMAND_BREAKER, .breaker = { .handoffs = handoffs } };
    const char *word;

    while ((word = line_word(line, (int)command.breaker.count + 1)) != NULL)
        handoffs[command.breaker.count++] = world_handoff_id(line, word);
    line_end(line);
    world_turn(world, &command);
}

static void do_simple(struct world *world, struct line *line, enum command_kind kind)
{
    struct command command = { .kind = kind };
    if (kind == COMMAND_SESSION_LOST)
        command.lost = line_number(line, "session", 1);
    line_end(line);
    world_turn(world, &command);
}

static void tick_all(struct world *world, struct line *line)
{
    struct command commands[16];

    line_end(line);
    for (int i = 0; i < 16; i++)
        commands[i] = (struct command){ .kind = COMMAND_TICK };
    world_turn_quiet(world, commands, 16);
    print_events(world);
    print_effects(world);
}

static void do_directory(struct world *world, struct line *line)
{
    const char *bytes = line_text(line, "bytes", ""), *code = line_get(line, "agency");
    enum agency_class agency_class = agency_class_read(line_text(line, "class", ""));
    struct tables next = world->tables;
    struct command command = { .kind = COMMAND_DIRECTORY };

    next.hash = hash_of(span_of_string(bytes));
    if (line_get(line, "calendar"))
        world_calendar(world, line, line_get(line, "calendar"));
    next.calendar = world->tables.calendar;
    command.directory = (struct directory_change){ .tables = &next, .bytes = span_of_string(bytes),
                                            .uid = (uint32_t)line_number(line, "uid", 0) };
    line_end(line);
    world_turn(world, &command);
    for (uint32_t i = 0; code && i < world->tables.agency_count; i++)
        if (strcmp(world->agencies[i].code, code) == 0)
            world->agencies[i].agency_class = agency_class;
}

static void do_intake(struct world *world, struct line *line)
{
    world->core.intake_closed = NULL;
    world->core.stopping = line_has(line, "stopping");
    world->core.purge_paused = line_has(line, "purge_paused");
    world->core.time_in_doubt = line_has(line, "in_doubt");
    if (line_has(line, "closed"))
        world->core.intake_closed = "hết chỗ / no room";
    (void)line_has(line, "open");
    line_end(line);
}

/* ---- operators */

static void read_filter(struct line *line, struct admin_filter *filter)
{
    copy_text(line, filter->agency, sizeof filter->agency, line_text(line, "agency", ""));
    copy_text(line, filter->fingerprint, sizeof filter->fingerprint, line_text(line, "fingerprint", ""));
    copy_text(line, filter->dossier_code, sizeof filter->dossier_code, line_text(line, "dossier", ""));
    filter->fail_class = fail_class_read(line_text(line, "class", ""));
    filter->state = state_read(line_text(line, "state", ""));
}

static void do_admin(struct world *world, struct line *line)
{
    struct command command = { .kind = COMMAND_ADMIN };
    struct admin *admin = &command.admin;
    const char *verb = line_word(line, 1), *handoff = line_word(line, 2);

    if (!verb)
        line_wrong(line, "admin VERB");
    copy_text(line, admin->verb, sizeof admin->verb, verb);
    admin->dry_run = line_has(line, "dry_run");
    admin->fresh_key = line_has(line, "fresh_key");
    if (handoff && *handoff == '#')
        admin->handoff = world_handoff_id(line, handoff);
    admin->uid = (uint32_t)line_number(line, "uid", 1000);
    admin->limit = (uint32_t)line_number(line, "limit", 0);
    admin->covered_seq = line_number(line, "covered_seq", 0);
    admin->behind = behind_read(line_text(line, "behind", ""));
    const char *after = line_get(line, "after");
    admin->after = !after ? 0 : *after == '#' ? world_handoff_id(line, after) : line_number(line, "after", 0);
    copy_text(line, admin->code, sizeof admin->code, line_text(line, "code", ""));
    copy_text(line, admin->reason, sizeof admin->reason, line_text(line, "reason", ""));
    copy_text(line, admin->case_number, sizeof admin->case_number, line_text(line, "case", ""));
    if (line_get(line, "due"))
        admin->due_ms = STORY_BEGINS_MS + line_ms(line, "due", 0);
    copy_text(line, admin->reason_code, sizeof admin->reason_code, line_text(line, "reason_code", ""));
    copy_text(line, admin->officer, sizeof admin->officer, line_text(line, "officer", ""));
    copy_text(line, admin->to, sizeof admin->to, line_text(line, "to", ""));
    read_filter(line, &admin->filter);
    line_end(line);
    world_turn(world, &command);
}

void command_run(struct world *world, struct line *line)
{
    static const struct { const char *name; void (*run)(struct world *world, struct line *line); } table[] = {
        { "submit", do_submit }, { "offer", do_offer }, { "outcome", do_outcome }, { "checkpoint", do_checkpoint },
        { "cursor", do_cursor }, { "notify", do_notify }, { "ack", do_ack }, { "track", do_track },
        { "breaker", do_breaker }, { "tick", tick_all }, { "directory", do_directory }, { "intake", do_intake },
        { "admin", do_admin }, { "flood", flood_run }, { "report", figures_report }, { "upload", attachments_upload },
        { "read", attachments_read }, { "blobs", attachments_list },
    };
    const char *name = line_word(line, 0);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(name, table[i].name) == 0) {
            table[i].run(world, line);
            return;
        }
    if (strcmp(name, "takeover") == 0)
        do_simple(world, line, COMMAND_TAKEOVER);
    else if (strcmp(name, "start") == 0)
        do_simple(world, line, COMMAND_START);
    else if (strcmp(name, "lost") == 0)
        do_simple(world, line, COMMAND_SESSION_LOST);
    else if (strcmp(name, "reopen") == 0)
        world_reopen(world);
    else if (strcmp(name, "backup") == 0)
        world_backup(world);
    else if (strcmp(name, "restore") == 0) {
        world_restore(world);
        do_simple(world, line, COMMAND_RESTORE);
    }
    else
        line_wrong(line, "no command '%s'", name);
}

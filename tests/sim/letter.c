/* letter.c - what senders write: plausible dossiers, with a share of everything that goes wrong in the field. */
#include <stdio.h>
#include <string.h>

#include "proto/content.h"
#include "tests/sim/law.h"
#include "tests/sim/sim.h"

enum { PAPERS = 3 };

int32_t letter_new(struct world *world, uint32_t sender)
{
    if (world->letter_count == LETTERS_MAX)
        return NONE;
    struct letter *letter = &world->letters[world->letter_count];
    *letter = (struct letter){ .sender = sender, .recipient = NONE, .corrects = NONE, .kind = KIND_FORWARD,
                               .id_ms = world->now_ms, .partner = NONE, .back_to = NONE };
    return (int32_t)world->letter_count++;
}

/* The number of the letter is the end of its id. */
int32_t letter_of(const struct world *world, const struct uuid *message_id)
{
    uint32_t number = (uint32_t)message_id->bytes[12] << 24 | (uint32_t)message_id->bytes[13] << 16 |
                      (uint32_t)message_id->bytes[14] << 8 | message_id->bytes[15];
    return number < world->letter_count && uuid_equal(&world->letters[number].message_id, message_id)
               ? (int32_t)number : NONE;
}

static void give_id(struct world *world, struct letter *letter, uint32_t number)
{
    uint8_t random[10] = { (uint8_t)world->seed, 1, 2, 3, 4, 5, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                           (uint8_t)(number >> 8), (uint8_t)number };
    letter->message_id = uuid_v7(letter->id_ms, random);
}

void letter_dossier(uint32_t case_number, char ret_code[DOSSIER_CODE_SIZE])
{
    snprintf(ret_code, DOSSIER_CODE_SIZE, "000.00.07.H29.%02u", case_number);
}

int32_t letter_case(const char *code)
{
    unsigned number;
    return sscanf(code, "000.00.07.H29.%u", &number) == 1 || sscanf(code, "ALIAS.%u", &number) == 1 ? (int32_t)number
                                                                                                    : NONE;
}

static void dossier_code(const struct letter *letter, char code[DOSSIER_CODE_SIZE])
{
    if (!letter->via_alias) {
        letter_dossier(letter->case_number, code);
        return;
    }
    snprintf(code, DOSSIER_CODE_SIZE, "ALIAS.%02u", letter->case_number);
}

/* One without a recipient finds it by the route; others name the procedure so that its times are known. */
static void procedure_of(const struct world *world, const struct letter *letter, char procedure[PROCEDURE_CODE_SIZE],
                         char step[STEP_NAME_SIZE])
{
    bool routed = letter->recipient == NONE && !letter->parent && letter->kind == KIND_FORWARD;

    if (letter->starts_flow)
        memcpy(procedure, LAW_FLOW, sizeof LAW_FLOW);
    else if (routed || letter->says_procedure)
        snprintf(procedure, PROCEDURE_CODE_SIZE, "2.%06u", letter->case_number % world->options.sectors +
                                                               world->options.one_stops);
    if (routed && !letter->starts_flow)
        snprintf(step, STEP_NAME_SIZE, "take");
    if (letter->citizen_step)
        snprintf(step, STEP_NAME_SIZE, "s%u", letter->citizen_step - 1);
}

static struct uuid nobody_sends_it(const struct letter *letter)
{
    static const uint8_t random[10] = { 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    return uuid_v7(letter->id_ms, random);
}

/* The withdrawn one, or those that the citizen is asked for and brings. */
static void name_papers(const struct letter *letter, Lienthong__V1__Facts *facts, Lienthong__V1__Component papers[],
                        Lienthong__V1__Component *list[])
{
    static const char *const codes[] = { "GIAY-CHUNG-SINH", "TO-KHAI" };

    facts->components = list;
    for (uint32_t i = 0; i < 2u + letter->asks_paper; i++) {
        if (i < 2 && !(letter->components & 1u << i))
            continue;
        lienthong__v1__component__init(&papers[facts->n_components]);
        papers[facts->n_components].code = (char *)(i < 2 ? codes[i] : LAW_PAPER);
        list[facts->n_components] = &papers[facts->n_components];
        facts->n_components++;
    }
}

static void write_text(struct world *world, struct letter *letter, uint32_t number, bool other)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    Lienthong__V1__Facts facts = LIENTHONG__V1__FACTS__INIT;
    Lienthong__V1__Component papers[PAPERS], *list[PAPERS];
    static const char *const reasons[] = { "", "khac", "wrong-agency", "wrong-procedure" };
    char code[DOSSIER_CODE_SIZE], procedure[PROCEDURE_CODE_SIZE] = "", step[STEP_NAME_SIZE] = "";
    uint32_t size = world->options.body_bytes;
    uint8_t *payload = world_take(world, size);

    /* Some rejection of chance: the same text for the same letter, so that a rerun says the same. */
    for (uint32_t i = 0; i < size; i++)
        payload[i] = (uint8_t)('a' + (number * 7 + i + (other ? 13 : 0)) % 26);
    snprintf((char *)payload, size, "letter %u%s", number, other ? " otherwise" : "");
    dossier_code(letter, code);
    procedure_of(world, letter, procedure, step);
    header.message_id.data = letter->message_id.bytes;
    header.message_id.len = sizeof letter->message_id.bytes;
    header.sender = world->codes[letter->sender];
    header.recipient = letter->recipient == NONE ? (char *)"" : world->codes[letter->recipient];
    header.dossier_code = code;
    header.procedure_code = procedure;
    header.step = step;
    header.kind = letter->kind;
    header.parent = letter->parent;
    header.content_type = (char *)"text/plain";
    facts.due_ms = letter->due_ms;
    facts.received_ms = letter->facts.received_ms;
    name_papers(letter, &facts, papers, list);
    facts.reason_code = (char *)reasons[letter->reason];
    facts.officer_from = (char *)(letter->says_officer ? "LD-01" : "");
    header.facts = &facts;
    size_t bytes = lienthong__v1__header__get_packed_size(&header);
    uint8_t *packed = world_take(world, bytes);
    letter->text[other].header = span_of(packed, lienthong__v1__header__pack(&header, packed));
    letter->text[other].payload = span_of(payload, size);
    letter->text[other].hash = content_hash(&header, letter->text[other].payload);
}

void letter_write(struct world *world, uint32_t number)
{
    struct letter *letter = &world->letters[number];

    give_id(world, letter, number);
    facts_draw(world, number);
    write_text(world, letter, number, false);
    if (letter->conflict)
        write_text(world, letter, number, true);
    letter->planned = true;
}

static enum trouble draw_trouble(struct world *world, enum kind kind)
{
    static const enum trouble troubles[] = { TROUBLE_BAD_DATA, TROUBLE_NO, TROUBLE_ORPHAN, TROUBLE_MAPPING,
                                             TROUBLE_PREDECESSOR };
    if (!dice_percent(&world->dice, world->options.trouble_percent))
        return TROUBLE_NONE;
    if ((kind == KIND_PROGRESS || kind == KIND_URGE || kind == KIND_RATING) && dice_percent(&world->dice, 50))
        return TROUBLE_OVERTAKEN;
    return troubles[dice_below(&world->dice, sizeof troubles / sizeof *troubles)];
}

static enum kind draw_kind(struct world *world)
{
    static const enum kind work[] = { KIND_FORWARD, KIND_FORWARD, KIND_FORWARD, KIND_SUPPLEMENT, KIND_PAYMENT,
                                      KIND_CONSULT };
    static const enum kind news[] = { KIND_PROGRESS, KIND_URGE, KIND_RATING };

    if (dice_percent(&world->dice, world->options.withdraw_percent))
        return dice_percent(&world->dice, 70) ? KIND_WITHDRAWAL : KIND_STOP;
    if (world->options.kinds_of_news && dice_percent(&world->dice, 25))
        return news[dice_below(&world->dice, 3)];
    return work[dice_below(&world->dice, 6)];
}

/* Earlier letters of the same sender, sometimes a later one (it may close a circle), sometimes one never sent. */
static void draw_after(struct world *world, struct letter *letter, uint32_t number)
{
    uint32_t wanted = 1 + dice_below(&world->dice, 3);

    if (!dice_percent(&world->dice, world->options.gate_percent))
        return;
    for (uint32_t i = 0; i < wanted; i++) {
        uint32_t other = dice_below(&world->dice, 25) == 0 ? LETTERS_MAX
                         : dice_below(&world->dice, number < 12 ? number + 2 : 12) + (number < 12 ? 0 : number - 12);
        if (other == number || (other < LETTERS_MAX && (other >= world->letter_count ||
                                world->letters[other].sender != letter->sender || !world->letters[other].planned)))
            continue;
        bool named = false;
        for (uint32_t k = 0; k < letter->after_count; k++)
            named |= letter->after[k] == other;
        if (named)
            continue;
        letter->after[letter->after_count] = other;
        letter->until[letter->after_count++] = dice_percent(&world->dice, 60) ? UNTIL_DELIVERED : UNTIL_RESULT;
    }
}

/* Its first step is the submission; some of those that are optional are wanted. */
static void start_flow(struct world *world, struct letter *letter)
{
    letter->recipient = NONE;
    letter->starts_flow = letter->of_flow = true;
    for (uint32_t i = 0; i < world->graph.step_count; i++) {
        if (!world->graph.steps[i].optional || dice_percent(&world->dice, 50))
            continue;
        snprintf(letter->steps[letter->facts.chosen_count++], STEP_NAME_SIZE, "s%u", i);
        letter->chosen |= 1u << i;
    }
    letter->facts.chosen = letter->steps;
}

void letter_names_step(struct world *world, struct letter *letter)
{
    uint32_t first = dice_below(&world->dice, AUDIT_STEPS_MAX);

    if ((letter->kind != KIND_PAYMENT && letter->kind != KIND_SUPPLEMENT) ||
        !world->cases[letter->case_number].flows || !dice_percent(&world->dice, 70))
        return;
    for (uint32_t i = 0; i < AUDIT_STEPS_MAX && !letter->citizen_step; i++) {
        uint32_t step = (first + i) % AUDIT_STEPS_MAX;
        if (step < world->graph.step_count && world->graph.steps[step].citizen)
            letter->citizen_step = step + 1;
    }
}

/* A new one of a case's one-stop, written when it is sent. */
void letter_draw(struct world *world, uint32_t number)
{
    struct letter *letter = &world->letters[number];
    uint32_t case_number = dice_below(&world->dice, world->options.cases);

    letter->case_number = case_number;
    letter->sender = world->cases[case_number].one_stop;
    letter->id_ms = world->now_ms - (dice_percent(&world->dice, 5) ? 1000 * dice_below(&world->dice, 100) : 0);
    letter->kind = draw_kind(world);
    letter->recipient = (int32_t)world->cases[case_number].sectors[dice_below(&world->dice, 3)];
    if (letter->kind == KIND_FORWARD && dice_percent(&world->dice, 10))
        letter->recipient = NONE;
    if (letter->kind == KIND_FORWARD && world->options.catalogue &&
        dice_percent(&world->dice, world->options.flow_percent))
        start_flow(world, letter);
    if ((letter->kind == KIND_WITHDRAWAL || letter->kind == KIND_STOP) && world->cases[case_number].flows &&
        dice_percent(&world->dice, 70))
        letter->recipient = NONE;
    letter_names_step(world, letter);
    if (dice_percent(&world->dice, 40))
        letter->due_ms = world->now_ms + dice_between(&world->dice, -600 * 1000, 3600 * 1000);
    letter->trouble = draw_trouble(world, letter->kind);
    letter->conflict = dice_percent(&world->dice, world->options.conflict_percent);
    letter->says_alias = dice_percent(&world->dice, 20);
    letter->via_alias = world->cases[case_number].alias_known && dice_percent(&world->dice, 50);
    if (!letter->starts_flow)
        draw_after(world, letter, number);
    letter_write(world, number);
    STORY(world, LETTER_STORY(number), "letter %u: %s %s to %s, case %u, after %u, trouble %d", number,
          world->codes[letter->sender], kind_name(letter->kind),
          letter->starts_flow ? "(a flow)" : letter->recipient == NONE ? "(routed)" : world->codes[letter->recipient],
          case_number, letter->after_count, letter->trouble);
}

static struct audit_says says_of(const struct world *world, const struct letter *letter)
{
    const struct facts *facts = &letter->facts;
    bool routed = letter->recipient == NONE && !letter->parent && letter->kind == KIND_FORWARD;
    struct audit_says says = {
        .facts = letter->says_facts || letter->chosen,
        .procedure = (routed || letter->says_procedure) && world->options.catalogue,
        .paper = letter->asks_paper, .reason = letter->reason, .officer = letter->says_officer,
        .starts = letter->starts_flow, .chosen = letter->chosen, .done = letter->citizen_step,
        .components = letter->components,
        .source_ms = letter->source_ms, .received_ms = facts->received_ms,
        .due_ms = letter->due_ms, .sequence = letter->sequence, .channel = facts->channel, .status = facts->status,
        .partner = letter->partner, .sum_count = facts->money_count,
    };

    for (uint32_t i = 0; i < facts->money_count; i++) {
        memcpy(says.sums[i].component, facts->money[i].component, sizeof says.sums[i].component);
        says.sums[i].owed = facts->money[i].owed;
        says.sums[i].paid = facts->money[i].paid;
    }
    return says;
}

static void tell_auditor(struct world *world, uint32_t number, bool other)
{
    const struct letter *letter = &world->letters[number];
    struct audit_letter said = { .sender = letter->sender, .case_number = letter->case_number,
                                 .addressed = letter->recipient, .kind = letter->kind, .id_ms = letter->id_ms,
                                 .parent = letter->parent, .after_count = letter->after_count,
                                 .says = says_of(world, letter) };

    for (uint32_t i = 0; i < letter->after_count; i++) {
        said.after[i].letter = letter->after[i] == LETTERS_MAX ? AUDIT_LETTERS : letter->after[i];
        said.after[i].until = letter->until[i];
    }
    for (int i = 0; i < 2; i++) {
        said.content[i] = letter->text[i].hash;
        said.payload[i] = letter->text[i].payload;
    }
    audit_said(world->audit, number, &said, other);
}

void letter_submit(struct world *world, struct peer *peer, uint32_t number, bool other)
{
    struct letter *letter = &world->letters[number];
    struct up *up = up_command(world, COMMAND_SUBMIT, (uint64_t)number << 1 | other);
    struct submit *submit = &up->command.submit;

    letter->sent = true;
    letter->sent_ms = world->now_ms;
    tell_auditor(world, number, other);
    submit->has_message_id = true;
    submit->message_id = letter->message_id;
    snprintf(submit->sender, sizeof submit->sender, "%s", world->codes[letter->sender]);
    if (letter->recipient != NONE)
        snprintf(submit->recipient, sizeof submit->recipient, "%s", world->codes[letter->recipient]);
    procedure_of(world, letter, submit->procedure_code, submit->step);
    dossier_code(letter, submit->dossier_code);
    if (letter->says_alias)
        snprintf(submit->aliases[submit->alias_count++], DOSSIER_CODE_SIZE, "ALIAS.%02u", letter->case_number);
    submit->kind = letter->kind;
    submit->source_time_ms = letter->source_ms;
    submit->sequence = letter->sequence;
    submit->due_ms = letter->due_ms;
    submit->facts = letter->says_facts || letter->chosen ? &letter->facts : NULL;
    submit->parent = letter->parent;
    for (uint32_t i = 0; i < letter->after_count; i++)
        submit->after[submit->after_count++] = (struct submit_after){
            .message_id = letter->after[i] == LETTERS_MAX ? nobody_sends_it(letter)
                                                           : world->letters[letter->after[i]].message_id,
            .until = letter->until[i] };
    submit->header = letter->text[other].header;
    submit->payload = letter->text[other].payload;
    submit->content_hash = letter->text[other].hash;
    send_up(world, peer, up);
}

/* course.c - what an office makes of a letter that it has acted on: its answers, one after the other, each written when
 * the one before has been sent. News, a request, something to pay, a step handed on to another office; then the result,
 * or a refusal; sometimes it takes the result back. A one-stop answers a request, and hands a result over. */
#include "gateway/core/due_date.h"
#include "tests/sim/sim.h"

enum { PAUSE_MS = 5000, STEPS_MAX = 4 };

static struct letter *reply(struct world *world, uint32_t agency, uint32_t case_number, enum kind kind, uint64_t parent,
                            int32_t *ret_number)
{
    int32_t number = *ret_number = letter_new(world, agency);
    if (number == NONE)
        return NULL;
    struct letter *letter = &world->letters[number];
    letter->case_number = case_number;
    letter->kind = kind;
    letter->parent = parent;
    return letter;
}

static void post(struct world *world, int32_t number)
{
    struct letter *letter = &world->letters[number];

    letter_write(world, (uint32_t)number);
    STORY(world, LETTER_STORY((uint32_t)number), "letter %d: %s of %s, case %u, about #%llu", number,
          kind_name(letter->kind), world->codes[letter->sender], letter->case_number, NUMBER(letter->parent));
    plan(world, dice_wait(&world->dice, PAUSE_MS), EVENT_LETTER, (uint32_t)number, 0, NULL);
}

static enum kind draw_kind(struct world *world, uint32_t steps_left)
{
    static const enum kind news[] = { KIND_PROGRESS, KIND_PROGRESS, KIND_SUPPLEMENT_REQUEST,
                                      KIND_FINANCIAL_OBLIGATION };
    static const enum kind ends[] = { KIND_RESULT, KIND_RESULT, KIND_RESULT, KIND_RESULT, KIND_RESULT, KIND_REFUSAL,
                                      KIND_RETURNED, KIND_PROGRESS, KIND_SUPPLEMENT_REQUEST, KIND_SEND_BACK };

    if (dice_percent(&world->dice, world->options.send_back_percent / 4))
        return KIND_SEND_BACK;
    if (!steps_left)
        return ends[dice_below(&world->dice, 10)];
    if (dice_percent(&world->dice, world->options.pass_on_percent))
        return KIND_FORWARD;
    return news[dice_below(&world->dice, 4)];
}

/* Its step of the case goes on to another office, which answers it. */
static void pass_on(struct world *world, struct letter *letter)
{
    letter->recipient = (int32_t)(world->options.one_stops + dice_below(&world->dice, world->options.sectors));
    if (letter->recipient == (int32_t)letter->sender || letter->recipient == letter->back_to)
        letter->kind = KIND_PROGRESS;
    if (letter->kind == KIND_PROGRESS)
        letter->recipient = NONE;
    else if (dice_percent(&world->dice, 50))
        letter->parent = 0;
}

static void write_step(struct world *world, uint32_t agency, const struct letter *asked, int32_t back_to,
                       uint64_t handoff, uint32_t steps_left, bool again)
{
    int32_t number;
    enum kind kind = again ? KIND_RECALL : draw_kind(world, steps_left);
    struct letter *letter = reply(world, agency, asked->case_number, kind, handoff, &number);

    if (!letter)
        return;
    letter->back_to = back_to;
    letter->about = handoff;
    letter->steps_left = steps_left;
    letter->in_course = true;
    if (kind == KIND_FORWARD)
        pass_on(world, letter);
    else
        letter->recipient = dice_percent(&world->dice, 50) ? NONE : back_to;
    letter->conflict = dice_percent(&world->dice, world->calm ? 0 : world->options.conflict_percent / 2);
    if (!world->calm && dice_percent(&world->dice, world->options.answer_percent / 5))
        letter->due_ms = world->now_ms + dice_between(&world->dice, -600 * 1000, 3600 * 1000);
    post(world, number);
}

/* The citizen noticed a mistake: the office asks for what is right, or declines. */
static void answer_correction(struct world *world, uint32_t agency, uint64_t handoff, const struct letter *asked)
{
    int32_t number;
    enum kind kind = dice_percent(&world->dice, 70) ? KIND_SUPPLEMENT_REQUEST : KIND_REFUSAL;
    struct letter *letter = reply(world, agency, asked->case_number, kind, handoff, &number);

    if (letter)
        post(world, number);
}

/* It went to the wrong office: on to another one. */
static void send_on(struct world *world, uint32_t agency, const struct letter *asked)
{
    int32_t number;

    if (asked->reason != REASON_WRONG_PLACE || !dice_percent(&world->dice, 80))
        return;
    struct letter *letter = reply(world, agency, asked->case_number, KIND_FORWARD, asked->parent, &number);
    if (!letter)
        return;
    letter->recipient = (int32_t)(world->options.one_stops + dice_below(&world->dice, world->options.sectors));
    post(world, number);
}

/* What it was last at work on in this case; 0 nothing. */
static uint64_t work_of(const struct world *world, uint32_t agency, uint32_t case_number)
{
    for (uint32_t i = world->letter_count; i-- > 0;)
        if (world->letters[i].sender == agency && world->letters[i].case_number == case_number &&
            world->letters[i].about)
            return world->letters[i].about;
    return 0;
}

/* A result that it has used was taken back: it stands all the same, there is another one, or there is none; then it may
 * refuse its step and say no word of the RECALL. */
static void answer_recall(struct world *world, uint32_t agency, uint64_t handoff, const struct letter *asked)
{
    static const enum kind kinds[] = { KIND_PROGRESS, KIND_PROGRESS, KIND_RESULT, KIND_REFUSAL };
    enum kind kind = kinds[dice_below(&world->dice, 4)];
    uint64_t work = kind == KIND_REFUSAL && dice_percent(&world->dice, 60)
                        ? work_of(world, agency, asked->case_number) : 0;
    int32_t number;
    struct letter *letter = reply(world, agency, asked->case_number, kind, work ? work : handoff, &number);
    if (letter)
        post(world, number);
}

/* The one-stop does what a request asks for; the citizen comes for the result. */
static void answer_office(struct world *world, uint32_t agency, uint64_t handoff, const struct letter *asked)
{
    enum kind kind = asked->kind == KIND_SUPPLEMENT_REQUEST ? KIND_SUPPLEMENT
                     : asked->kind == KIND_FINANCIAL_OBLIGATION ? KIND_PAYMENT
                     : asked->kind == KIND_RESULT ? KIND_PROGRESS : 0;
    int32_t number;

    if (!kind || !dice_percent(&world->dice, kind == KIND_PROGRESS ? 30 : 70))
        return;
    struct letter *letter = reply(world, agency, asked->case_number, kind, handoff, &number);
    if (!letter)
        return;
    letter_names_step(world, letter);
    post(world, number);
}

void letter_answer(struct world *world, uint32_t agency, uint64_t handoff, int32_t about)
{
    const struct letter *asked = &world->letters[about];

    if (!dice_percent(&world->dice, world->calm ? 60 : world->options.answer_percent) || asked->sender == agency)
        return;
    if (agency < world->options.one_stops && asked->kind == KIND_SEND_BACK)
        send_on(world, agency, asked);
    if (agency >= world->options.one_stops && asked->kind == KIND_RECALL) {
        answer_recall(world, agency, handoff, asked);
        return;
    }
    if (agency < world->options.one_stops) {
        answer_office(world, agency, handoff, asked);
        return;
    }
    if (asked->kind == KIND_CORRECTION_REQUEST) {
        answer_correction(world, agency, handoff, asked);
        return;
    }
    bool of_one_stop = asked->sender < world->options.one_stops;
    if (of_one_stop ? asked->kind == KIND_RESULT : asked->kind != KIND_FORWARD)
        return;
    write_step(world, agency, asked, (int32_t)asked->sender, handoff,
               asked->kind == KIND_FORWARD && world->options.courses ? dice_below(&world->dice, STEPS_MAX) : 0, false);
}

/* Of one that was handed off, its sender's citizen says later that something in it is wrong. */
static void correct(struct world *world, uint32_t number)
{
    const struct letter *wrong = &world->letters[number];
    int32_t correction;

    if (wrong->kind != KIND_FORWARD || world->calm || wrong->sender >= world->options.one_stops || !wrong->handoff ||
        !dice_percent(&world->dice, world->options.correction_percent))
        return;
    struct letter *letter = reply(world, wrong->sender, wrong->case_number, KIND_CORRECTION_REQUEST, wrong->handoff,
                                  &correction);
    if (letter)
        post(world, correction);
}

void letter_accepted(struct world *world, uint32_t number)
{
    correct(world, number);
}

/* Counted in working hours, as a system does that knows the calendar; one in five knows none. */
static int64_t new_date(struct world *world)
{
    struct deadline_rule hours = { DEADLINE_WORKING_HOURS, (int)dice_between(&world->dice, 1, 16) };
    if (dice_percent(&world->dice, 20))
        return world->now_ms + dice_between(&world->dice, 1, 48) * 3600 * 1000;
    return due_after(place_tables(world), NULL, world->now_ms, hours);
}

/* A request for an apology is signed by the head, or left; an URGE is answered with news, or not. */
void letter_answer_made(struct world *world, const struct job *job)
{
    bool sector = job->agency >= world->options.one_stops;
    int32_t number;

    if (job->case_number < 0 || !dice_percent(&world->dice, 70) ||
        !((job->kind == KIND_APOLOGY && sector) || job->kind == KIND_URGE))
        return;
    struct letter *letter = reply(world, job->agency, (uint32_t)job->case_number,
                                  job->kind == KIND_URGE ? KIND_PROGRESS : KIND_APOLOGY, job->handoff, &number);
    if (!letter)
        return;
    if (letter->kind == KIND_APOLOGY)
        letter->due_ms = new_date(world);
    post(world, number);
}

void letter_goes_on(struct world *world, uint32_t number)
{
    struct letter said = world->letters[number];

    if (!said.in_course)
        return;
    world->letters[number].in_course = false;
    if (said.steps_left)
        write_step(world, said.sender, &said, said.back_to, said.about, said.steps_left - 1, false);
    else if (said.kind == KIND_RECALL)
        write_step(world, said.sender, &said, said.back_to, said.about, dice_below(&world->dice, 2), false);
    else if (said.kind == KIND_RESULT && dice_percent(&world->dice, world->options.recall_percent))
        write_step(world, said.sender, &said, said.back_to, said.about, 0, true);
}

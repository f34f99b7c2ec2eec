/* facts.c - what letters tell of their dossiers: mostly what its kind says anyway, else any status of any body, a
 * partner's codes, other times, money. A good part of it the core must not believe. */
#include <stdio.h>

#include "tests/sim/law.h"
#include "tests/sim/sim.h"

enum { HOUR = 3600 * 1000, CODES_THERE = 2 * LAW_CODES };

static enum status usual(struct world *world, enum kind kind)
{
    static const enum status progress[] = { STATUS_ACCEPTED, STATUS_IN_PROCESS, STATUS_IN_PROCESS, STATUS_IN_PROCESS,
                                            STATUS_SUPPLEMENT, STATUS_PAYMENT, STATUS_DONE, STATUS_RETURNED };
    bool says = dice_percent(&world->dice, 50);

    switch (kind) {
    case KIND_FORWARD:
        return dice_percent(&world->dice, 80) ? STATUS_ACCEPTED : STATUS_REGISTERED;
    case KIND_PROGRESS:
        return progress[dice_below(&world->dice, 8)];
    case KIND_RESULT:
        return says ? STATUS_DONE : 0;
    case KIND_REFUSAL:
        return says ? STATUS_NOT_ACCEPTED : 0;
    case KIND_RETURNED:
        return says ? STATUS_RETURNED : 0;
    case KIND_SUPPLEMENT_REQUEST:
        return says ? STATUS_SUPPLEMENT : 0;
    case KIND_FINANCIAL_OBLIGATION:
        return says ? STATUS_PAYMENT : 0;
    case KIND_SUPPLEMENT: case KIND_PAYMENT: case KIND_RECALL:
        return says ? STATUS_IN_PROCESS : 0;
    case KIND_STOP:
        return says ? STATUS_STOPPED : 0;
    default:
        return 0;
    }
}

static void draw_money(struct world *world, struct letter *letter)
{
    letter->facts.money_count = 1 + dice_below(&world->dice, 2);
    letter->facts.money = letter->money;
    for (uint32_t i = 0; i < letter->facts.money_count; i++) {
        letter->money[i] = (struct facts_money){ .owed = dice_below(&world->dice, 9) * 1000,
                                                 .paid = dice_below(&world->dice, 2) * 1000 };
        snprintf(letter->money[i].component, sizeof letter->money[i].component, "LP-%u",
                 i + 2 * dice_below(&world->dice, 3));
    }
}

/* When it happened there: mostly now. Old ones come from a system that keeps its news for a while. */
static void draw_times(struct world *world, struct letter *letter, uint32_t number)
{
    letter->source_ms = letter->id_ms;
    if (dice_percent(&world->dice, world->options.older_percent))
        letter->source_ms -= dice_between(&world->dice, 0, 20 * 60 * 1000);
    if (dice_percent(&world->dice, 50))
        letter->sequence = 1 + (dice_percent(&world->dice, world->options.older_percent)
                                    ? dice_below(&world->dice, number + 1) : number);
    /* Two facts of one second, as systems write them that know no better. */
    if (dice_percent(&world->dice, 20))
        letter->source_ms -= letter->source_ms % 10000;
}

/* What a request asks for: papers, in words (a reason), or both; sometimes nothing, which is refused. An answer brings
 * all of it, or some. */
static void draw_papers(struct world *world, struct letter *letter)
{
    bool asks = letter->kind == KIND_SUPPLEMENT_REQUEST || letter->kind == KIND_FINANCIAL_OBLIGATION;

    if (letter->kind == KIND_SUPPLEMENT_REQUEST || letter->kind == KIND_SUPPLEMENT)
        letter->components = dice_percent(&world->dice, 60) ? dice_below(&world->dice, 4) : 0;
    asks |= letter->kind == KIND_APOLOGY;
    letter->says_officer = letter->kind == KIND_APOLOGY && dice_percent(&world->dice, 90);
    letter->reason = letter->kind == KIND_REFUSAL || (asks && dice_percent(&world->dice, 90)) ? REASON_OTHER : 0;
    if (letter->kind == KIND_SEND_BACK)
        letter->reason = dice_below(&world->dice, 4);
}

void facts_draw(struct world *world, uint32_t number)
{
    struct letter *letter = &world->letters[number];
    struct facts *facts = &letter->facts;
    const struct options *options = &world->options;

    draw_times(world, letter, number);
    letter->says_procedure = options->catalogue && !letter->starts_flow && letter->kind == KIND_FORWARD &&
                             dice_percent(&world->dice, 60);
    draw_papers(world, letter);
    letter->asks_paper = letter->says_procedure && dice_percent(&world->dice, options->paper_percent);
    letter->says_facts = dice_percent(&world->dice, options->facts_percent);
    if (!letter->says_facts)
        return;
    facts->status = usual(world, letter->kind);
    if (dice_percent(&world->dice, options->strange_percent))
        facts->status = 1 + dice_below(&world->dice, STATUS_END - 1);
    if (dice_percent(&world->dice, options->partner_percent)) {
        letter->partner = (int32_t)dice_below(&world->dice, CODES_THERE);
        snprintf(facts->partner_status, sizeof facts->partner_status, "%d", letter->partner);
        if (dice_percent(&world->dice, 80))
            facts->status = 0;
    }
    facts->channel = dice_percent(&world->dice, 30) ? 1 + dice_below(&world->dice, 4) : 0;
    if (letter->kind == KIND_FORWARD && dice_percent(&world->dice, 40))
        facts->received_ms = letter->id_ms - dice_between(&world->dice, 0, dice_percent(&world->dice, 50)
                                                                               ? 100LL * HOUR : HOUR / 4);
    if (dice_percent(&world->dice, 15))
        draw_money(world, letter);
}

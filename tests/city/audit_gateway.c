/* audit_gateway.c - what the gateway says of each dossier when its one-stop asks, beside the one-stop's register. */
#include <stdio.h>
#include <string.h>

#include "tests/city/audit.h"

static void ask(struct turn *turn, void *context)
{
    struct audit *audit = context;
    struct city *city = audit->city;
    struct command command;

    effects_reset(&city->effects);
    while (audit->asked < audit->books->dossier_count && effects_has_room(&city->effects)) {
        struct cast cast = cast_of(city, audit->asked);
        command_begin(&command, COMMAND_TRACK);
        command.agency = city->places[cast.opener].agency;
        command.correlation = audit->asked + 1u;
        letter_code(city, audit->asked, &cast, command.track.code);
        gateway_step(city, turn, &command);
        audit->asked++;
    }
}

static bool was_handed_over(const struct audit *audit, uint32_t dossier)
{
    for (uint32_t i = audit->sent_from[dossier]; i < audit->sent_from[dossier + 1]; i++) {
        const struct sent *sent = &audit->books->sent[audit->sent_lines[i]];
        struct cast cast = cast_of(audit->city, dossier);
        if (sent->kind == KIND_PROGRESS && sent->from == cast.opener)
            return true;
    }
    return false;
}

static enum status expected(const struct audit *audit, uint32_t dossier)
{
    switch ((enum coming_out)audit->books->dossiers[dossier].outcome) {
    case OUT_RESULT:
        return was_handed_over(audit, dossier) ? STATUS_RETURNED : STATUS_DONE;
    case OUT_REFUSED:
        return STATUS_NOT_ACCEPTED;
    case OUT_WITHDRAWN:
        return STATUS_WITHDRAWN;
    default:
        return 0;
    }
}

static void compare(struct audit *audit, uint32_t dossier, const struct dossier_view *view)
{
    const struct dossier_book *book = &audit->books->dossiers[dossier];
    char words[200], paper[24], gateway[24];
    struct text text = text_of(words, sizeof words);
    enum status wanted = expected(audit, dossier);

    if (!view) {
        audit_fault(audit, CHECK_STATUS, dossier, "the gateway knows nothing of it");
        return;
    }
    if (wanted && view->dossier.line.status != wanted) {
        text_add(&text, "the register says %s, the gateway %s", status_name(wanted),
                 status_name(view->dossier.line.status));
        audit_fault(audit, CHECK_STATUS, dossier, words);
    }
    text = text_of(words, sizeof words);
    uint32_t due = view->dossier.due_ms ? (uint32_t)((view->dossier.due_ms - BEGIN_MS) / MINUTE_MS) : 0;
    /* When it said that it has it: an office writes that down by the minute, the gateway by the second. */
    if (due != book->due && !(book->pause_to[2] && due + 1 == book->due)) {
        text_add(&text, "due %s on the paper, %s at the gateway", minute_text(book->due, paper),
                 minute_text(due, gateway));
        audit_fault(audit, CHECK_DUE, dossier, words);
    }
}

/* Late without a letter: the gateway names a reason why nobody was asked. */
static void check_unasked(struct audit *audit, uint32_t dossier, const struct dossier_view *view)
{
    const struct dossier_book *book = &audit->books->dossiers[dossier];
    char words[120];
    struct text text = text_of(words, sizeof words);

    if (!dossier_is_late(book) || book->apologies || !view)
        return;
    text_add(&text, "late, no apology; the gateway says %s, %s",
             view->ending.apology ? apology_name(view->ending.apology) : "nothing",
             view->ending.unasked ? unasked_name(view->ending.unasked) : "no reason");
    if (view->ending.apology == APOLOGY_UNDETERMINED ||
        (view->ending.apology == APOLOGY_NOT_ASKED && view->ending.unasked))
        audit->unasked++;
    else
        audit_fault(audit, CHECK_LATE, dossier, words);
}

void audit_gateway(struct audit *audit)
{
    struct city *city = audit->city;

    while (audit->asked < audit->books->dossier_count) {
        gateway_ask(city, ask, audit);
        for (uint32_t i = 0; i < city->effects.count; i++) {
            const struct effect *effect = &city->effects.list[i];
            if (effect->kind == EFFECT_FOUND) {
                compare(audit, (uint32_t)effect->correlation - 1, effect->found.dossier);
                check_unasked(audit, (uint32_t)effect->correlation - 1, effect->found.dossier);
            } else if (effect->kind == EFFECT_REFUSED)
                audit_fault(audit, CHECK_STATUS, (uint32_t)effect->correlation - 1, "the gateway does not know it");
        }
    }
}

void audit_sum(struct audit *audit)
{
    const struct books *books = audit->books;
    uint64_t ended = 0;

    for (int i = 0; i < OUT_KINDS; i++)
        ended += books->ended[i];
    if (books->dossier_count != audit->city->options.dossiers || ended != books->dossier_count)
        audit_fault(audit, CHECK_SUM, 0, "the sums do not meet");
}

/* effects.c - the list of what is to be said, and the memory it points into. */
#include "gateway/core/effects.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_AGAIN_MS = 30 * 1000, WAKES_LOOKED_AT = 32 };

enum result effects_init(struct effects *effects)
{
    *effects = (struct effects){ .list = calloc(EFFECTS_MAX, sizeof *effects->list), .turn = 1 };
    if (effects->list && arena_init(&effects->arena, TURN_EFFECT_BYTES_MAX) == RESULT_OK)
        return RESULT_OK;
    effects_done(effects);
    return RESULT_FULL;
}

void effects_done(struct effects *effects)
{
    free(effects->list);
    arena_done(&effects->arena);
    *effects = (struct effects){ 0 };
}

void effects_reset(struct effects *effects)
{
    effects->count = 0;
    effects->turn++;
    arena_reset(&effects->arena);
}

bool effects_has_room(const struct effects *effects)
{
    return effects->count + STEP_EFFECTS_MAX <= EFFECTS_MAX && arena_room(&effects->arena) >= STEP_EFFECT_BYTES;
}

/* So far the struct counts for an effect of this kind: the arms of its union differ much, and every handoff has six. */
static size_t size_of(enum effect_kind kind)
{
#define UP_TO(arm) (offsetof(struct effect, arm) + sizeof ((struct effect *)0)->arm)
    switch (kind) {
    case EFFECT_READY: case EFFECT_FEED: case EFFECT_AGAIN:     return offsetof(struct effect, refused);
    case EFFECT_ACCEPTED:       return UP_TO(accepted);
    case EFFECT_DELIVER:        return UP_TO(deliver);
    case EFFECT_OUTCOME_ACK:    return UP_TO(outcome_ack);
    case EFFECT_ANSWERED:       return UP_TO(answered);
    case EFFECT_OFFERED:        return UP_TO(offered);
    case EFFECT_NOTIFIED:       return UP_TO(notified);
    default:                    return sizeof(struct effect);
    }
#undef UP_TO
}

struct effect *effects_add(struct effects *effects, enum effect_kind kind, const struct command *command)
{
    must(effects->count < EFFECTS_MAX);
    struct effect *effect = &effects->list[effects->count++];
    memset(effect, 0, size_of(kind));
    effect->kind = kind;
    effect->session = command->session;
    effect->correlation = command->correlation;
    return effect;
}

void effects_wake(struct effects *effects, enum effect_kind kind, const struct command *command, uint32_t agency)
{
    uint32_t *last = &effects->woke[kind == EFFECT_FEED];
    if (*last < effects->count && effects->count - *last <= WAKES_LOOKED_AT && effects->list[*last].kind == kind &&
        effects->list[*last].agency == agency)
        return;
    /* One step often wakes the same agency many times. Saying it twice is harmless, so a short look back is enough. */
    for (uint32_t i = 0; i < WAKES_LOOKED_AT && i < effects->count; i++) {
        const struct effect *before = &effects->list[effects->count - 1 - i];
        if (before->kind == kind && before->agency == agency)
            return;
    }
    struct effect *effect = effects_add(effects, kind, command);
    *last = effects->count - 1;
    effect->session = effect->correlation = 0;
    effect->agency = agency;
}

struct effect *effects_refuse(struct effects *effects, const struct command *command, enum problem_type type,
                              const char *field, const char *vi, const char *en, ...)
{
    struct effect *effect = effects_add(effects, EFFECT_REFUSED, command);
    struct problem *problem = arena_take(&effects->arena, sizeof *problem);
    char sentence_vi[sizeof problem->sentence_vi], sentence_en[sizeof problem->sentence_en];
    struct text text_vi = text_of(sentence_vi, sizeof sentence_vi), text_en = text_of(sentence_en, sizeof sentence_en);
    va_list arguments, again;

    must(problem != NULL);
    va_start(arguments, en);
    va_copy(again, arguments);
    text_add_v(&text_vi, vi, arguments);
    text_add_v(&text_en, en, again);
    va_end(again);
    va_end(arguments);
    /* Both sentences are arguments of a format that names each of them once. */
    problem_set(problem, type, field, "%s%.0s", "%.0s%s", sentence_vi, sentence_en);
    effect->refused.problem = problem;
    effect->refused.retry_after_ms = problem_is_transient(type) ? ASK_AGAIN_MS : 0;
    if (command->kind == COMMAND_SUBMIT) {
        effect->refused.has_message_id = command->submit.has_message_id;
        effect->refused.message_id = command->submit.message_id;
    }
    return effect;
}

_Static_assert((FRESH_BODIES & (FRESH_BODIES - 1)) == 0, "a power of two");

void effects_body_put(struct effects *effects, uint64_t handoff, struct span header, struct span payload)
{
    effects->fresh[handoff & (FRESH_BODIES - 1)] =
        (struct fresh_body){ .turn = effects->turn, .handoff = handoff, .header = header, .payload = payload };
}

enum result effects_body(struct effects *effects, uint64_t handoff, struct span *ret_header, struct span *ret_payload)
{
    const struct fresh_body *fresh = &effects->fresh[handoff & (FRESH_BODIES - 1)];

    if (fresh->turn != effects->turn || fresh->handoff != handoff)
        return RESULT_NOT_FOUND;
    size_t header_size = fresh->header.size, payload_size = fresh->payload.size;
    uint8_t *copy = arena_take(&effects->arena, header_size + payload_size);
    if (!copy)
        return RESULT_FULL;
    if (header_size)
        memcpy(copy, fresh->header.bytes, header_size);
    if (payload_size)
        memcpy(copy + header_size, fresh->payload.bytes, payload_size);
    *ret_header = span_of(copy, header_size);
    *ret_payload = span_of(copy + header_size, payload_size);
    return RESULT_OK;
}

const char *effects_text(struct effects *effects, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_take(&effects->arena, size);
    must(copy != NULL);
    memcpy(copy, text, size);
    return copy;
}

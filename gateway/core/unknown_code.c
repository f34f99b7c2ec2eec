#include "gateway/core/unknown_code.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/core/admin.h"
#include "gateway/core/status.h"

_Static_assert((UNKNOWN_CODES_MAX + 1) * (sizeof(struct unknown_code_view) + PARTNER_STATUS_SIZE + 16) <=
                   2 * VIEW_BYTES_MAX, "the unknown codes of an agency");

static bool is_others(const struct unknown_code *unknown)
{
    return strcmp(unknown->code, UNKNOWN_CODE_OTHERS) == 0;
}

void unknown_code_keep(struct step *step, const struct handoff *handoff, const char *code)
{
    struct unknown_code unknown, at;
    uint32_t count = 0;

    if (!turn_unknown_code(step->turn, handoff->sender, code, &unknown)) {
        unknown = (struct unknown_code){ .agency = handoff->sender };
        for (const struct unknown_code *after = NULL;
             turn_unknown_code_next(step->turn, handoff->sender, after, &at) && count < UNKNOWN_CODES_MAX; after = &at)
            count += !is_others(&at);
        const char *under = count < UNKNOWN_CODES_MAX ? code : UNKNOWN_CODE_OTHERS;
        memcpy(unknown.code, under, strnlen(under, sizeof unknown.code - 1));
        (void)turn_unknown_code(step->turn, handoff->sender, under, &unknown);
    }
    unknown.count++;
    unknown.first_ms = unknown.first_ms ? unknown.first_ms : step->now_ms;
    unknown.last_ms = step->now_ms;
    unknown.handoff = handoff->id;
    turn_unknown_code_put(step->turn, &unknown);
}

static bool is_known_now(struct step *step, const struct unknown_code *unknown)
{
    const struct tables *tables = step->core->tables;
    char code[AGENCY_CODE_SIZE];
    const struct agency *agency = turn_agency_code(step->turn, unknown->agency, code) ? tables_agency(tables, code)
                                                                                     : NULL;
    return !is_others(unknown) && agency &&
           status_code_find(tables->status_maps, tables->status_map_count, agency, step->now_ms, unknown->code);
}

uint64_t unknown_code_count(struct step *step, uint32_t agency, struct unknown_code *ret_last)
{
    struct unknown_code at, last = { 0 };
    uint64_t count = 0;

    for (const struct unknown_code *after = NULL; turn_unknown_code_next(step->turn, agency, after, &at); after = &at) {
        if (is_known_now(step, &at))
            continue;
        count += at.count;
        if (at.handoff > last.handoff)
            last = at;
    }
    *ret_last = last;
    return count;
}

const struct unknown_code_view *view_unknown_codes(struct step *step, uint32_t agency, uint32_t *ret_count)
{
    struct unknown_code_view *views = NULL;
    struct unknown_code at;
    uint32_t count = 0;

    for (const struct unknown_code *after = NULL;
         count <= UNKNOWN_CODES_MAX && turn_unknown_code_next(step->turn, agency, after, &at); after = &at) {
        if (!views)
            must((views = arena_take(&step->effects->arena, (UNKNOWN_CODES_MAX + 1) * sizeof *views)) != NULL);
        views[count++] = (struct unknown_code_view){ at, is_known_now(step, &at) };
    }
    *ret_count = count;
    return views;
}

void unknown_code_facts(struct step *step, struct admin_reply *reply)
{
    struct unknown_code at;
    uint32_t agency = 1, agencies = 0, codes = 0;
    char code[AGENCY_CODE_SIZE];

    for (; turn_agency_code(step->turn, agency, code); agency++) {
        uint32_t before = codes;
        for (const struct unknown_code *after = NULL; turn_unknown_code_next(step->turn, agency, after, &at);
             after = &at)
            codes += !is_known_now(step, &at);
        agencies += codes != before;
    }
    if (codes)
        admin_fact(step, reply, "unknown_codes", "%" PRIu32 ", agencies %" PRIu32 ": lienthong agencies CODE", codes,
                   agencies);
}

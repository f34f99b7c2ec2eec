/* status.h - where a dossier stands (1 to 10): may a fact be believed, what several branches make together, and what a
 * partner's own codes mean. Pure.
 *
 * The judgement, in this order; numbers are never compared:
 *   1. who says it must own the stage                                            else NOT_OWNER
 *   2. it is not older than what stands, by source time, then sequence           else OLDER
 *   3. out of 3, 8 and 10 only a RECALL leads; the same status again is no move  else FINAL
 *   4. everything else is applied: the body that owns the stage knows. Where the move is not one of the ordinary ones,
 *      something between was never reported: GAP, shown as "không báo cáo".
 * Ordinary: 1 to 2 3 5 6 7; 2 to 4 5 6 7 8; 4 to 5 6 7 8 9; 5 to 2 3 4 7 8; 6 to 2 4 7 8 9; 7 to 4; 9 to 4 10; and,
 * recalled, 3 to 1 2, 8 to 2 4, 10 to 4 9. From nothing: to 1 and 2.
 * Sequences are one source's own order, so they count only between facts of one agency, and only where both are stated.
 */
#ifndef GATEWAY_CORE_STATUS_H
#define GATEWAY_CORE_STATUS_H

#include "gateway/core/selector.h"
#include "gateway/store/record_dossier.h"

/* `next`: as it would stand; its gap is not looked at. JUDGED_APPLIED, GAP, OLDER, FINAL or NOT_OWNER. */
enum judged status_judge(const struct status_line *current, const struct status_line *next, bool owns,
                            bool recalled);
bool status_is_final(enum status status);               /* 3, 8, 10 */
bool status_is_over(enum status status);                /* 3, 7, 8, 9, 10: nobody is at work on it */
bool status_is_pause(enum status status);               /* 5, 6: the clock stands */
/* "Đang xử lý" / "in process"; static. */
const char *status_vi(enum status status);
const char *status_en(enum status status);
const char *judged_vi(enum judged judged);
const char *judged_en(enum judged judged);

/* What branches that run side by side make together: 5 before 6 before 4 while any is at work; 9 (10 where all of them
 * are there) once every one has ended and one has its result; `last`, what was said last, when all ended without. */
struct branch_status { enum status status; bool ended; };
enum status status_join(const struct branch_status *branches, uint32_t count, enum status last);

/* ---- a partner's codes */

enum { STATUS_MAPS_MAX = 64, STATUS_MAP_CODES_MAX = 64, STATUS_MAP_NAME_SIZE = 32 };

struct status_code {
    char code[PARTNER_STATUS_SIZE];
    enum status status;                 /* 0: says nothing of the status ("it arrived") */
    bool receipt;                       /* it says that somebody has taken the dossier in hand */
};

struct status_map {
    char     name[STATUS_MAP_NAME_SIZE];
    struct selector from;               /* whose codes these are */
    int64_t  from_ms, to_ms;            /* in force in [from, to) by source time; 0: open on that side */
    struct status_code codes[STATUS_MAP_CODES_MAX];
    uint32_t code_count;
};

/* The first map of this agency in force at at_ms that has the code. NULL: nobody knows it; it is never guessed. */
const struct status_code *status_code_find(const struct status_map *maps, uint32_t count, const struct agency *agency,
                                           int64_t at_ms, const char *code);

#endif

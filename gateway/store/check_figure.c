/* check_figure.c - what dossiers count for: against their records, and as sums against the rows that reports read. */
#include <xxhash.h>

#include "gateway/store/check.h"

static bool find_dossier(struct check *check, uint64_t id, struct dossier *ret_dossier)
{
    struct key key = key_empty();
    struct span value;
    key_u64(&key, id);
    return check_get(check, TABLE_DOSSIER_STATE, &key, &value) && dossier_parse(value, ret_dossier);
}

/* What the records say, as far as it does not need the directory. */
static bool agrees(struct check *check, const struct measure *measure)
{
    struct key key = key_empty();
    struct ending ending = { 0 };
    struct dossier dossier;
    struct span value;

    key_u64(&key, measure->dossier);
    if (check_get(check, TABLE_ENDING, &key, &value) && !ending_parse(value, &ending))
        return true;                                    /* a fault of its own */
    return find_dossier(check, measure->dossier, &dossier) && measure->agency == dossier.opener &&
           strcmp(measure->procedure, dossier.procedure_code) == 0 && measure->channel == dossier.channel &&
           measure->received_ms == dossier.received_ms && measure->due_ms == dossier.due_ms &&
           measure->ended == ending.ended && measure->ended_ms == ending.ended_ms &&
           !(measure->flags & MEASURE_APOLOGISED) == !ending.apologies;
}

/* ---- sums: what is counted under a key is weighed with the key's hash, so that equal sums mean equal rows */

static uint64_t weight(struct span key, unsigned what)
{
    return XXH3_64bits_withSeed(key.bytes, key.size, what) | 1;
}

static void weigh_figure(struct check *check, struct span key, enum figure figure, uint64_t amount)
{
    check->figures[figure] += amount * weight(key, figure);
}

static void weigh_mark(struct check *check, struct span key, int64_t overdue, int64_t apologised)
{
    check->overdue += (uint64_t)overdue * weight(key, 0) + (uint64_t)apologised * weight(key, 1);
}

static void take_out_amounts(struct check *check, const struct measure *measure, enum figures_of of)
{
    bool officer = of == FIGURES_OF_OFFICER;
    const char *name = officer ? measure->officer : measure->procedure;
    struct figure_amount amounts[MEASURE_AMOUNTS_MAX];
    size_t counted = measure_amounts(measure, amounts);

    for (size_t i = 0; i < 2 * counted; i++) {
        const struct figure_amount *amount = &amounts[i / 2];
        struct key key = key_empty();
        key_u8(&key, of);
        key_u32(&key, i % 2 ? amount->day / 100 : amount->day);
        key_u32(&key, officer ? measure->officer_agency : measure->agency);
        key_bytes(&key, name, strlen(name));
        weigh_figure(check, key_span(&key), amount->figure, (uint64_t)0 - amount->amount);
    }
}

static void take_out_marks(struct check *check, const struct measure *measure, enum figures_of of)
{
    bool officer = of == FIGURES_OF_OFFICER;
    const char *name = officer ? measure->officer : measure->procedure;
    struct overdue_mark marks[MEASURE_MARKS_MAX];
    size_t marked = measure_marks(measure, marks);

    for (size_t i = 0; i < marked; i++) {
        struct key key = key_empty();
        key_u8(&key, of);
        key_i64(&key, marks[i].at_ms);
        key_u32(&key, officer ? measure->officer_agency : measure->agency);
        key_bytes(&key, name, strlen(name));
        weigh_mark(check, key_span(&key), -marks[i].overdue, -marks[i].apologised);
    }
}

static void row_measure(struct check *check, struct span key, struct span value)
{
    struct measure measure;

    must(measure_parse(value, &measure));
    measure.dossier = key_read_u64(key, 0);
    if (!agrees(check, &measure))
        check_fault(check, "số liệu không khớp hồ sơ và kết cục của nó",
                    "what it counts for is not what its record and its ending say", "measure of dossier %" PRIu64,
                    measure.dossier);
    for (enum figures_of of = FIGURES_OF_PROCEDURE; of < FIGURES_OF_END; of++) {
        if (of == FIGURES_OF_OFFICER && !measure.officer_agency)
            continue;
        take_out_amounts(check, &measure, of);
        take_out_marks(check, &measure, of);
    }
}

static void row_figure(struct check *check, struct span key, struct span value)
{
    struct figures figures;

    must(figures_parse(value, &figures));
    if (!check_agency(check, key_read_u32(key, 5)))
        check_fault(check, "cơ quan không có", "of an agency that is not there", "figure of agency %" PRIu32,
                    key_read_u32(key, 5));
    for (unsigned i = 0; i < FIGURES; i++)
        if (figures.of[i])
            weigh_figure(check, key, i, figures.of[i]);
}

static void row_overdue(struct check *check, struct span key, struct span value)
{
    struct scan scan = scan_of(value);
    int64_t overdue = scan_i64(&scan);
    weigh_mark(check, key, overdue, scan_i64(&scan));
}

void check_figures(struct check *check)
{
    check_walk(check, TABLE_MEASURE, row_measure);
    check_walk(check, TABLE_FIGURE, row_figure);
    check_walk(check, TABLE_OVERDUE, row_overdue);
    for (unsigned i = 0; i < FIGURES; i++)
        if (check->figures[i])
            check_fault(check, "không phải là tổng của các hồ sơ", "is not the sum over the dossiers",
                        "figures, %s %u", figure_name(i), i);
    if (check->overdue)
        check_fault(check, "không phải là tổng của các hồ sơ", "is not the sum over the dossiers", "overdue");
}

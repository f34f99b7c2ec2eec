/* turn_figure.c - what a dossier counts for, and the rows it is counted in: changed together or not at all. */
#include "gateway/store/bytes.h"
#include "gateway/store/inside.h"

static const char UNEXPLAINED[] = "a record that no version explains";

static struct key measure_key(uint64_t dossier)
{
    struct key key = key_empty();
    must(dossier);
    key_u64(&key, dossier);
    return key;
}

bool turn_measure(struct turn *turn, uint64_t dossier, struct measure *ret_measure)
{
    struct key key = measure_key(dossier);
    struct span value;
    if (!row_get(turn, TABLE_MEASURE, &key, &value))
        return false;
    if (!measure_parse(value, ret_measure))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    ret_measure->dossier = dossier;
    return true;
}

uint64_t turn_measure_next(struct turn *turn, uint64_t after)
{
    struct key from = key_empty();
    struct span key, value;
    key_u64(&from, after);
    return row_next(turn, TABLE_MEASURE, &from, ROW_AFTER, 0, &key, &value) ? key_read_u64(key, 0) : 0;
}

/* ---- in whose name */

struct place { enum figures_of of; uint32_t agency; const char *name; };

/* False: nobody's. */
static bool place_of(const struct measure *measure, enum figures_of of, struct place *ret_place)
{
    bool officer = of == FIGURES_OF_OFFICER;
    *ret_place = (struct place){ .of = of, .agency = officer ? measure->officer_agency : measure->agency,
                                 .name = officer ? measure->officer : measure->procedure };
    return !officer || measure->officer_agency;
}

static struct key figure_key(const struct place *place, uint32_t period)
{
    struct key key = key_empty();
    key_u8(&key, place->of);
    key_u32(&key, period);
    key_u32(&key, place->agency);
    key_bytes(&key, place->name, strlen(place->name));
    return key;
}

bool turn_figures(struct turn *turn, enum figures_of of, uint32_t period, uint32_t agency, const char *name,
                  struct figures *ret_figures)
{
    struct key key = figure_key(&(struct place){ of, agency, name }, period);
    struct span value;
    if (!row_get(turn, TABLE_FIGURE, &key, &value))
        return false;
    if (!figures_parse(value, ret_figures))
        turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    return true;
}

/* ---- counted, or taken back (sign -1) */

static void count_period(struct turn *turn, const struct place *place, uint32_t period,
                         const struct figure_amount *amounts, size_t count, int64_t sign)
{
    struct key key = figure_key(place, period);
    int64_t *differences = figure_tally_of(turn, &key);
    for (size_t i = 0; i < count; i++)
        differences[amounts[i].figure] += sign * amounts[i].amount;
}

static void count(struct turn *turn, const struct place *place, const struct figure_amount *amounts,
                  size_t count_all, int64_t sign)
{
    for (size_t from = 0, to; from < count_all; from = to) {
        uint32_t day = amounts[from].day;
        for (to = from; to < count_all && amounts[to].day == day; to++)
            ;
        count_period(turn, place, day, amounts + from, to - from, sign);
        count_period(turn, place, day / 100, amounts + from, to - from, sign);
    }
}

static void mark(struct turn *turn, const struct place *place, const struct overdue_mark *mark, int64_t sign)
{
    struct key key = key_empty();
    struct span value;
    int64_t overdue = 0, apologised = 0;
    uint8_t bytes[16];
    struct pen pen = { .at = bytes };

    key_u8(&key, place->of);
    key_i64(&key, mark->at_ms);
    key_u32(&key, place->agency);
    key_bytes(&key, place->name, strlen(place->name));
    bool there = row_get(turn, TABLE_OVERDUE, &key, &value);
    if (there) {
        struct scan scan = scan_of(value);
        overdue = scan_i64(&scan);
        apologised = scan_i64(&scan);
        if (!scan_end(&scan))
            turn_fail(turn, RESULT_BROKEN, UNEXPLAINED);
    }
    overdue += sign * mark->overdue;
    apologised += sign * mark->apologised;
    pen_i64(&pen, overdue);
    pen_i64(&pen, apologised);
    if (overdue || apologised)
        row_put(turn, TABLE_OVERDUE, &key, span_of(bytes, sizeof bytes));
    else if (there)
        row_delete(turn, TABLE_OVERDUE, &key);
}

static void mark_all(struct turn *turn, const struct measure *measure, int64_t sign)
{
    struct overdue_mark marks[MEASURE_MARKS_MAX];
    size_t marked = measure ? measure_marks(measure, marks) : 0;
    struct place place;

    for (enum figures_of of = FIGURES_OF_PROCEDURE; of < FIGURES_OF_END; of++)
        for (size_t i = 0; i < marked && place_of(measure, of, &place); i++)
            mark(turn, &place, &marks[i], sign);
}

static bool same_marks(const struct measure *a, const struct measure *b)
{
    struct overdue_mark of_a[MEASURE_MARKS_MAX], of_b[MEASURE_MARKS_MAX];
    size_t marked = measure_marks(a, of_a);
    bool same = marked == measure_marks(b, of_b) && a->agency == b->agency && a->officer_agency == b->officer_agency &&
                strcmp(a->procedure, b->procedure) == 0 && strcmp(a->officer, b->officer) == 0;

    for (size_t i = 0; same && i < marked; i++)
        same = of_a[i].at_ms == of_b[i].at_ms && of_a[i].apologised == of_b[i].apologised;
    return same;
}

void turn_measure_put(struct turn *turn, const struct measure *before, const struct measure *after)
{
    const struct measure *both[] = { before, after };
    struct key key = measure_key(after->dossier);
    struct figure_amount amounts[MEASURE_AMOUNTS_MAX];
    uint8_t record[RECORD_BYTES_MAX];
    struct place place;

    for (int i = 0; i < 2; i++) {
        size_t counted = both[i] ? measure_amounts(both[i], amounts) : 0;
        for (enum figures_of of = FIGURES_OF_PROCEDURE; counted && of < FIGURES_OF_END; of++)
            if (place_of(both[i], of, &place))
                count(turn, &place, amounts, counted, i ? 1 : -1);
    }
    if (!before || !same_marks(before, after)) {
        mark_all(turn, before, -1);
        mark_all(turn, after, 1);
    }
    row_put(turn, TABLE_MEASURE, &key, span_of(record, measure_write(after, record)));
}

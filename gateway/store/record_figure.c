#include "gateway/store/record_figure.h"

#include "gateway/store/bytes.h"
#include "gateway/store/seal.h"

enum { MEASURE_VERSION = 1, FIGURES_VERSION = 1, VARINT_BYTES_MAX = 10 };
_Static_assert(1 + 7 * 8 + 4 * 4 + 16 + PROCEDURE_CODE_SIZE + OFFICER_SIZE <= RECORD_BYTES_MAX, "a measure fits");
_Static_assert(2 + FIGURES * (1 + VARINT_BYTES_MAX) <= RECORD_BYTES_MAX, "the largest figures fit");
_Static_assert(FIGURE_WORKED_MINUTES < (int)FIGURE_WORKED, "the buckets stand behind everything else");

#define FIRST_MS 946659600000LL             /* 2000-01-01 00:00 in UTC+7 */
#define LAST_MS  4102419599999LL            /* 2099-12-31 23:59:59.999 */

const char *figure_name(enum figure figure)
{
    static const char *const names[FIGURE_WORKED] = {
        [FIGURE_RECEIVED] = "RECEIVED", [FIGURE_RECEIVED_COUNTER] = "RECEIVED_COUNTER",
        [FIGURE_RECEIVED_ONLINE] = "RECEIVED_ONLINE", [FIGURE_RECEIVED_POST] = "RECEIVED_POST",
        [FIGURE_RECEIVED_BOUNDARY_FREE] = "RECEIVED_BOUNDARY_FREE", [FIGURE_PAPERS] = "PAPERS",
        [FIGURE_PAPERS_DIGITISED] = "PAPERS_DIGITISED", [FIGURE_PAPERS_REUSED] = "PAPERS_REUSED",
        [FIGURE_BEFORE] = "BEFORE", [FIGURE_ON] = "ON", [FIGURE_AFTER] = "AFTER", [FIGURE_UNDATED] = "UNDATED",
        [FIGURE_LATE_COMMITTED] = "LATE_COMMITTED", [FIGURE_LATE_STATUTORY] = "LATE_STATUTORY",
        [FIGURE_APOLOGISED] = "APOLOGISED", [FIGURE_NOT_APOLOGISED] = "NOT_APOLOGISED",
        [FIGURE_CAUSE_AGENCY] = "CAUSE_AGENCY", [FIGURE_CAUSE_GATEWAY] = "CAUSE_GATEWAY",
        [FIGURE_CAUSE_WAITING] = "CAUSE_WAITING", [FIGURE_RESULTS] = "RESULTS",
        [FIGURE_RESULTS_DIGITISED] = "RESULTS_DIGITISED", [FIGURE_REFUSED] = "REFUSED",
        [FIGURE_WITHDRAWN] = "WITHDRAWN", [FIGURE_STOPPED] = "STOPPED", [FIGURE_OTHERS_LATE] = "OTHERS_LATE",
        [FIGURE_RATINGS] = "RATINGS", [FIGURE_ATTITUDES] = "ATTITUDES", [FIGURE_ATTITUDE_SUM] = "ATTITUDE_SUM",
        [FIGURE_COSTS] = "COSTS", [FIGURE_COST_SUM] = "COST_SUM", [FIGURE_TRIPS] = "TRIPS",
        [FIGURE_TRIPS_SUM] = "TRIPS_SUM", [FIGURE_TRIPS_SEVERAL] = "TRIPS_SEVERAL",
        [FIGURE_WORKED_MINUTES] = "WORKED_MINUTES",
    };
    if (figure >= FIGURE_WORKED && figure < FIGURES)
        return "WORKED";
    return figure < FIGURE_WORKED && names[figure] ? names[figure] : "";
}

const uint32_t worked_bounds[WORKED_BUCKETS] = {
    60, 120, 240, 480, 720, 960, 1440, 1920, 2400, 2880, 3360, 3840, 4320, 4800, 5760, 7200, 9600, 12000, 14400, 21600,
    28800, 43200, 86400, UINT32_MAX,
};

unsigned worked_bucket(uint32_t minutes)
{
    unsigned bucket = 0;
    while (minutes > worked_bounds[bucket])
        bucket++;
    return bucket;
}

uint32_t figure_day(int64_t time_ms)
{
    return seal_day(time_ms < FIRST_MS ? FIRST_MS : time_ms > LAST_MS ? LAST_MS : time_ms);
}

/* ---- what a measure counts for */

struct list { struct figure_amount *amounts; size_t count; uint32_t day; };

static void add(struct list *list, enum figure figure, uint32_t amount)
{
    if (!amount)
        return;
    must(list->count < MEASURE_AMOUNTS_MAX);
    list->amounts[list->count++] = (struct figure_amount){ list->day, figure, amount };
}

/* 0: not received, and not ended either. Never after the end: what has ended had been received. */
static int64_t received_ms(const struct measure *measure)
{
    if (measure->ended && (!measure->received_ms || measure->received_ms > measure->ended_ms))
        return measure->ended_ms;
    return measure->received_ms;
}

static bool is_late(const struct measure *measure)
{
    return measure->ended && measure->due_ms && measure->ended_ms > measure->due_ms;
}

static void add_received(struct list *list, const struct measure *measure)
{
    static const enum figure channels[] = { FIGURE_RECEIVED, FIGURE_RECEIVED_COUNTER, FIGURE_RECEIVED_ONLINE,
                                            FIGURE_RECEIVED_POST, FIGURE_RECEIVED_BOUNDARY_FREE };

    add(list, measure->channel < sizeof channels / sizeof *channels ? channels[measure->channel] : FIGURE_RECEIVED, 1);
    add(list, FIGURE_PAPERS, measure->papers);
    add(list, FIGURE_PAPERS_DIGITISED, measure->papers_digitised);
    add(list, FIGURE_PAPERS_REUSED, measure->papers_reused);
}

static void add_result(struct list *list, const struct measure *measure)
{
    static const enum figure causes[LATE_CAUSE_END] = { [LATE_BY_AGENCY] = FIGURE_CAUSE_AGENCY,
                                                        [LATE_BY_GATEWAY] = FIGURE_CAUSE_GATEWAY,
                                                        [LATE_BY_WAITING] = FIGURE_CAUSE_WAITING };
    if (is_late(measure)) {
        must(measure->cause && measure->cause < LATE_CAUSE_END);
        add(list, FIGURE_AFTER, 1);
        add(list, measure->flags & MEASURE_APOLOGISED ? FIGURE_APOLOGISED : FIGURE_NOT_APOLOGISED, 1);
        add(list, causes[measure->cause], 1);
    } else if (!measure->due_ms) {
        add(list, FIGURE_UNDATED, 1);
    } else {
        add(list, list->day < figure_day(measure->due_ms) ? FIGURE_BEFORE : FIGURE_ON, 1);
    }
    add(list, FIGURE_LATE_COMMITTED, measure->flags & MEASURE_LATE_COMMITTED ? 1 : 0);
    add(list, FIGURE_LATE_STATUTORY, measure->flags & MEASURE_LATE_STATUTORY ? 1 : 0);
    add(list, FIGURE_RESULTS, measure->results);
    add(list, FIGURE_RESULTS_DIGITISED, measure->results_digitised);
    add(list, FIGURE_WORKED_MINUTES, measure->worked_minutes);
    add(list, FIGURE_WORKED + worked_bucket(measure->worked_minutes), 1);
}

static void add_ended(struct list *list, const struct measure *measure)
{
    switch (measure->ended) {
    case STATUS_DONE: case STATUS_RETURNED:
        add_result(list, measure);
        return;
    case STATUS_WITHDRAWN:
        add(list, FIGURE_WITHDRAWN, 1);
        break;
    case STATUS_STOPPED:
        add(list, FIGURE_STOPPED, 1);
        break;
    default:
        add(list, FIGURE_REFUSED, 1);
        break;
    }
    add(list, FIGURE_OTHERS_LATE, is_late(measure));
}

static void add_rating(struct list *list, const struct measure *measure)
{
    add(list, FIGURE_RATINGS, 1);
    add(list, FIGURE_ATTITUDES, measure->attitude != 0);
    add(list, FIGURE_ATTITUDE_SUM, measure->attitude);
    add(list, FIGURE_COSTS, measure->cost != 0);
    add(list, FIGURE_COST_SUM, measure->cost);
    add(list, FIGURE_TRIPS, measure->trips != 0);
    add(list, FIGURE_TRIPS_SUM, measure->trips);
    add(list, FIGURE_TRIPS_SEVERAL, measure->trips > 1);
}

size_t measure_amounts(const struct measure *measure, struct figure_amount ret_amounts[MEASURE_AMOUNTS_MAX])
{
    struct list list = { .amounts = ret_amounts };
    int64_t received = received_ms(measure);

    if (received) {
        list.day = figure_day(received);
        add_received(&list, measure);
    }
    if (measure->ended) {
        list.day = figure_day(measure->ended_ms);
        add_ended(&list, measure);
    }
    if (measure->rated_ms) {
        list.day = figure_day(measure->rated_ms);
        add_rating(&list, measure);
    }
    return list.count;
}

size_t measure_marks(const struct measure *measure, struct overdue_mark ret_marks[MEASURE_MARKS_MAX])
{
    int64_t received = received_ms(measure), apologised = measure->flags & MEASURE_APOLOGISED ? 1 : 0;

    if (!received || !measure->due_ms || (measure->ended ? !is_late(measure) : measure->flags & MEASURE_STANDS))
        return 0;
    ret_marks[0] = (struct overdue_mark){ measure->due_ms > received ? measure->due_ms : received, 1, apologised };
    if (!measure->ended)
        return 1;
    ret_marks[1] = (struct overdue_mark){ measure->ended_ms, -1, -apologised };
    return 2;
}

/* ---- bytes */

size_t measure_write(const struct measure *measure, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, MEASURE_VERSION);
    pen_u8(&pen, measure->ended);
    pen_u8(&pen, measure->flags);
    pen_u8(&pen, measure->cause);
    pen_u8(&pen, measure->papers);
    pen_u8(&pen, measure->papers_digitised);
    pen_u8(&pen, measure->papers_reused);
    pen_u8(&pen, measure->results);
    pen_u8(&pen, measure->results_digitised);
    pen_u8(&pen, measure->attitude);
    pen_u8(&pen, measure->cost);
    pen_u8(&pen, measure->trips);
    pen_u32(&pen, measure->agency);
    pen_u32(&pen, measure->officer_agency);
    pen_u32(&pen, measure->channel);
    pen_u32(&pen, measure->worked_minutes);
    pen_i64(&pen, measure->received_ms);
    pen_i64(&pen, measure->due_ms);
    pen_i64(&pen, measure->ended_ms);
    pen_i64(&pen, measure->rated_ms);
    pen_i64(&pen, measure->officer_ms);
    pen_i64(&pen, measure->gateway_ms);
    pen_i64(&pen, measure->gateway_until_ms);
    pen_text(&pen, measure->procedure, sizeof measure->procedure);
    pen_text(&pen, measure->officer, sizeof measure->officer);
    return (size_t)(pen.at - bytes);
}

/* What the amounts rely on. */
static bool is_sound(const struct measure *measure)
{
    bool result = measure->ended == STATUS_DONE || measure->ended == STATUS_RETURNED;
    bool ends = result || !measure->ended || measure->ended == STATUS_NOT_ACCEPTED ||
                measure->ended == STATUS_WITHDRAWN || measure->ended == STATUS_STOPPED;
    return ends && !measure->ended == !measure->ended_ms && !measure->officer_agency == !measure->officer[0] &&
           !measure->cause == !(result && is_late(measure)) && measure->agency;
}

bool measure_parse(struct span bytes, struct measure *ret_measure)
{
    struct scan scan = scan_of(bytes);
    struct measure measure = { 0 };

    scan_version(&scan, MEASURE_VERSION);
    measure.ended = scan_word(&scan, 0, STATUS_END);
    measure.flags = scan_word(&scan, 0, MEASURE_STANDS << 1);
    measure.cause = scan_word(&scan, 0, LATE_CAUSE_END);
    measure.papers = scan_u8(&scan);
    measure.papers_digitised = scan_u8(&scan);
    measure.papers_reused = scan_u8(&scan);
    measure.results = scan_u8(&scan);
    measure.results_digitised = scan_u8(&scan);
    measure.attitude = scan_u8(&scan);
    measure.cost = scan_u8(&scan);
    measure.trips = scan_u8(&scan);
    measure.agency = scan_u32(&scan);
    measure.officer_agency = scan_u32(&scan);
    measure.channel = scan_u32(&scan);
    measure.worked_minutes = scan_u32(&scan);
    measure.received_ms = scan_i64(&scan);
    measure.due_ms = scan_i64(&scan);
    measure.ended_ms = scan_i64(&scan);
    measure.rated_ms = scan_i64(&scan);
    measure.officer_ms = scan_i64(&scan);
    measure.gateway_ms = scan_i64(&scan);
    measure.gateway_until_ms = scan_i64(&scan);
    scan_text(&scan, measure.procedure, sizeof measure.procedure);
    scan_text(&scan, measure.officer, sizeof measure.officer);
    if (!scan_end(&scan) || !is_sound(&measure))
        return false;
    *ret_measure = measure;
    return true;
}

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static void pen_varint(struct pen *pen, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        pen_u8(pen, (unsigned)(value & 0x7F) | 0x80);
    pen_u8(pen, (unsigned)value);
}

static uint64_t scan_varint(struct scan *scan)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = scan_u8(scan);
        value |= (byte & 0x7F) << shift;
        if (byte >= 0x80)
            continue;
        if ((!byte && shift) || (shift == 63 && byte > 1))
            break;                                      /* longer than it must be, or too large */
        return value;
    }
    scan->bad = true;
    return 0;
}

size_t figures_write(const struct figures *figures, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    unsigned count = 0;

    for (unsigned i = 0; i < FIGURES; i++)
        count += figures->of[i] != 0;
    pen_u8(&pen, FIGURES_VERSION);
    pen_u8(&pen, count);
    for (unsigned i = 0; i < FIGURES; i++) {
        if (!figures->of[i])
            continue;
        pen_u8(&pen, i);
        pen_varint(&pen, figures->of[i]);
    }
    return (size_t)(pen.at - bytes);
}

bool figures_parse(struct span bytes, struct figures *ret_figures)
{
    struct scan scan = scan_of(bytes);
    unsigned next = 0;

    memset(ret_figures, 0, sizeof *ret_figures);
    scan_version(&scan, FIGURES_VERSION);
    for (unsigned left = scan_word(&scan, 1, FIGURES + 1); left; left--) {      /* a row of nothing is not kept */
        unsigned figure = scan_word(&scan, next, FIGURES);
        uint64_t value = scan_varint(&scan);
        if (scan.bad || !value)
            return false;
        ret_figures->of[figure] = value;
        next = figure + 1;
    }
    return scan_end(&scan);
}

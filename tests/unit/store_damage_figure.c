/* store_damage_figure.c - damages of what reports are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/store/record_figure.h"
#include "tests/unit/store_damage.h"
#include "tests/unit/store_sample.h"

static struct key figure_of_ward(void)
{
    struct key key = KEY("144", FIGURES_OF_PROCEDURE, SITE_DAY, WARD);
    key_bytes(&key, "2.000986", 8);
    return key;
}
static struct key overdue_of_officer(void)
{
    struct key key = KEY("184", FIGURES_OF_OFFICER, KEY_TIME(SITE_NOW_MS + 1000), POLICE);
    key_bytes(&key, "CB-07", 5);
    return key;
}
static void measure_put(struct raw *raw, struct measure measure)
{
    uint8_t record[RECORD_BYTES_MAX];
    raw_put(raw, TABLE_MEASURE, KEY("8", measure.dossier), span_of(record, measure_write(&measure, record)));
}
static void measure_lost(struct raw *raw) { raw_delete(raw, TABLE_MEASURE, KEY("8", SAMPLE_DOSSIER)); }
static void measure_stray(struct raw *raw) { measure_put(raw, (struct measure){ .dossier = 7, .agency = WARD }); }
static void measure_odd(struct raw *raw) { raw_change(raw, TABLE_MEASURE, KEY("8", SAMPLE_DOSSIER), 3, 1); }
static void measure_of_another(struct raw *raw)
{
    struct measure measure;
    struct span value;
    assert_true(raw_get(raw, TABLE_MEASURE, KEY("8", SAMPLE_DOSSIER), &value) && measure_parse(value, &measure));
    measure.dossier = SAMPLE_DOSSIER;
    measure.channel = 2;
    measure_put(raw, measure);
}
static void figure_lost(struct raw *raw) { raw_delete(raw, TABLE_FIGURE, figure_of_ward()); }
static void figure_moved(struct raw *raw)
{
    struct figures figures = { 0 };
    uint8_t record[RECORD_BYTES_MAX];
    struct key other = KEY("144", FIGURES_OF_PROCEDURE, SITE_DAY + 1, WARD);
    figures.of[FIGURE_RECEIVED] = 1;
    figures.of[FIGURE_PAPERS] = 2;
    key_bytes(&other, "2.000986", 8);
    raw_delete(raw, TABLE_FIGURE, figure_of_ward());
    raw_put(raw, TABLE_FIGURE, other, span_of(record, figures_write(&figures, record)));
}
static void figure_stray(struct raw *raw)
{
    struct figures figures = { 0 };
    uint8_t record[RECORD_BYTES_MAX];
    figures.of[FIGURE_STOPPED] = 1;
    raw_put(raw, TABLE_FIGURE, KEY("144", FIGURES_OF_PROCEDURE, 202601, 9),
            span_of(record, figures_write(&figures, record)));
}
static void figure_odd(struct raw *raw) { raw_change(raw, TABLE_FIGURE, figure_of_ward(), 0, 3); }
static void overdue_lost(struct raw *raw) { raw_delete(raw, TABLE_OVERDUE, overdue_of_officer()); }
static void overdue_wrong(struct raw *raw) { raw_change(raw, TABLE_OVERDUE, overdue_of_officer(), 8, 1); }
#define CASE(name, ...) { #name, name, { __VA_ARGS__ } }
const struct damage store_figure_damages[] = {
    CASE(measure_lost, "figures, RECEIVED 0|is not the sum over the dossiers",
         "figures, PAPERS 5|is not the sum over the dossiers", "overdue|is not the sum over the dossiers"),
    CASE(measure_stray, "measure of dossier 7|what it counts for is not what its record and its ending say"),
    CASE(measure_odd, "measure 0000000000000001|a row that no version explains",
         "figures, RECEIVED 0|is not the sum over the dossiers", "figures, PAPERS 5|is not the sum over the dossiers",
         "overdue|is not the sum over the dossiers"),
    CASE(measure_of_another, "measure of dossier 1|what it counts for is not what its record and its ending say",
         "figures, RECEIVED 0|is not the sum over the dossiers",
         "figures, RECEIVED_ONLINE 2|is not the sum over the dossiers"),
    CASE(figure_lost, "figures, RECEIVED 0|is not the sum over the dossiers",
         "figures, PAPERS 5|is not the sum over the dossiers"),
    CASE(figure_moved, "figures, RECEIVED 0|is not the sum over the dossiers",
         "figures, PAPERS 5|is not the sum over the dossiers"),
    CASE(figure_stray, "figure of agency 9|of an agency that is not there",
         "figures, STOPPED 23|is not the sum over the dossiers"),
    CASE(figure_odd, "figure 010134b3cb00000001322e303030393836|a row that no version explains",
         "figures, RECEIVED 0|is not the sum over the dossiers", "figures, PAPERS 5|is not the sum over the dossiers"),
    CASE(overdue_lost, "overdue|is not the sum over the dossiers"),
    CASE(overdue_wrong, "overdue|is not the sum over the dossiers"),
};
const size_t store_figure_damages_count = sizeof store_figure_damages / sizeof *store_figure_damages;

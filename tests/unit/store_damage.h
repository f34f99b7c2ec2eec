/* store_damage.h - what can be wrong with the sample of store_sample.h, one thing at a time, and how store_check() says
 * it. An expectation is "where|what in English"; the line reads "where: vi / en". */
#ifndef TESTS_UNIT_STORE_DAMAGE_H
#define TESTS_UNIT_STORE_DAMAGE_H

#include "tests/unit/store_raw.h"

enum { DAMAGE_FAULTS_MAX = 10 };

struct damage {
    const char *name;
    void (*make)(struct raw *raw);
    const char *faults[DAMAGE_FAULTS_MAX];  /* all that there are; NULL after the last */
};
extern const struct damage store_damages[];
extern const size_t store_damages_count;
/* Those of what is known of dossiers, of what reports are made of, and of blobs. */
extern const struct damage store_dossier_damages[];
extern const size_t store_dossier_damages_count;
extern const struct damage store_figure_damages[];
extern const size_t store_figure_damages_count;
extern const struct damage store_blob_damages[];
extern const size_t store_blob_damages_count;

#endif

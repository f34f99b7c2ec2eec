/* audit.h - what the parts of the auditor know of each other. */
#ifndef TESTS_CITY_AUDIT_H
#define TESTS_CITY_AUDIT_H

#include "tests/city/city.h"

enum { FAULTS_SHOWN = 3 };
enum check {
    CHECK_ACCEPTED = 0, CHECK_LOST, CHECK_DOUBLED, CHECK_STRANGE, CHECK_CHANGED, CHECK_ORDER, CHECK_GATES, CHECK_KEYS,
    CHECK_TOLD, CHECK_ENDED, CHECK_LATE, CHECK_REMINDED, CHECK_SUM, CHECK_STATUS, CHECK_DUE, CHECK_REPORT, CHECKS
};
extern const char *const check_names[CHECKS];

struct audit {
    struct city *city;
    const struct books *books;
    uint32_t *sent_from, *received_from;            /* by dossier: where its lines begin */
    uint32_t *sent_lines, *received_lines;          /* numbers of lines, by dossier, in the order of the book */
    uint64_t faults[CHECKS], shown;
    uint32_t asked;                                 /* dossiers that the gateway was asked about */
    uint32_t unasked;                               /* late ones without a letter, for a reason that it names */
};

void audit_fault(struct audit *audit, enum check check, uint32_t dossier, const char *what);
/* TRACK of every dossier, as its one-stop asks: what the gateway knows of it beside what its books say. */
void audit_gateway(struct audit *audit);
/* report.c: the gateway's own report of the half year beside the registers. */
void audit_report(struct audit *audit);
void audit_sum(struct audit *audit);
bool dossier_is_late(const struct dossier_book *book);

#endif

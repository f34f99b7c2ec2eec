/* print_late.h - what becomes of dossiers that are late, printed. */
#ifndef GATEWAY_CLI_PRINT_LATE_H
#define GATEWAY_CLI_PRINT_LATE_H

#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

json_t *json_of_ending(const Lienthong__V1__EndingView *ending);        /* null for NULL */
json_t *json_of_late(const Lienthong__V1__LateView *late);
/* The lines of a dossier; nothing for NULL. */
void print_ending(const struct cli *cli, const Lienthong__V1__EndingView *ending, int64_t due_ms);
void print_late_head(const struct cli *cli);
void print_late_row(const struct cli *cli, const Lienthong__V1__LateView *late);

#endif

/* print_dossier.h - what is known of a dossier, for people and as JSON: status, receipt, money, due dates, each with
 * who said it. A status is its statutory number; what became of a fact and where a due date is from are words. */
#ifndef GATEWAY_CLI_PRINT_DOSSIER_H
#define GATEWAY_CLI_PRINT_DOSSIER_H

#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

json_t *json_of_dossier(const Lienthong__V1__DossierView *view);        /* null for NULL */
/* Codes that two dossiers claim; nothing for none. */
void print_collisions(const struct cli *cli, Lienthong__V1__CollisionView *const *views, size_t count);
json_t *json_of_collisions(Lienthong__V1__CollisionView *const *views, size_t count);
void print_dossier(const struct cli *cli, const Lienthong__V1__DossierView *view);      /* nothing for NULL */

#endif

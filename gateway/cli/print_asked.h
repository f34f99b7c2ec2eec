/* print_asked.h - what citizens are asked for, for people and as JSON: of one dossier, and all that is open. */
#ifndef GATEWAY_CLI_PRINT_ASKED_H
#define GATEWAY_CLI_PRINT_ASKED_H

#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

json_t *json_of_asked(const Lienthong__V1__AskedView *view);
void print_asked(const struct cli *cli, const Lienthong__V1__AskedView *view);          /* of its dossier, one line */
void print_supplements_head(const struct cli *cli);
void print_supplements(const struct cli *cli, const Lienthong__V1__AdminReply *reply);  /* a page of the list */

#endif

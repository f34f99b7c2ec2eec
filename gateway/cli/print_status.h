/* print_status.h - what `lienthong status` says, for people: each fact by its Vietnamese name with the word beside it
 * that the runbook, JSON and the English output use. A fact that has no name here is shown by that word alone.
 */
#ifndef GATEWAY_CLI_PRINT_STATUS_H
#define GATEWAY_CLI_PRINT_STATUS_H

#include "gateway/cli/print.h"

void print_status(const struct cli *cli, const Lienthong__V1__AdminReply *reply);

#endif

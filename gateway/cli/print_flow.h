/* print_flow.h - the steps of a procedure that the gateway leads, as a small picture: one line a step, in the order in
 * which they come, moved to the right by those before it, with a mark in front.
 *
 *   ✓ through   ▶ somebody has it, or it is on its way   · waits   ! needs a person, or an answer   ✗ ended without a
 *   result   – not chosen
 */
#ifndef GATEWAY_CLI_PRINT_FLOW_H
#define GATEWAY_CLI_PRINT_FLOW_H

#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

json_t *json_of_flow(const Lienthong__V1__FlowView *view);                      /* null for NULL */
void print_flow(const struct cli *cli, const Lienthong__V1__FlowView *view);    /* nothing for NULL */

#endif

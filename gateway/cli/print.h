/* print.h - handoffs, events, groups and agencies for people and as JSON. The JSON names are those of the schema
 * (proto/lienthong.proto), words instead of numbers, times as RFC 3339. */
#ifndef GATEWAY_CLI_PRINT_H
#define GATEWAY_CLI_PRINT_H

#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

void print_refused(const struct cli *cli, const Lienthong__V1__Refused *refused);      /* to standard error */

json_t *json_of_handoff(const Lienthong__V1__HandoffView *view);
json_t *json_of_reply(const Lienthong__V1__AdminReply *reply);                          /* whatever is in it */

void print_handoff_row(const struct cli *cli, const Lienthong__V1__HandoffView *view);  /* one line of a list */
void print_handoff_head(const struct cli *cli);                                         /* the line above them */
/* Whole, with its events; `dossier` has the title of its step. NULL: not known. */
void print_handoff(const struct cli *cli, const Lienthong__V1__DossierView *dossier,
                   const Lienthong__V1__HandoffView *view);
void print_groups(const struct cli *cli, const Lienthong__V1__AdminReply *reply);
void print_agencies(const struct cli *cli, const Lienthong__V1__AdminReply *reply);

void print_padded(const char *text, int width);         /* in characters; never without a blank after it */
const char *state_label(const struct cli *cli, uint32_t state);         /* "chờ gửi", "READY" */
json_t *json_time(int64_t time_ms);                                     /* null for 0 */
json_t *json_hex(const ProtobufCBinaryData *data);
json_t *json_uuid(const ProtobufCBinaryData *data);                     /* "" unless 16 bytes */

#endif

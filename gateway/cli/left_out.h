/* left_out.h - the attachments that a backup or a restore goes without (--without-damaged): said one by one on standard
 * error with the agencies that have had them, listed in the JSON, and a reason for EXIT_FAULTS. */
#ifndef GATEWAY_CLI_LEFT_OUT_H
#define GATEWAY_CLI_LEFT_OUT_H

#include "gateway/cli/cli.h"
#include "gateway/store/store.h"

struct left_out_list {
    const struct cli *cli;
    json_t *list;                           /* { "sha256": hex, "agencies": [code] } */
};

/* Ends with json_decref(list). */
struct left_out_list left_out_begin(const struct cli *cli);
/* What a copy is to be told: with --without-damaged where to say it, else that nothing may be left out. */
struct left_out left_out_told(struct left_out_list *left_out);
/* DONE, or FAULTS where there is any. */
enum exit_code left_out_code(const struct left_out_list *left_out);

#endif

/* connection.h - the command line as one agency: its key, its connection, what the verbs submit, receive, track and
 * doctor share. --as CODE names the agency; its key is KEYS/CODE.secret of the site. */
#ifndef GATEWAY_CLI_CONNECTION_H
#define GATEWAY_CLI_CONNECTION_H

#include "gateway/cli/cli.h"
#include "gateway/client/lienthong.h"

/* Fills in endpoint, keys, roles and software; texts are lent by `site`. EXIT_USAGE without --as, EXIT_BROKEN for keys
 * that cannot be used; both with a message. */
enum exit_code connection_options(const struct cli *cli, const struct site *site, uint32_t roles,
                                  struct lienthong_options *ret_options);
/* `lienthong track --as`. */
enum exit_code connection_track(struct cli *cli, const char *code);
/* A problem on standard error, in the chosen language. */
void connection_complain(const struct cli *cli, const struct problem *problem);

#endif

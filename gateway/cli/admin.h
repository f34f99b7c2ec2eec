/* admin.h - questions and commands to the running gateway over its admin socket (plain ipc in a folder that only its
 * owner may enter; the gateway writes the caller's uid into the history).
 *
 * One connection per process. admin_ask() sends one Admin and waits for its AdminReply; what comes back is the
 * caller's: lienthong__v1__admin_reply__free_unpacked(reply, NULL).
 */
#ifndef GATEWAY_CLI_ADMIN_H
#define GATEWAY_CLI_ADMIN_H

#include "gateway/cli/cli.h"
#include "proto/lienthong.pb-c.h"

struct admin_line;

/* NULL with a message: no site, no socket. */
struct admin_line *admin_open(const struct cli *cli);
void admin_close(struct admin_line *line);                  /* takes NULL */
/* EXIT_DONE: *ret_reply. EXIT_REFUSED: the gateway said no; it has been printed. EXIT_UNREACHABLE with a message. */
enum exit_code admin_ask(struct admin_line *line, const Lienthong__V1__Admin *admin,
                         Lienthong__V1__AdminReply **ret_reply);
/* What a page that says `more` names as the beginning of the next one, for after_id; 0: there is none. */
uint64_t admin_next_after(const Lienthong__V1__AdminReply *reply);
/* --agency, --class, --fingerprint, --dossier, --state of the command line. False with a message. */
MUST_USE bool admin_filter(const struct cli *cli, Lienthong__V1__Filter *ret_filter, bool *ret_any);

#endif

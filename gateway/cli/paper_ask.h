/* paper_ask.h - questions to the gateway for papers, and the names of agencies, each asked for once. */
#ifndef GATEWAY_CLI_PAPER_ASK_H
#define GATEWAY_CLI_PAPER_ASK_H

#include "gateway/cli/admin.h"
#include "gateway/cli/paper.h"

struct paper_asker;

struct paper_asker *asker_open(struct cli *cli);        /* NULL with a message */
void asker_close(struct paper_asker *asker);            /* takes NULL */
/* As admin_ask(). */
enum exit_code asker_ask(struct paper_asker *asker, const Lienthong__V1__Admin *admin,
                         Lienthong__V1__AdminReply **ret_reply);
/* Learns the name of an agency; one that the directory no longer has keeps its code in its place. EXIT_REFUSED with a
 * message: nobody has ever heard of it. */
enum exit_code asker_name(struct paper_asker *asker, const char *code);
/* Those learnt so far; lent until the next asker_name(). */
/* The canonical code of an agency named by any of its codes, its name learnt. Lent as above. */
enum exit_code asker_agency(struct paper_asker *asker, const char *code, struct paper_agency *ret_agency);
const struct paper_agency *asker_agencies(const struct paper_asker *asker, size_t *ret_count);

#endif

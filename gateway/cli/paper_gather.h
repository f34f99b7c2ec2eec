/* paper_gather.h - what a paper is made from, asked of the running gateway over its admin socket.
 *
 * Only what the paper needs: facts (free of personal data) of the handoffs on it, and for one of them the words.
 * Reading words is an act with a reason, an event of that handoff, and a line in the gateway's log.
 */
#ifndef GATEWAY_CLI_PAPER_GATHER_H
#define GATEWAY_CLI_PAPER_GATHER_H

#include "gateway/cli/admin.h"
#include "gateway/cli/paper.h"

struct gathering;                       /* holds everything that its source lends */

/* A paper of a dossier. `handoff_id` 0: the newest that gives ground. EXIT_REFUSED with a message: nothing does. */
enum exit_code gather_paper(struct cli *cli, enum paper_kind kind, const char *code, uint64_t handoff_id,
                            const char *reason, struct gathering **ret_gathering);
const struct paper_source *gathered(const struct gathering *gathering);
void gathering_free(struct gathering *gathering);       /* takes NULL */

/* The greatest id of a handoff accepted before from_ms; 0: none. Their times must rise with their ids. `look` gives the
 * first handoff above an id and when it was accepted; id 0 where there is none. */
enum exit_code register_search(
    enum exit_code (*look)(void *context, uint64_t after, uint64_t *ret_id, int64_t *ret_accepted_ms),
    void *context, int64_t from_ms, uint64_t *ret_id);
/* The register of an agency, [from_ms, to_ms): the whole document. */
enum exit_code gather_register(struct cli *cli, const char *agency, int64_t from_ms, int64_t to_ms,
                               json_t **ret_paper);

#endif

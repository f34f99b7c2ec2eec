/* recent.h - which dossiers one agency has taken from us as new within ORPHAN_GRACE_MS: until then "I do not know this
 * dossier" means that its halves have not met over there.
 *
 * A fixed table of digests, so a busy agency may push an entry out early (the answer is then ORPHAN, as if it were not
 * remembered) and one in 2^64 may be taken for another. Time is an argument. */
#ifndef ADAPTERS_RUNTIME_RECENT_H
#define ADAPTERS_RUNTIME_RECENT_H

#include <stdbool.h>
#include <stdint.h>

enum { RECENT_SETS = 2048, RECENT_WAYS = 4 };

struct recent {
    struct recent_entry { uint64_t digest; int64_t at_ms; } *entries;       /* NULL until the first */
    uint8_t key[16];
    bool    keyed;                              /* once a digest has been asked for */
};

void recent_done(struct recent *recent);
void recent_move(struct recent *into, struct recent *from);     /* digests too; `into` is overwritten, `from` empty */
uint64_t recent_digest(struct recent *recent, const char *dossier_code);            /* for this table only */
void recent_add(struct recent *recent, uint64_t digest, int64_t now_ms);            /* without memory: forgets */
bool recent_has(const struct recent *recent, uint64_t digest, int64_t now_ms);

#endif

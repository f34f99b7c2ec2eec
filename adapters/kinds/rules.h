/* rules.h - what an agency's answer means, as data: one YAML file per dialect (adapters/rules), plus a short list of an
 * agency's own rules. README.md beside this file has the format and a worked example.
 *
 * Order      A chain of rule sets is tried in order: the agency's own rules, the sets that stand in front of its
 *            dialect (an API manager), the dialect, then its parents down to `any`. Inside one set codes come before
 *            prose, and what only speaks of HTTP status or form of the body comes last; inside one of these three,
 *            first match wins. The next set is asked only when no rule of this one matched.
 * Prose      is compared NFC-normalised and case-folded on both sides, with runs of blanks as one: capitals and
 *            decomposed Vietnamese match.
 * No match   is UNKNOWN, with a fingerprint made from what the answer did say.
 * Bad bytes  An answer may hold anything: NUL, invalid UTF-8, JSON cut in the middle. It is judged, never trusted.
 * Ownership  A rulebook owns its sets; struct rules copies what it needs and may outlive the book.
 * Threads    Both never change once built: any number of readers.
 */
#ifndef ADAPTERS_KINDS_RULES_H
#define ADAPTERS_KINDS_RULES_H

#include "adapters/kinds/call.h"
#include "gateway/base/yaml.h"

enum { RULE_SETS_MAX = 32, RULES_MAX = 512, CHAIN_MAX = 12, RULE_SET_NAME_SIZE = 32 };

struct rulebook;                /* every rule set of one folder */
struct rules;                   /* one agency's chain, ready to judge */

/* Reads every *.yaml of `folder`. Faults are added with file and line; the book then holds what could be read, so that
 * later checks can go on: look at faults->count before using it. NULL: the folder cannot be read, or no memory (also a
 * fault). */
struct rulebook *rulebook_open(const char *folder, struct faults *faults);
void             rulebook_close(struct rulebook *book);                     /* takes NULL */
bool             rulebook_has(const struct rulebook *book, const char *dialect);

/* The chain of one agency. `before` names sets that stand in front (may be NULL); `own_rules` is a YAML sequence of
 * rules in the form of the files, or NULL. NULL with a fault when a set is missing, a chain is circular or too long, or
 * no memory. */
struct rules *rules_build(const struct rulebook *book, const char *dialect,
                          const char *const *before, size_t before_count,
                          const struct yaml_node *own_rules, struct faults *faults);
void          rules_free(struct rules *rules);                              /* takes NULL */

/* One answer, and what has to be known of the question to judge it. */
struct question {
    enum call    call;
    enum kind    kind;                  /* 0 for a pull or a token */
    uint32_t     attempt;               /* 1; from 2 on: this call's second in a row, after a fresh token */
    enum agency_class agency_class;     /* one of the three; a pull or token that has none: CLASS_NEITHER */
    bool         recently_created;      /* our own create was acknowledged less than ORPHAN_GRACE_MS ago: an ORPHAN is
                                         * then a PREDECESSOR_MISSING, their two halves need time to meet */
    const char  *dossier_code;          /* "" unknown: then rules that say `names` take anything that looks like one */
    const char  *idempotency_key;       /* "" unknown */
    struct span  request_body;          /* what we sent, for `value_sent`; may be empty */
    struct http_answer answer;
};
#define ORPHAN_GRACE_MS (30LL * 60 * 1000)

/* Always gives a verdict or a next call. OVERTAKEN for a kind that cannot be overtaken (all but PROGRESS, URGE, RATING)
 * is given as REFUSED. Out of memory is UNKNOWN with the fingerprint "adapter-memory". */
void rules_judge(const struct rules *rules, const struct question *question, struct judgement *ret_judgement);

#endif

/* schema.h - every table of the store, once: key, value, who writes it, who reads it, and how its new rows come.
 *
 * Keys     big-endian, so that the order of bytes is the order of numbers; a signed time has its sign bit flipped.
 * Values   records are those of records.h; numbers in values are little-endian; "-" is an empty value. A sealed value
 *          is what seal.h says; the table's name and its key are bound into it.
 * Rows     last: a new row comes after all others, so that inserting appends (full pages, no splits). any: it lands
 *          anywhere, which costs about three times the page writes and cannot be helped. prefix: mostly last among the
 *          rows of its prefix. few: does not matter.
 * No MDB_DUPSORT anywhere. The names stand on disk: never rename, never reuse; the numbers stand in the journal: a new
 * table comes last. The broker writes, inside a turn;
 * console, backup and check-store read.
 *
 *  name            key                                       value                      written at > read at     rows
 *  meta            name                                      below                      end of turn > start      few
 *  agency          agency u32                                its code                   first sight > everywhere last
 *  agency-code     code                                      agency u32                 first sight > submit     any
 *  agency-state    agency u32                                struct agency_state        offer, outcome > offer   few
 *  count           agency u32, state u8                      u64, never 0               end of turn > offer      few
 *  dossier         dossier u64                               its first code             submit > track           last
 *  dossier-code    code or alias                             dossier u64                submit > submit, track   any
 *  dossier-handoff dossier u64, handoff u64                  -                          submit > track, withdraw any
 *  handoff         handoff u64                               struct handoff             moves > everywhere       last
 *  body            handoff u64                               sealed: u32 size of the header, header, payload
 *                                                                                       submit, purge > deliver  last
 *  dedupe          sender u32, message id 16                 handoff u64                submit, purge > submit   prefix
 *  lane            dossier u64, addressed u32, place u64     handoff u64                moves > offer            any
 *  ready           recipient u32, class u8, due i64, handoff u64  -
 *                                                                                       moves > offer            any
 *  timer           due i64, what u8, id u64                  -                          moves > tick             prefix
 *  offered         session u64, handoff u64                  -                          offer, outcome > loss    any
 *  gate            sender u32, message id 16, dependant u64  -                          submit, result > same    any
 *  antecedent      dependant u64, message id 16              struct antecedent          submit, result > deliver prefix
 *  event           event u64                                 struct event               every step > track       last
 *  detail          event u64                                 sealed: the words          step, purge > explain    last
 *  feed            agency u32, event u64                     -                          every step > notices     prefix
 *  follow          agency u32                                event u64                  NOTICE_ACK > notices     few
 *  chain           turn u64                                  struct chain_link          end of turn > auditor    last
 *  failed          recipient u32, class u8, fingerprint u64, handoff u64  -
 *                                                                                       moves > operator         any
 *  fail-group      recipient u32, class u8, fingerprint u64  struct fail_group          moves > operator         few
 *  checkpoint      handoff u64                               sealed: the value          CHECKPOINT > deliver     prefix
 *  cursor          agency u32, name                          the value                  CURSOR > same            few
 *  blob            sha256 32, agency u32                     -                          upload, offer > submit   any
 *  directory       version u32                               sha256 32, canonical bytes SIGHUP > auditor         few
 *  dossier-state   dossier u64                               struct dossier             submit, delivered > track any
 *  money           dossier u64, component                    struct money               submit > track           any
 *  provisional     year u32, dossier u64                     -                          submit > calendar loaded any
 *  unreceived      recipient u32, delivered i64, handoff u64 -                          tick, receipt > operator any
 *  ending          dossier u64                               struct ending              told, tick > tick, report any
 *  asked           dossier u64, request u64                  struct asked               submit, tick > submit, tick any
 *  asked-open      answer_by i64, request u64                -                          submit, tick > operator  any
 *  flow            dossier u64                               struct flow                submit, answer > track   any
 *  measure         dossier u64                               struct measure             told, ended > same, report any
 *  figure          of u8, period u32, agency u32, name       struct figures, never 0    end of turn > report     any
 *  overdue         of u8, moment i64, agency u32, name       two i64, never both 0      told, ended > report     any
 *  late            agency u32, due i64, dossier u64          -                          tick, told > operator   any
 *  unanswered      urged u32, delivered i64, handoff u64     -                          tick, answer > operator any
 *  asked-provisional  year u32, request u64  -                          submit > calendar loaded   any
 *  collision       dossier u64, handoff u64                  a code                     submit > track           any
 *  unknown-code    agency u32, code                          struct unknown_code        submit > operator          few
 *  sealed          day u32 (YYYYMMDD)                        u64: sealed rows and blobs, never 0
 *                                                                                       end of turn > key drop   few
 *  blob-record     sha256 32                                 struct blob                upload, submit > same    any
 *  blob-file       file u64                                  sha256 32                  upload, purge > purge    any
 *  attached        handoff u64, sha256 32                    -                          submit, purge > offer    prefix
 *
 * blob: who may name and read it: those who uploaded it, or were delivered it. Up to schema 3 nobody wrote that table.
 * figure, overdue: `of` is an enum figures_of, `name` the code of a procedure (empty: none was said) or of an officer;
 * a period is a month, YYYYMM, or a day, YYYYMMDD, so that all months come before all days.
 */
#ifndef GATEWAY_STORE_SCHEMA_H
#define GATEWAY_STORE_SCHEMA_H

#include <stdbool.h>

enum table {
    TABLE_META, TABLE_AGENCY, TABLE_AGENCY_CODE, TABLE_AGENCY_STATE, TABLE_COUNT, TABLE_DOSSIER, TABLE_DOSSIER_CODE,
    TABLE_DOSSIER_HANDOFF, TABLE_HANDOFF, TABLE_BODY, TABLE_DEDUPE, TABLE_LANE, TABLE_READY, TABLE_TIMER, TABLE_OFFERED,
    TABLE_GATE, TABLE_ANTECEDENT, TABLE_EVENT, TABLE_DETAIL, TABLE_FEED, TABLE_FOLLOW, TABLE_CHAIN, TABLE_FAILED,
    TABLE_FAIL_GROUP, TABLE_CHECKPOINT, TABLE_CURSOR, TABLE_BLOB, TABLE_DIRECTORY, TABLE_SEALED,
    TABLE_DOSSIER_STATE, TABLE_MONEY, TABLE_PROVISIONAL, TABLE_UNRECEIVED, TABLE_ENDING,
    TABLE_ASKED, TABLE_ASKED_OPEN,
    TABLE_FLOW,
    TABLE_MEASURE, TABLE_FIGURE, TABLE_OVERDUE, TABLE_LATE, TABLE_UNANSWERED,
    TABLE_ASKED_PROVISIONAL, TABLE_COLLISION, TABLE_UNKNOWN_CODE,
    TABLE_BLOB_RECORD, TABLE_BLOB_FILE, TABLE_ATTACHED,
    TABLES                  /* how many */
};

/* Which LMDB call is tried first for a put. Only speed depends on it. */
enum table_habit {
    HABIT_INSERT,           /* the row is usually not there yet */
    HABIT_APPEND,           /* usually not there yet, and after all others */
    HABIT_UPDATE,           /* usually there already; when not, then after all others */
};

struct table_info {
    const char      *name;
    enum table_habit habit;
    bool             sealed;
};
extern const struct table_info table_infos[TABLES];

/* TABLE_META: "schema" -> u32, readable in every version for ever; "counters" -> see counters.h; "restored" -> see
 * restored.h, only in a store that came back from a backup. */
#define META_SCHEMA_KEY "schema"
#define META_RESTORED_KEY "restored"
#define META_COUNTERS_KEY "counters"

/* The oldest schema that a writer brings up to STORE_SCHEMA: 1 had no tables from dossier-state on, 2 none
 * from ending on, 3 none from blob-record on. */
enum { SCHEMA_OLDEST = 1 };

/* Ready rows have at most this many lane classes; what they mean is the core's business. */
enum { READY_CLASSES = 16 };

#endif

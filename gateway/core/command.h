/* command.h - everything that can change the state of the gateway: what a turn is made of.
 *
 * A command owns nothing: spans and strings are lent by whoever built it (a frame, a test) and live until its turn is
 * committed or aborted. `session` is the broker's number of the connection it came from, 0 for commands of the broker
 * itself; `correlation` is the asker's. Both stand again in the effects that answer it.
 * Everything an outsider said has been parsed and bounded by gateway/wire, but not judged: that is the core's.
 */
#ifndef GATEWAY_CORE_COMMAND_H
#define GATEWAY_CORE_COMMAND_H

#include "gateway/base/hash.h"
#include "gateway/base/limits.h"
#include "gateway/base/uuid.h"
#include "gateway/base/words.h"
#include "gateway/core/tables.h"
#include "gateway/store/record_dossier.h"

enum command_kind {
    COMMAND_START = 1,      /* after the broker came up: no session lives. Repeated while it answers EFFECT_AGAIN */
    COMMAND_TICK,           /* the first timer that is due */
    COMMAND_SUBMIT,
    COMMAND_OFFER,          /* a receiver can take n more */
    COMMAND_OUTCOME,
    COMMAND_CHECKPOINT,
    COMMAND_CURSOR,
    COMMAND_NOTIFY,         /* a follower can take n more notices */
    COMMAND_NOTICE_ACK,
    COMMAND_TRACK,
    COMMAND_SESSION_LOST,   /* repeated while it answers EFFECT_AGAIN */
    COMMAND_BREAKER,        /* the breaker of an agency opened: the answers that opened it cost no attempt */
    COMMAND_ADMIN,
    COMMAND_DIRECTORY,      /* alone in its turn: a directory takes force */
    COMMAND_RESTORE,        /* the store came back from a backup. Repeated while it answers EFFECT_AGAIN */
    COMMAND_TAKEOVER,       /* successors take over. Repeated from where EFFECT_AGAIN says while it answers so */
    COMMAND_BLOB,           /* the thread of blobs asks, or tells */
    COMMAND_END
};

struct submit_after { struct uuid message_id; enum until until; };

struct facts_money { char component[MONEY_CODE_SIZE]; int64_t owed, paid; };
/* How many of its components there are, how many of them digitised, and how many taken from an earlier dossier. */
struct facts_papers { uint32_t count, digitised, reused; };
/* What the citizen said: how he was treated and whether the cost was plain, 1 to 5, and how often he had to come. */
struct facts_rating { uint32_t attitude, cost, trips; };
/* What a handoff says of its dossier; 0 and "": not said. Free of personal data. */
struct facts {
    enum status status;
    char     partner_status[PARTNER_STATUS_SIZE];       /* the partner's own word; the directory's maps know it */
    uint32_t channel;
    char     procedure_version[VERSION_TEXT_SIZE];
    int64_t  received_ms;
    const struct facts_money *money;
    uint32_t money_count;                   /* at most MONEY_MAX */
    const char (*chosen)[STEP_NAME_SIZE];   /* optional steps that are wanted */
    uint32_t chosen_count;                  /* at most CHOSEN_STEPS_MAX */
    char     officer_from[OFFICER_SIZE], officer_to[OFFICER_SIZE];      /* codes */
    struct facts_papers papers;
    bool     has_rating;
    struct facts_rating rating;
};

/* A Header, as far as the core reads it. Texts are zero-terminated, valid UTF-8, within their bounds. */
struct submit {
    bool        has_message_id;             /* 16 bytes were there; version and time are judged by the core */
    struct uuid message_id;
    char sender[AGENCY_CODE_SIZE], recipient[AGENCY_CODE_SIZE];
    char dossier_code[DOSSIER_CODE_SIZE], procedure_code[PROCEDURE_CODE_SIZE], step[STEP_NAME_SIZE];
    uint32_t    kind;                       /* as it came: may be no enum kind */
    int64_t     source_time_ms, due_ms;     /* 0 not stated */
    uint64_t    sequence, parent;
    uint32_t    after_count, alias_count, attachment_count;     /* of the lists at the end */
    char        area[AREA_CODE_SIZE];       /* of the dossier; "" not said */
    uint64_t    accepted_as;                /* the id that its sender was given for it in an earlier epoch; 0 none */
    struct hash content_hash;
    const struct facts *facts;              /* NULL: it says nothing of its dossier but perhaps due_ms */
    struct span header, payload;            /* as they came */
    bool        has_cursor;                 /* committed with this message or not at all */
    struct cursor_set { struct span name, value, expected; bool set; } cursor;
    /* Behind their counts nothing is ever written, cleared or copied: they are the larger part, and mostly empty. */
    struct submit_after after[AFTER_MAX];
    char        aliases[ALIASES_MAX][DOSSIER_CODE_SIZE];
    struct hash attachments[ATTACHMENTS_MAX];
    uint64_t    attachment_sizes[ATTACHMENTS_MAX];      /* 0 not said */
};

struct offer {
    uint64_t session;                       /* whose DELIVERs these become */
    uint32_t most;                          /* at most OFFER_MAX */
    uint32_t kinds;                         /* KIND_BIT()s that this receiver announced */
    int64_t  stamp_ms;                      /* of its last PING; goes into every DELIVER */
    bool     probe;                         /* the breaker is half open: one, and its failure costs no attempt */
    size_t   bytes_max;                     /* ends with the body that reaches this; 0: as the turn has room */
};

struct outcome {
    uint64_t     handoff;
    uint32_t     attempt;
    enum verdict verdict;                   /* 0: a word we do not know, judged as UNKNOWN */
    enum scope   scope;                     /* 0 none */
    struct span  detail;                    /* sealed, never logged */
    char         agency_ref[AGENCY_REF_SIZE], field[128], value[128], fingerprint[96];
    int64_t      retry_after_ms;            /* 0 none */
    bool         never_sent;
    bool         uncharged;                 /* the breaker is open or half open: costs no attempt */
    bool         has_content_hash;
    struct hash  content_hash;              /* of what was delivered */
};

/* One of the verbs of verb.h, with what it was given. Empty texts and zeros: not given. */
struct admin {
    char     verb[32];
    uint32_t uid;                           /* who: the peer of the admin socket */
    uint64_t handoff;
    char     code[DOSSIER_CODE_SIZE];       /* a dossier code, or an agency code */
    struct admin_filter {
        char agency[AGENCY_CODE_SIZE];
        enum fail_class fail_class;
        char fingerprint[96];
        char dossier_code[DOSSIER_CODE_SIZE];
        enum state state;                   /* 0: FAILED */
    } filter;
    char     reason[REASON_BYTES_MAX + 1], case_number[64];
    enum behind behind;                     /* 0: RELEASE */
    char     to[AGENCY_CODE_SIZE];
    bool     dry_run, fresh_key;
    uint64_t after;                         /* paging: only ids above */
    uint32_t limit;                         /* 0: PAGE_MAX */
    uint64_t covered_seq;
    int64_t  due_ms;                        /* sign: the new date */
    char     reason_code[REASON_CODE_SIZE], officer[OFFICER_SIZE];
};

/* PUT, KEEP, GET: of an agency. FIND: of the folder itself, with `sha256` and `file` of a file in it. */
enum blob_about { BLOB_PUT = 1, BLOB_KEEP, BLOB_GET, BLOB_FIND };
struct blob_ask {
    enum blob_about about;
    struct hash sha256;
    uint64_t size;                          /* PUT, KEEP */
    uint64_t file;                          /* KEEP, FIND; never 0 */
    uint32_t day;                           /* KEEP: whose key seals it, as PUT was told */
    bool     anew;                          /* PUT, KEEP: the file that is on record cannot be read; it is replaced */
};

struct command {
    enum command_kind kind;
    uint64_t session, correlation;
    const struct agency *agency;            /* whose session it is; NULL for START, TICK, SESSION_LOST, ADMIN, ... */
    union {
        struct submit submit;
        struct offer offer;
        struct outcome outcome;
        struct checkpoint { uint64_t handoff; uint32_t attempt; struct span value; } checkpoint;
        struct cursor_set cursor;
        struct notify { uint64_t after; uint32_t most; bool from_cursor; } notify;  /* from_cursor: where it stopped */
        uint64_t acknowledged;              /* NOTICE_ACK: up to this event */
        struct track { char code[DOSSIER_CODE_SIZE]; } track;
        uint64_t lost;                      /* SESSION_LOST: the session */
        struct breaker { const uint64_t *handoffs; uint32_t count; } breaker;
        struct admin admin;
        struct takeover { uint32_t agency; unsigned lane_class; int64_t due_ms; uint64_t handoff; } takeover;
        struct blob_ask blob;
        struct directory_change { const struct tables *tables; struct span bytes; uint32_t uid; } directory;
    };
};

/* The arms of the union differ much in size, and there are two commands in the life of every handoff: only the arm of
 * its kind is cleared (kind set, all else zero) or copied. */
void command_begin(struct command *ret_command, enum command_kind kind);
void command_copy(struct command *ret_command, const struct command *command);

#endif

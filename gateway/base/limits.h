/* limits.h - every bound of the gateway, once, and the bounds arguing with each other.
 * What an administrator may set has its default and range in the options tables; here is what the code relies on. */
#ifndef GATEWAY_BASE_LIMITS_H
#define GATEWAY_BASE_LIMITS_H

enum {
    /* text, in bytes, the ending zero byte included where the name ends in _SIZE */
    AGENCY_CODE_SIZE = 48,              /* "H29.07.01", "000.00.07.H29" */
    AGENCY_NAME_SIZE = 160,
    AREA_CODE_SIZE = 32,                /* "79.778.27475" */
    DOSSIER_CODE_SIZE = 65,             /* 64 bytes: domain.md 2.1 */
    PROCEDURE_CODE_SIZE = 40,           /* "2.000986", "3.000181.000.00.00.H22" */
    STEP_NAME_SIZE = 40,
    CONTENT_TYPE_SIZE = 80,
    TRACEPARENT_SIZE = 56,              /* W3C: 55 characters */
    CURSOR_NAME_SIZE = 64,
    CURSOR_VALUE_BYTES_MAX = 512,
    REASON_BYTES_MAX = 512,             /* what an operator types, what an agency answered, cut at a character */
    IDEMPOTENCY_KEY_SIZE = 96,
    AGENCY_REF_SIZE = 128,              /* the agency's own number for what it took */
    UNKNOWN_CODES_MAX = 32,             /* of one agency, each counted by itself; all others together */
    PARTNER_STATUS_SIZE = 64,           /* a partner's own word for where a dossier stands */
    MONEY_CODE_SIZE = 48,               /* Money.component */
    OFFICER_SIZE = 64,                  /* Facts.officer_from, officer_to: codes, never names */
    REASON_CODE_SIZE = 64,              /* Facts.reason_code */

    /* counts in one message: checked before anything is allocated */
    AFTER_MAX = 8,
    ALIASES_MAX = 8,
    ATTACHMENTS_MAX = 32,
    COMPONENTS_MAX = 64,
    MONEY_MAX = 16,
    CHOSEN_STEPS_MAX = 16,
    INPUTS_MAX = AFTER_MAX,

    /* of one dossier */
    BRANCHES_MAX = 16,                  /* FORWARDs that somebody still reports of: as many as a procedure has steps */
    RATING_MAX = 5,                     /* what a citizen may give, from 1 on */
    TRIPS_MAX = 99,                     /* how often he says that he had to come */
    PAUSES_MAX = 32,                    /* times that its clock stood */
    DOSSIER_MONEY_MAX = 32,             /* components with money */
    FLOW_STEPS_MAX = 16,                /* steps of its procedure */

    /* sizes */
    HEADER_BYTES_MAX = 16 << 10,
    BODY_BYTES_MAX = 256 << 10,         /* a larger LMDB value in a fragmented map costs tens of ms a turn */
    RESULT_BYTES_MAX = 60 << 10,        /* a RESULT may become the input of up to AFTER_MAX later steps */
    CHECKPOINT_BYTES_MAX = 4 << 10,
    FRAME_BYTES_MAX = 1 << 20,
    BATCH_FRAMES_MAX = 256,             /* frames inside one BATCH */
    BATCH_TAKEN_MAX = 32,               /* ... that an agency may send us: frames of others come in between */
    BATCH_BYTES_MAX = 256 << 10,        /* what we fill a BATCH up to; one that is read may be as long as any frame */
    PEER_QUEUE_BYTES_MAX = 8 << 20,     /* high-water mark x FRAME_BYTES_MAX */
    PEER_QUEUE_FRAMES = PEER_QUEUE_BYTES_MAX / FRAME_BYTES_MAX,
    BLOB_QUEUE_BYTES_MAX = 2 << 20,     /* the same on the socket for blobs: 31 chunks */
    BLOB_UNREAD_MS = 30 * 1000,         /* what a peer there does not read for so long ends its connection */

    /* attachments */
    BLOB_BYTES_MAX = 1 << 30,
    BLOB_PIECE_BYTES = 64 << 10,        /* a chunk on the wire, a sealed piece in the file */
    BLOB_FRAME_BYTES_MAX = BLOB_PIECE_BYTES + (2 << 10),
    BLOB_WINDOW = 16,                   /* chunks of a transfer that may be under way */
    BLOB_PACE_US = 4000,                /* while somebody asks one by one, a piece in so long: 16 MiB a second */
    BLOB_TRANSFERS_MAX = 64,
    BLOB_TRANSFERS_OF_KEY_MAX = 4,

    /* one turn */
    TURN_COMMANDS_MAX = 512,
    TICKS_MAX = TURN_COMMANDS_MAX / 4,  /* things that are due by now, done in one turn */
    TURN_COMMAND_BYTES_MAX = 1 << 20,   /* so that a consensus log can carry a turn as one entry */
    FLOW_BODIES_MAX = 1 << 20,          /* header and payload of a submission, times the steps it starts */
    TURN_EFFECT_BYTES_MAX = 4 << 20,
    OFFER_MAX = 64,                     /* handoffs one OFFER command may pick */
    NOTIFY_MAX = 64,                    /* notices one NOTIFY command may pick */
    PAGE_MAX = 256,                     /* rows in one answer to an operator or in one timeline */
    GATE_WALK_MAX = 256,                /* handoffs looked at when searching for a cycle */
    LANE_WALK_MAX = 64,                 /* lane members looked at for the earliest due date behind a head */
    READY_WALK_MAX = 256,               /* heads looked at by one OFFER (kinds the receiver did not announce) */

    /* people and machines */
    AGENCIES_MAX = 4096,
    AGENCY_KEYS_MAX = 2,
    AGENCY_ALIASES_MAX = 4,
    PERMITS_MAX = 4096,
    SESSIONS_MAX = 4096,
    CREDIT_MAX = 1024,                  /* offers open with one session */
};

/* times */
#define ID_AGE_MS_MAX           (90LL * 24 * 3600 * 1000)      /* promise 2: a message id is remembered this long */
#define ID_FUTURE_MS_MAX        (5LL * 60 * 1000)
#define SOURCE_FUTURE_MS_MAX    (5LL * 60 * 1000)
#define RECEIVED_FUTURE_MS_MAX  (24LL * 3600 * 1000)           /* facts.received_ms beyond the next working time */
#define HOLIDAY_MS_MAX          (10LL * 24 * 3600 * 1000)      /* days off in a row that a missing calendar may hold */
#define CLOCK_APART_MS_MAX      (5LL * 60 * 1000)              /* gateway time follows the wall clock within this */
#define BLOB_UNUSED_MS          (7LL * 24 * 3600 * 1000)       /* an upload that no handoff has named is kept so long */
#define CLOCK_GAP_MS_MAX        (7LL * 24 * 3600 * 1000)       /* at start: a larger gap stops statutory effects */

_Static_assert(BODY_BYTES_MAX + HEADER_BYTES_MAX + INPUTS_MAX * (RESULT_BYTES_MAX + 512) + CHECKPOINT_BYTES_MAX + 8192
                   <= FRAME_BYTES_MAX, "the largest DELIVER fits into one frame");
_Static_assert(BODY_BYTES_MAX + HEADER_BYTES_MAX + 4096 <= TURN_COMMAND_BYTES_MAX,
               "the largest SUBMIT fits into a turn");
_Static_assert(TURN_EFFECT_BYTES_MAX >= 2 * FRAME_BYTES_MAX, "a turn can always say something");

#endif

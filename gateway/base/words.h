/* words.h - the closed vocabularies of the field (design: section 2, 5, 8), their names and their numbers.
 *
 * The numbers stand on disk and on the wire: never renumber, never reuse. 0 is never a valid value, so that a field
 * that was not set cannot be mistaken for one that was. x_name() gives the upper-case word used in logs, JSON, YAML
 * and on the wire's prose; x_read() is its inverse (case-sensitive), 0 for an unknown word.
 */
#ifndef GATEWAY_BASE_WORDS_H
#define GATEWAY_BASE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* What a handoff is about. */
enum kind {
    KIND_FORWARD = 1, KIND_PROGRESS, KIND_SUPPLEMENT_REQUEST, KIND_SUPPLEMENT, KIND_CORRECTION_REQUEST,
    KIND_FINANCIAL_OBLIGATION, KIND_PAYMENT, KIND_REFUSAL, KIND_WITHDRAWAL, KIND_STOP, KIND_RESULT, KIND_RETURNED,
    KIND_RECALL, KIND_SEND_BACK, KIND_APOLOGY, KIND_URGE, KIND_CONSULT, KIND_OPINION, KIND_RATING,
    KIND_END                    /* one past the last */
};
#define KIND_BIT(kind) (1u << (kind))
#define KINDS_ALL ((1u << KIND_END) - 2u)

/* Where a handoff stands on its way to the other system. The picture of the moves is in core/handoff.h. */
enum state {
    STATE_HELD = 1,             /* an earlier step or handoff is missing, or on hold: says which */
    STATE_READY,                /* may be offered */
    STATE_OFFERED,              /* attempt n is with a session; stored before the DELIVER left */
    STATE_WAITING,              /* until due_ms */
    STATE_UNSURE,               /* perhaps done: ask, or wait for a person; never resent blindly */
    STATE_FAILED,               /* a person is needed: class and fingerprint */
    STATE_DELIVERED,            /* final */
    STATE_CLOSED,               /* final: by a named person or a stated rule */
    STATE_END
};
bool state_is_final(enum state state);

/* What an adapter says of one attempt. */
enum verdict {
    VERDICT_DELIVERED = 1, VERDICT_ALREADY_THERE, VERDICT_OVERTAKEN, VERDICT_LATER, VERDICT_PREDECESSOR_MISSING,
    VERDICT_ORPHAN, VERDICT_BAD_DATA, VERDICT_MISCONFIGURED, VERDICT_REFUSED, VERDICT_UNSURE, VERDICT_UNKNOWN,
    VERDICT_END
};

/* How far a MISCONFIGURED reaches. */
enum scope { SCOPE_MAPPING = 1, SCOPE_AGENCY, SCOPE_LOGIN, SCOPE_END };

/* Why a handoff stands in the failed list; each class has one owner and one next step. */
enum fail_class {
    FAIL_BAD_DATA = 1,          /* the sender corrects and hands off again */
    FAIL_ORPHAN,                /* the agency does not know the dossier */
    FAIL_MAPPING,               /* our mapping holds a wrong value: fix, then replay the group */
    FAIL_EXHAUSTED,             /* the attempts or the time for them are used up */
    FAIL_UNKNOWN_ANSWER,        /* answers that no rule knows: teach a rule, then replay */
    FAIL_PREDECESSOR,           /* an antecedent never came, or ended without a result */
    FAIL_ADAPTER,               /* the adapter went silent or was lost over and over */
    FAIL_CLASS_END
};

/* What the other side is like when we do not know whether it acted. */
enum agency_class {
    CLASS_IDEMPOTENT = 1,       /* takes an idempotency key: sent again */
    CLASS_PROBE,                /* can be asked: asked first */
    CLASS_NEITHER,              /* never an automatic second POST */
    CLASS_END
};

enum agency_kind {
    AGENCY_WARD = 1, AGENCY_DISTRICT, AGENCY_DEPARTMENT, AGENCY_SECTOR, AGENCY_ONE_STOP, AGENCY_KIND_END
};

/* What a connection may do. Bits. */
enum role { ROLE_SENDER = 1, ROLE_RECEIVER = 2, ROLE_OPERATOR = 4 };

/* The business answer, apart from the delivery state: promise of design section 2. */
enum answer {
    ANSWER_REFUSED = 1, ANSWER_RESULT, ANSWER_OVERTAKEN,
    ANSWER_SENT_BACK,           /* to the wrong agency: its step has not ended, and goes to another one */
    ANSWER_END
};

/* When the antecedent named in after[] is done. */
enum until { UNTIL_RESULT = 1, UNTIL_DELIVERED, UNTIL_END };

/* What happens to those behind a closed or redirected one in its lane. */
enum behind { BEHIND_RELEASE = 1, BEHIND_CLOSE, BEHIND_TAKE_ALONG, BEHIND_END };

/* Why a state changed: one word per arrow of the picture, plus facts that change no state. Kept in every event. */
enum cause {
    CAUSE_ACCEPTED = 1, CAUSE_GATE_OPENED, CAUSE_OFFERED, CAUSE_OUTCOME, CAUSE_WAIT_OVER, CAUSE_LEASE_LAPSED,
    CAUSE_SESSION_LOST, CAUSE_BROKER_STARTED, CAUSE_LIMIT_REACHED, CAUSE_PREDECESSOR_ENDED, CAUSE_PREDECESSOR_ABSENT,
    CAUSE_CORRECTED, CAUSE_WITHDRAWN, CAUSE_REFUNDED, CAUSE_RESULT_CAME,
    CAUSE_REPLAYED, CAUSE_CLOSED_BY_OPERATOR, CAUSE_REDIRECTED, CAUSE_REDIRECT_CHILD, CAUSE_HOLD, CAUSE_RELEASE,
    CAUSE_AGENCY_PAUSED, CAUSE_AGENCY_RELEASED, CAUSE_PURGED, CAUSE_DIRECTORY_APPLIED,
    CAUSE_LATE_OUTCOME,         /* an outcome for an attempt that no longer counts: kept, changes nothing */
    CAUSE_CLOCK_CONFIRMED,      /* an operator: the wall clock is right */
    CAUSE_RESTORED,             /* the store came back from a backup: what happened since is not known */
    CAUSE_SUCCEEDED,            /* the agency it waits for was succeeded by another */
    CAUSE_RECEIVED,             /* business receipt: somebody at the other side has taken the dossier in hand */
    CAUSE_UNRECEIVED,           /* none came in time: it is there, and nobody has taken it */
    CAUSE_DUE_RECOMPUTED,       /* a calendar that was missing is there now */
    CAUSE_OPENED,               /* an operator read what it says, for a paper */
    CAUSE_ANSWER_CAME,          /* the citizen's answer to a request: SUPPLEMENT, PAYMENT */
    CAUSE_ANSWER_LEFT,          /* the answer to a request is not waited for any more: its step went on, or ended */
    CAUSE_ANSWER_REMINDED,      /* soon nobody will wait for the answer any longer */
    CAUSE_ANSWER_OVERDUE,       /* no answer came in time: it is proposed to stop, a person decides */
    CAUSE_COPIED,               /* a copy goes to another agency as well, or says why it cannot */
    CAUSE_RECALLED,             /* the result that it had, or waits behind, was taken back by who gave it */
    CAUSE_SENT_ON,              /* sent back by the wrong agency, and handed on to another one */
    CAUSE_APOLOGY_ASKED,        /* it will hardly be in time: its holder is asked for reason, new date and signer */
    CAUSE_APOLOGY_NOT_ASKED, CAUSE_APOLOGY_UNDETERMINED, CAUSE_APOLOGY_BRAKED,
    CAUSE_APOLOGY_SIGNED,       /* ... through the console */
    CAUSE_APOLOGY_CANCELLED,    /* it is not owed: in time after all, or due later by now */
    CAUSE_LATE,                 /* unsigned when due, or the new date has passed too: others are told */
    CAUSE_GIVEN_UP,             /* a reminder that cannot be delivered */
    CAUSE_UNANSWERED,           /* an URGE had no answer in time */
    CAUSE_ANSWERED,             /* ... and has one now */
    CAUSE_ANSWER_BY_RECOMPUTED, /* a calendar that was missing is there: by when an answer is expected may have moved */
    CAUSE_END
};

/* ---- what the dossier itself is about, apart from the way of a handoff */

/* Statutory, as the national portal numbers them. Never compared as numbers: core/status.h judges. */
enum status {
    STATUS_REGISTERED = 1,      /* Mới đăng ký */
    STATUS_ACCEPTED,            /* Được tiếp nhận: the clock starts */
    STATUS_NOT_ACCEPTED,        /* Không được tiếp nhận; final */
    STATUS_IN_PROCESS,          /* Đang xử lý */
    STATUS_SUPPLEMENT,          /* Yêu cầu bổ sung giấy tờ: the clock stands */
    STATUS_PAYMENT,             /* Yêu cầu thực hiện nghĩa vụ tài chính: the clock stands */
    STATUS_WITHDRAWN,           /* Công dân yêu cầu rút hồ sơ */
    STATUS_STOPPED,             /* Dừng xử lý; final */
    STATUS_DONE,                /* Đã xử lý xong: the clock stops */
    STATUS_RETURNED,            /* Đã trả kết quả; final */
    STATUS_END
};

/* What became of a fact about a dossier's status. The first two changed it; the others are kept and shown. */
enum judged {
    JUDGED_APPLIED = 1,
    JUDGED_GAP,                 /* applied, and what must lie between was never told: không báo cáo */
    JUDGED_OLDER,               /* kept: by source time and sequence there is a later one */
    JUDGED_FINAL,               /* kept: out of 3, 8, 10 only a RECALL leads */
    JUDGED_NOT_OWNER,           /* kept: another body owns the stage */
    JUDGED_UNKNOWN_CODE,        /* kept: no map knows the partner's code */
    JUDGED_NO_STATUS,           /* kept: the map says that the code is no status: "it arrived" */
    JUDGED_END
};
bool judged_applied(enum judged judged);

/* Where a due date comes from. */
enum due_source {
    DUE_ONE_STOP = 1,           /* stated by who received the dossier: the paper that the citizen holds */
    DUE_AGENCY,                 /* stated by an agency that may move it */
    DUE_COMPUTED,               /* by the engine, because nobody stated one */
    DUE_PROVISIONAL,            /* the same, but a year of the calendar is missing */
    DUE_SOURCE_END
};

/* The apology that the citizen of a late dossier is owed. Only a signed one goes to him. */
enum apology {
    APOLOGY_ASKED = 1,          /* a draft is with the holder: why, until when, who signs */
    APOLOGY_BRAKED,             /* too many at once: a person lets it go */
    APOLOGY_UNDETERMINED,       /* chưa xác định: the holder's feed is stale, perhaps it is in time. Nothing was sent */
    APOLOGY_NOT_ASKED,          /* it cannot be asked for: the event says why */
    APOLOGY_SIGNED,             /* signed, and handed off to the one-stop */
    APOLOGY_CANCELLED,          /* the result was in time after all */
    APOLOGY_END
};

/* Why no apology was asked for. */
enum unasked {
    UNASKED_NO_HOLDER = 1,      /* no other agency holds it: it is with the one-stop itself */
    UNASKED_UNDELIVERED,        /* it has not reached its holder: the gateway's or the sender's trouble */
    UNASKED_NOT_PERMITTED,      /* no permit lets the one that opened it ask its holder */
    UNASKED_NO_AGENCY,          /* one of the two is no longer in the directory */
    UNASKED_OVER,               /* it had ended, late, before it could be asked for */
    UNASKED_FAILED,             /* it was asked for, and the request could not be delivered */
    UNASKED_REFUSED,            /* the request could not be made for another reason; the event says which */
    UNASKED_END
};

/* What became of a request to the citizen. */
enum asking {
    ASKING_OPEN = 1,            /* the answer is waited for, and the clock stands */
    ASKING_ANSWERED,
    ASKING_LEFT,                /* without the whole answer: the step went on or ended, or the request was taken back */
    ASKING_END
};

/* Where a step of an interlinked procedure stands, as it is shown. Derived, never stored. */
enum flow_state {
    FLOW_NOT_CHOSEN = 1,        /* optional, and not wanted for this dossier */
    FLOW_WAITS,                 /* for steps before it */
    FLOW_CITIZEN,               /* the citizen's turn: to pay, to confirm */
    FLOW_COMING,                /* on its way to its agency */
    FLOW_AT_WORK,               /* with its agency */
    FLOW_DONE,
    FLOW_REFUSED,               /* ended without a result */
    FLOW_SENT_BACK,             /* by the wrong agency: to be handed on to another one */
    FLOW_STUCK,                 /* needs a person */
    FLOW_BROKEN_OFF,            /* cannot begin: what it waits for has ended without a result */
    FLOW_CLOSED,                /* ended before its agency got it */
    FLOW_RECALLED,              /* its result was taken back; a new one is awaited */
    FLOW_ASKED,                 /* used a result that was taken back, and has not said what follows */
    FLOW_STATE_END
};

const char *kind_name(enum kind kind);
const char *state_name(enum state state);
const char *verdict_name(enum verdict verdict);
const char *scope_name(enum scope scope);
const char *fail_class_name(enum fail_class fail_class);
const char *agency_class_name(enum agency_class agency_class);
const char *agency_kind_name(enum agency_kind agency_kind);
const char *answer_name(enum answer answer);
const char *until_name(enum until until);
const char *behind_name(enum behind behind);
const char *cause_name(enum cause cause);
const char *status_name(enum status status);
const char *judged_name(enum judged judged);
const char *due_source_name(enum due_source source);
const char *apology_name(enum apology apology);
const char *unasked_name(enum unasked unasked);
const char *asking_name(enum asking asking);
const char *flow_state_name(enum flow_state state);

enum kind         kind_read(const char *name);
enum state        state_read(const char *name);
enum verdict      verdict_read(const char *name);
enum scope        scope_read(const char *name);
enum fail_class   fail_class_read(const char *name);
enum agency_class agency_class_read(const char *name);
enum agency_kind  agency_kind_read(const char *name);
enum behind       behind_read(const char *name);
enum judged       judged_read(const char *name);
enum status       status_read(const char *name);

#endif

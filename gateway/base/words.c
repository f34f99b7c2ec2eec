#include "gateway/base/words.h"

#include <stddef.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Index = number. The static assertions keep a table as long as its enum; a hole would show as "?" and the unit test
 * walks every number. */
static const char *const kinds[] = {
    [KIND_FORWARD] = "FORWARD", [KIND_PROGRESS] = "PROGRESS", [KIND_SUPPLEMENT_REQUEST] = "SUPPLEMENT_REQUEST",
    [KIND_SUPPLEMENT] = "SUPPLEMENT", [KIND_CORRECTION_REQUEST] = "CORRECTION_REQUEST",
    [KIND_FINANCIAL_OBLIGATION] = "FINANCIAL_OBLIGATION", [KIND_PAYMENT] = "PAYMENT", [KIND_REFUSAL] = "REFUSAL",
    [KIND_WITHDRAWAL] = "WITHDRAWAL", [KIND_STOP] = "STOP", [KIND_RESULT] = "RESULT", [KIND_RETURNED] = "RETURNED",
    [KIND_RECALL] = "RECALL", [KIND_SEND_BACK] = "SEND_BACK", [KIND_APOLOGY] = "APOLOGY", [KIND_URGE] = "URGE",
    [KIND_CONSULT] = "CONSULT", [KIND_OPINION] = "OPINION", [KIND_RATING] = "RATING",
};
_Static_assert(COUNT(kinds) == KIND_END, "every kind has a name");

static const char *const states[] = {
    [STATE_HELD] = "HELD", [STATE_READY] = "READY", [STATE_OFFERED] = "OFFERED", [STATE_WAITING] = "WAITING",
    [STATE_UNSURE] = "UNSURE", [STATE_FAILED] = "FAILED", [STATE_DELIVERED] = "DELIVERED", [STATE_CLOSED] = "CLOSED",
};
_Static_assert(COUNT(states) == STATE_END, "every state has a name");

static const char *const verdicts[] = {
    [VERDICT_DELIVERED] = "DELIVERED", [VERDICT_ALREADY_THERE] = "ALREADY_THERE", [VERDICT_OVERTAKEN] = "OVERTAKEN",
    [VERDICT_LATER] = "LATER", [VERDICT_PREDECESSOR_MISSING] = "PREDECESSOR_MISSING", [VERDICT_ORPHAN] = "ORPHAN",
    [VERDICT_BAD_DATA] = "BAD_DATA", [VERDICT_MISCONFIGURED] = "MISCONFIGURED", [VERDICT_REFUSED] = "REFUSED",
    [VERDICT_UNSURE] = "UNSURE", [VERDICT_UNKNOWN] = "UNKNOWN",
};
_Static_assert(COUNT(verdicts) == VERDICT_END, "every verdict has a name");

static const char *const scopes[] = {
    [SCOPE_MAPPING] = "MAPPING", [SCOPE_AGENCY] = "AGENCY", [SCOPE_LOGIN] = "LOGIN",
};
_Static_assert(COUNT(scopes) == SCOPE_END, "every scope has a name");

static const char *const fail_classes[] = {
    [FAIL_BAD_DATA] = "BAD_DATA", [FAIL_ORPHAN] = "ORPHAN", [FAIL_MAPPING] = "MAPPING",
    [FAIL_EXHAUSTED] = "EXHAUSTED", [FAIL_UNKNOWN_ANSWER] = "UNKNOWN_ANSWER", [FAIL_PREDECESSOR] = "PREDECESSOR",
    [FAIL_ADAPTER] = "ADAPTER",
};
_Static_assert(COUNT(fail_classes) == FAIL_CLASS_END, "every class has a name");

static const char *const agency_classes[] = {
    [CLASS_IDEMPOTENT] = "IDEMPOTENT", [CLASS_PROBE] = "PROBE", [CLASS_NEITHER] = "NEITHER",
};
_Static_assert(COUNT(agency_classes) == CLASS_END, "every agency class has a name");

static const char *const agency_kinds[] = {
    [AGENCY_WARD] = "WARD", [AGENCY_DISTRICT] = "DISTRICT", [AGENCY_DEPARTMENT] = "DEPARTMENT",
    [AGENCY_SECTOR] = "SECTOR", [AGENCY_ONE_STOP] = "ONE_STOP",
};
_Static_assert(COUNT(agency_kinds) == AGENCY_KIND_END, "every agency kind has a name");

static const char *const answers[] = {
    [ANSWER_REFUSED] = "REFUSED", [ANSWER_RESULT] = "RESULT", [ANSWER_OVERTAKEN] = "OVERTAKEN",
    [ANSWER_SENT_BACK] = "SENT_BACK",
};
_Static_assert(COUNT(answers) == ANSWER_END, "every answer has a name");
static const char *const apologies[] = {
    "", "ASKED", "BRAKED", "UNDETERMINED", "NOT_ASKED", "SIGNED", "CANCELLED",
};
_Static_assert(COUNT(apologies) == APOLOGY_END, "every apology has a name");
static const char *const unaskeds[] = {
    "", "NO_HOLDER", "UNDELIVERED", "NOT_PERMITTED", "NO_AGENCY", "OVER", "FAILED", "REFUSED",
};
_Static_assert(COUNT(unaskeds) == UNASKED_END, "every reason has a name");

static const char *const askings[] = {
    [ASKING_OPEN] = "OPEN", [ASKING_ANSWERED] = "ANSWERED", [ASKING_LEFT] = "LEFT",
};
_Static_assert(COUNT(askings) == ASKING_END, "every asking has a name");

static const char *const untils[] = { [UNTIL_RESULT] = "RESULT", [UNTIL_DELIVERED] = "DELIVERED" };
_Static_assert(COUNT(untils) == UNTIL_END, "every until has a name");

static const char *const behinds[] = {
    [BEHIND_RELEASE] = "RELEASE", [BEHIND_CLOSE] = "CLOSE", [BEHIND_TAKE_ALONG] = "TAKE_ALONG",
};
_Static_assert(COUNT(behinds) == BEHIND_END, "every behind has a name");

static const char *const causes[] = {
    [CAUSE_ACCEPTED] = "ACCEPTED", [CAUSE_GATE_OPENED] = "GATE_OPENED", [CAUSE_OFFERED] = "OFFERED",
    [CAUSE_OUTCOME] = "OUTCOME", [CAUSE_WAIT_OVER] = "WAIT_OVER", [CAUSE_LEASE_LAPSED] = "LEASE_LAPSED",
    [CAUSE_SESSION_LOST] = "SESSION_LOST", [CAUSE_BROKER_STARTED] = "BROKER_STARTED",
    [CAUSE_LIMIT_REACHED] = "LIMIT_REACHED", [CAUSE_PREDECESSOR_ENDED] = "PREDECESSOR_ENDED",
    [CAUSE_PREDECESSOR_ABSENT] = "PREDECESSOR_ABSENT", [CAUSE_CORRECTED] = "CORRECTED",
    [CAUSE_WITHDRAWN] = "WITHDRAWN", [CAUSE_REFUNDED] = "REFUNDED", [CAUSE_RESULT_CAME] = "RESULT_CAME",
    [CAUSE_REPLAYED] = "REPLAYED", [CAUSE_CLOSED_BY_OPERATOR] = "CLOSED_BY_OPERATOR",
    [CAUSE_REDIRECTED] = "REDIRECTED", [CAUSE_REDIRECT_CHILD] = "REDIRECT_CHILD", [CAUSE_HOLD] = "HOLD",
    [CAUSE_RELEASE] = "RELEASE", [CAUSE_AGENCY_PAUSED] = "AGENCY_PAUSED",
    [CAUSE_AGENCY_RELEASED] = "AGENCY_RELEASED", [CAUSE_PURGED] = "PURGED",
    [CAUSE_DIRECTORY_APPLIED] = "DIRECTORY_APPLIED", [CAUSE_LATE_OUTCOME] = "LATE_OUTCOME",
    [CAUSE_CLOCK_CONFIRMED] = "CLOCK_CONFIRMED", [CAUSE_RESTORED] = "RESTORED",
    [CAUSE_SUCCEEDED] = "SUCCEEDED",
    [CAUSE_RECEIVED] = "RECEIVED", [CAUSE_UNRECEIVED] = "UNRECEIVED", [CAUSE_DUE_RECOMPUTED] = "DUE_RECOMPUTED",
    [CAUSE_OPENED] = "OPENED",
    [CAUSE_ANSWER_CAME] = "ANSWER_CAME", [CAUSE_ANSWER_LEFT] = "ANSWER_LEFT",
    [CAUSE_ANSWER_REMINDED] = "ANSWER_REMINDED", [CAUSE_ANSWER_OVERDUE] = "ANSWER_OVERDUE", [CAUSE_COPIED] = "COPIED",
    [CAUSE_RECALLED] = "RECALLED", [CAUSE_SENT_ON] = "SENT_ON",
    [CAUSE_APOLOGY_ASKED] = "APOLOGY_ASKED", [CAUSE_APOLOGY_NOT_ASKED] = "APOLOGY_NOT_ASKED",
    [CAUSE_APOLOGY_UNDETERMINED] = "APOLOGY_UNDETERMINED", [CAUSE_APOLOGY_BRAKED] = "APOLOGY_BRAKED",
    [CAUSE_APOLOGY_SIGNED] = "APOLOGY_SIGNED", [CAUSE_APOLOGY_CANCELLED] = "APOLOGY_CANCELLED",
    [CAUSE_LATE] = "LATE",
    [CAUSE_GIVEN_UP] = "GIVEN_UP", [CAUSE_UNANSWERED] = "UNANSWERED", [CAUSE_ANSWERED] = "ANSWERED",
    [CAUSE_ANSWER_BY_RECOMPUTED] = "ANSWER_BY_RECOMPUTED",
};
_Static_assert(COUNT(causes) == CAUSE_END, "every cause has a name");

static const char *const statuses[] = {
    [STATUS_REGISTERED] = "REGISTERED", [STATUS_ACCEPTED] = "ACCEPTED", [STATUS_NOT_ACCEPTED] = "NOT_ACCEPTED",
    [STATUS_IN_PROCESS] = "IN_PROCESS", [STATUS_SUPPLEMENT] = "SUPPLEMENT", [STATUS_PAYMENT] = "PAYMENT",
    [STATUS_WITHDRAWN] = "WITHDRAWN", [STATUS_STOPPED] = "STOPPED", [STATUS_DONE] = "DONE",
    [STATUS_RETURNED] = "RETURNED",
};
_Static_assert(COUNT(statuses) == STATUS_END, "every status has a name");

static const char *const judgings[] = {
    [JUDGED_APPLIED] = "APPLIED", [JUDGED_GAP] = "GAP", [JUDGED_OLDER] = "OLDER", [JUDGED_FINAL] = "FINAL",
    [JUDGED_NOT_OWNER] = "NOT_OWNER", [JUDGED_UNKNOWN_CODE] = "UNKNOWN_CODE", [JUDGED_NO_STATUS] = "NO_STATUS",
};
_Static_assert(COUNT(judgings) == JUDGED_END, "every judgement has a name");

static const char *const due_sources[] = {
    [DUE_ONE_STOP] = "ONE_STOP", [DUE_AGENCY] = "AGENCY", [DUE_COMPUTED] = "COMPUTED",
    [DUE_PROVISIONAL] = "PROVISIONAL",
};
_Static_assert(COUNT(due_sources) == DUE_SOURCE_END, "every source of a due date has a name");

static const char *const flow_states[] = {
    [FLOW_NOT_CHOSEN] = "NOT_CHOSEN", [FLOW_WAITS] = "WAITS", [FLOW_CITIZEN] = "CITIZEN", [FLOW_COMING] = "COMING",
    [FLOW_AT_WORK] = "AT_WORK", [FLOW_DONE] = "DONE", [FLOW_REFUSED] = "REFUSED", [FLOW_SENT_BACK] = "SENT_BACK",
    [FLOW_STUCK] = "STUCK", [FLOW_BROKEN_OFF] = "BROKEN_OFF", [FLOW_CLOSED] = "CLOSED",
    [FLOW_RECALLED] = "RECALLED", [FLOW_ASKED] = "ASKED",
};
_Static_assert(COUNT(flow_states) == FLOW_STATE_END, "every state of a step has a name");

static const char *word_name(const char *const *table, size_t count, size_t number)
{
    return number < count && table[number] ? table[number] : "?";
}

static unsigned word_read(const char *const *table, size_t count, const char *name)
{
    for (size_t i = 1; name && i < count; i++)
        if (table[i] && strcmp(table[i], name) == 0)
            return (unsigned)i;
    return 0;
}

#define NAME(table, number) word_name(table, COUNT(table), (size_t)(number))
#define READ(table, name)   word_read(table, COUNT(table), name)

bool state_is_final(enum state state)
{
    return state == STATE_DELIVERED || state == STATE_CLOSED;
}

bool judged_applied(enum judged judged)
{
    return judged == JUDGED_APPLIED || judged == JUDGED_GAP;
}

const char *kind_name(enum kind kind)                           { return NAME(kinds, kind); }
const char *state_name(enum state state)                        { return NAME(states, state); }
const char *verdict_name(enum verdict verdict)                  { return NAME(verdicts, verdict); }
const char *scope_name(enum scope scope)                        { return NAME(scopes, scope); }
const char *fail_class_name(enum fail_class fail_class)         { return NAME(fail_classes, fail_class); }
const char *agency_class_name(enum agency_class agency_class)   { return NAME(agency_classes, agency_class); }
const char *agency_kind_name(enum agency_kind agency_kind)      { return NAME(agency_kinds, agency_kind); }
const char *answer_name(enum answer answer)                     { return NAME(answers, answer); }
const char *apology_name(enum apology apology)                  { return NAME(apologies, apology); }
const char *unasked_name(enum unasked unasked)                  { return NAME(unaskeds, unasked); }
const char *asking_name(enum asking asking)                     { return NAME(askings, asking); }
const char *until_name(enum until until)                        { return NAME(untils, until); }
const char *behind_name(enum behind behind)                     { return NAME(behinds, behind); }
const char *cause_name(enum cause cause)                        { return NAME(causes, cause); }
const char *flow_state_name(enum flow_state state)              { return NAME(flow_states, state); }
const char *status_name(enum status status)                     { return NAME(statuses, status); }
const char *judged_name(enum judged judged)            { return NAME(judgings, judged); }
const char *due_source_name(enum due_source source)             { return NAME(due_sources, source); }

enum kind         kind_read(const char *name)                   { return READ(kinds, name); }
enum state        state_read(const char *name)                  { return READ(states, name); }
enum verdict      verdict_read(const char *name)                { return READ(verdicts, name); }
enum scope        scope_read(const char *name)                  { return READ(scopes, name); }
enum fail_class   fail_class_read(const char *name)             { return READ(fail_classes, name); }
enum agency_class agency_class_read(const char *name)           { return READ(agency_classes, name); }
enum agency_kind  agency_kind_read(const char *name)            { return READ(agency_kinds, name); }
enum behind       behind_read(const char *name)                 { return READ(behinds, name); }
enum status       status_read(const char *name)                 { return READ(statuses, name); }
enum judged       judged_read(const char *name)              { return READ(judgings, name); }

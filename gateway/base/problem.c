#include "gateway/base/problem.h"

#include <stdarg.h>
#include <string.h>

#define URI "urn:lienthong:problem:"

static const struct {
    const char *uri;
    bool transient;
} types[] = {
    [PROBLEM_NONE]               = { URI "none", false },
    [PROBLEM_MALFORMED]          = { URI "malformed", false },
    [PROBLEM_VERSION]            = { URI "version", false },
    [PROBLEM_TOO_LARGE]          = { URI "too-large", false },
    [PROBLEM_NO_HELLO]           = { URI "no-hello", true },        /* welcome once HELLO has been said */
    [PROBLEM_NOT_ALLOWED]        = { URI "not-allowed", false },
    [PROBLEM_FOREIGN_SENDER]     = { URI "foreign-sender", false },
    [PROBLEM_UNKNOWN_AGENCY]     = { URI "unknown-agency", false },
    [PROBLEM_UNKNOWN_KIND]       = { URI "unknown-kind", false },
    [PROBLEM_INVALID_MESSAGE_ID] = { URI "invalid-message-id", false },
    [PROBLEM_TOO_OLD]            = { URI "too-old", false },
    [PROBLEM_IN_FUTURE]          = { URI "in-future", false },
    [PROBLEM_CONFLICT]           = { URI "conflict", false },
    [PROBLEM_INVALID_FIELD]      = { URI "invalid-field", false },
    [PROBLEM_ATTACHMENT_MISSING] = { URI "attachment-missing", false },     /* waiting alone does not bring it */
    [PROBLEM_CYCLE]              = { URI "cycle", false },
    [PROBLEM_FULL]               = { URI "full", true },
    [PROBLEM_STOPPING]           = { URI "stopping", true },
    [PROBLEM_UNKNOWN_HANDOFF]    = { URI "unknown-handoff", false },
    [PROBLEM_UNKNOWN_DOSSIER]    = { URI "unknown-dossier", false },
    [PROBLEM_WRONG_STATE]        = { URI "wrong-state", false },
    [PROBLEM_CURSOR_MOVED]       = { URI "cursor-moved", false },
    [PROBLEM_REASON_MISSING]     = { URI "reason-missing", false },
    [PROBLEM_BUSY]               = { URI "busy", true },
};
_Static_assert(sizeof types / sizeof *types == PROBLEM_END, "every problem type has its row");

static bool known(enum problem_type type)
{
    return (unsigned)type < PROBLEM_END && types[type].uri;
}

const char *problem_uri(enum problem_type type)
{
    return known(type) ? types[type].uri : "?";
}

const char *problem_word(enum problem_type type)
{
    return known(type) ? types[type].uri + sizeof URI - 1 : "?";
}

enum problem_type problem_read(const char *word)
{
    for (enum problem_type type = 1; word && type < PROBLEM_END; type++)
        if (strcmp(word, problem_word(type)) == 0)
            return type;
    return PROBLEM_NONE;
}

bool problem_is_transient(enum problem_type type)
{
    return known(type) && types[type].transient;
}

void problem_set(struct problem *ret_problem, enum problem_type type, const char *field,
                 const char *vi, const char *en, ...)
{
    struct text text;
    va_list arguments, again;

    va_start(arguments, en);
    va_copy(again, arguments);
    ret_problem->type = type;
    text = text_of(ret_problem->field, sizeof ret_problem->field);
    text_add(&text, "%s", field ? field : "");
    text = text_of(ret_problem->sentence_vi, sizeof ret_problem->sentence_vi);
    text_add_v(&text, vi, arguments);
    text = text_of(ret_problem->sentence_en, sizeof ret_problem->sentence_en);
    text_add_v(&text, en, again);
    va_end(again);
    va_end(arguments);
}

#include "gateway/core/issue.h"

#include <string.h>

#include "gateway/core/blob.h"
#include "proto/content.h"

/* Where the header of one that is made here is built; its lists and texts are lent. */
struct draft {
    Lienthong__V1__Header header;
    Lienthong__V1__Facts facts;
    Lienthong__V1__After after[AFTER_MAX], *after_list[AFTER_MAX];
    uint8_t bytes[HEADER_BYTES_MAX];
};

static char *lent(const char *text)
{
    return (char *)(text ? text : "");
}

static void draft_header(struct draft *draft, const struct submit *submit, const struct issue *issue)
{
    Lienthong__V1__Header *header = &draft->header;
    Lienthong__V1__Facts *facts = &draft->facts;

    lienthong__v1__header__init(header);
    lienthong__v1__facts__init(facts);
    header->message_id = (ProtobufCBinaryData){ sizeof submit->message_id.bytes,
                                                (uint8_t *)submit->message_id.bytes };
    header->sender = lent(submit->sender);
    header->recipient = lent(submit->recipient);
    header->dossier_code = lent(submit->dossier_code);
    header->procedure_code = lent(submit->procedure_code);
    header->step = lent(submit->step);
    header->kind = submit->kind;
    header->source_time_ms = submit->source_time_ms;
    header->parent = submit->parent;
    header->content_type = lent(issue->content_type);
    for (uint32_t i = 0; i < submit->after_count; i++) {
        lienthong__v1__after__init(&draft->after[i]);
        draft->after[i].message_id = (ProtobufCBinaryData){ sizeof submit->after[i].message_id.bytes,
                                                            (uint8_t *)submit->after[i].message_id.bytes };
        draft->after[i].until = submit->after[i].until;
        draft->after_list[i] = &draft->after[i];
    }
    header->n_after = submit->after_count;
    header->after = draft->after_list;
    facts->due_ms = issue->due_ms;
    facts->answer_by_ms = issue->answer_by_ms;
    facts->reason_code = lent(issue->reason_code);
    facts->officer_from = lent(issue->officer_from);
    facts->officer_to = lent(issue->officer_to);
    facts->area_code = lent(issue->area);
    header->facts = facts;
}

static void copy_code(char *to, size_t size, const char *from)
{
    struct text text = text_of(to, size);
    text_add(&text, "%s", from ? from : "");
    must(!text.cut);
}

static void fill_submit(struct step *step, const struct issue *issue, struct submit *submit)
{
    must(issue->after_count <= AFTER_MAX && issue->key.size <= ISSUE_KEY_BYTES_MAX);
    submit->has_message_id = true;
    submit->message_id = issue_message_id(step, issue->from, issue->at_ms, issue->key);
    must(turn_agency_code(step->turn, issue->from, submit->sender));
    copy_code(submit->recipient, sizeof submit->recipient, issue->to);
    must(turn_dossier_code(step->turn, issue->dossier, submit->dossier_code));
    copy_code(submit->procedure_code, sizeof submit->procedure_code, issue->procedure);
    copy_code(submit->step, sizeof submit->step, issue->step);
    copy_code(submit->area, sizeof submit->area, issue->area);
    submit->kind = issue->kind;
    submit->source_time_ms = issue->source_ms ? issue->source_ms : issue->at_ms;
    submit->accepted_as = issue->accepted_as;
    submit->due_ms = issue->due_ms;
    submit->parent = issue->parent;
    submit->after_count = issue->after_count;
    if (issue->after_count)
        memcpy(submit->after, issue->after, issue->after_count * sizeof *issue->after);
    submit->payload = issue->payload;
}

/* As its sender would have been answered: a refusal is the last effect then, and nobody has asked. */
static bool take_in(struct step *step, const struct command *command, struct intake *intake, uint64_t *ret_id,
                    struct problem *ret_problem)
{
    const struct command *asked = step->command;
    uint32_t said = step->effects->count;
    struct handoff handoff;

    step->command = command;
    bool taken = submit_ok(step, intake) && submit_accept(step, intake, &handoff);
    step->command = asked;
    if (taken) {
        *ret_id = handoff.id;
        return true;
    }
    must(step->effects->count == said + 1 && step->effects->list[said].kind == EFFECT_REFUSED);
    *ret_problem = *step->effects->list[said].refused.problem;
    step->effects->count = said;
    return false;
}

static void share_attachments(struct step *step, uint64_t from, uint64_t to)
{
    struct handoff original, issued;

    must(turn_handoff(step->turn, from, &original) && turn_handoff(step->turn, to, &issued));
    if (blob_share(step, &original, &issued))
        turn_handoff_put(step->turn, &issued);
}

bool issue_handoff(struct step *step, const struct issue *issue, uint64_t *ret_id, struct problem *ret_problem)
{
    struct command command;
    struct submit *submit = &command.submit;
    struct draft draft;
    char code[AGENCY_CODE_SIZE];

    command_begin(&command, COMMAND_SUBMIT);
    fill_submit(step, issue, submit);
    if (turn_dedupe(step->turn, issue->from, &submit->message_id, ret_id))
        return true;
    must(turn_agency_code(step->turn, issue->from, code));
    command.agency = tables_agency(step->core->tables, code);
    if (!command.agency) {
        problem_set(ret_problem, PROBLEM_UNKNOWN_AGENCY, "header.sender",
                    "Không còn cơ quan '%s' trong danh bạ.", "There is no agency '%s' in the directory any more.",
                    code);
        return false;
    }
    if (issue->header.size) {
        submit->header = issue->header;
        submit->content_hash = issue->content_hash;
    } else {
        draft_header(&draft, submit, issue);
        size_t size = lienthong__v1__header__get_packed_size(&draft.header);
        must(size <= sizeof draft.bytes);
        must(lienthong__v1__header__pack(&draft.header, draft.bytes) == size);
        submit->header = span_of(draft.bytes, size);
        submit->content_hash = content_hash(&draft.header, issue->payload);
    }
    struct intake intake = { .submit = submit, .sender = command.agency, .sender_number = issue->from,
                             .copy = issue->copy, .reminder = issue->reminder,
                             .again = restore_again(step, submit),
                             .step_flags = issue->step_flags };
    if (!take_in(step, &command, &intake, ret_id, ret_problem))
        return false;
    if (issue->header_of)
        share_attachments(step, issue->header_of, *ret_id);
    return true;
}

struct uuid issue_message_id(struct step *step, uint32_t from, int64_t at_ms, struct span key)
{
    char code[AGENCY_CODE_SIZE];
    must(turn_agency_code(step->turn, from, code));
    return uuid_v8(at_ms, span_of_string(code), key);
}

/* Never later than now, and young enough for a message id. */
static int64_t moment_of(struct step *step, const struct handoff *original)
{
    int64_t at_ms = original->source_time_ms > 0 ? original->source_time_ms : original->accepted_ms;
    int64_t oldest_ms = step->now_ms - ID_AGE_MS_MAX / 2;
    return at_ms > step->now_ms ? step->now_ms : at_ms < oldest_ms ? oldest_ms : at_ms;
}

void issue_copy(struct step *step, const struct intake *intake, uint64_t id, uint32_t to,
                const struct submit_after *after)
{
    const struct submit *submit = intake->submit;
    char code[AGENCY_CODE_SIZE], key[ISSUE_KEY_BYTES_MAX], why[2 * sizeof ((struct problem *)0)->sentence_vi];
    struct text text = text_of(key, sizeof key), words = text_of(why, sizeof why);
    struct problem problem = { 0 };
    struct handoff original;
    uint64_t copy;

    must(turn_handoff(step->turn, id, &original) && turn_agency_code(step->turn, to, code));
    text_add(&text, "copy %llu %u", (unsigned long long)id, to);
    struct issue issue = {
        .from = original.sender, .to = code, .dossier = original.dossier, .kind = original.kind, .parent = id,
        .procedure = submit->procedure_code, .step = submit->step, .area = submit->area,
        .at_ms = moment_of(step, &original), .key = span_of_string(key), .after = after, .after_count = after != NULL,
        .header = submit->header, .payload = submit->payload, .content_hash = submit->content_hash, .header_of = id,
        .copy = true,
    };
    struct change change = { .cause = CAUSE_COPIED, .agency = to, .quiet = true };
    if (!issue_handoff(step, &issue, &copy, &problem)) {
        text_add(&words, "%s / %s", problem.sentence_vi, problem.sentence_en);
        change.detail = span_of_string(why);
    }
    must(turn_handoff(step->turn, id, &original));
    handoff_note(step, &original, &change);
}

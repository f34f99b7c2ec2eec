/* read_submit.c - a sender's Header as far as the core reads it, and its content hash. */
#include <string.h>

#include "gateway/wire/read.h"
#include "proto/content.h"

static bool read_after(const Lienthong__V1__Header *header, struct submit *submit, struct problem *ret_problem)
{
    must(header->n_after <= AFTER_MAX);                         /* inspect.h: so are the other lists */
    submit->after_count = (uint32_t)header->n_after;
    for (uint32_t i = 0; i < submit->after_count; i++) {
        const Lienthong__V1__After *after = header->after[i];
        char field[32];
        struct text text = text_of(field, sizeof field);
        text_add(&text, "header.after[%u]", i);
        if (after->message_id.len != sizeof submit->after[i].message_id.bytes || after->until >= UNTIL_END) {
            problem_set(ret_problem, PROBLEM_INVALID_FIELD, field,
                        "cần message_id 16 byte và until là 1 (có kết quả) hoặc 2 (đã giao)",
                        "needs a message_id of 16 bytes and until 1 (its result) or 2 (delivered)");
            return false;
        }
        memcpy(submit->after[i].message_id.bytes, after->message_id.data, after->message_id.len);
        submit->after[i].until = after->until ? after->until : UNTIL_RESULT;
    }
    return true;
}

static bool read_attachments(const Lienthong__V1__Header *header, struct submit *submit, struct problem *ret_problem)
{
    must(header->n_attachments <= ATTACHMENTS_MAX);
    submit->attachment_count = (uint32_t)header->n_attachments;
    for (uint32_t i = 0; i < submit->attachment_count; i++) {
        const ProtobufCBinaryData *digest = &header->attachments[i]->sha256;
        if (digest->len != HASH_SIZE) {
            problem_set(ret_problem, PROBLEM_INVALID_FIELD, "header.attachments.sha256",
                        "tệp đính kèm thứ %u: sha256 phải có đúng 32 byte",
                        "attachment %u: sha256 must have exactly 32 bytes", i + 1);
            return false;
        }
        memcpy(submit->attachments[i].bytes, digest->data, HASH_SIZE);
        submit->attachment_sizes[i] = header->attachments[i]->size;
    }
    return true;
}

static bool read_money(const Lienthong__V1__Facts *from, struct facts_money *money, struct facts *facts,
                       struct problem *ret_problem)
{
    facts->money_count = (uint32_t)from->n_money;
    facts->money = money;
    for (uint32_t i = 0; i < facts->money_count; i++) {
        money[i].owed = from->money[i]->owed;
        money[i].paid = from->money[i]->paid;
        if (!read_text(from->money[i]->component, "header.facts.money.component", money[i].component, MONEY_CODE_SIZE,
                       ret_problem))
            return false;
    }
    return true;
}

static bool read_chosen(const Lienthong__V1__Facts *from, char (*chosen)[STEP_NAME_SIZE], struct facts *facts,
                        struct problem *ret_problem)
{
    facts->chosen_count = (uint32_t)from->n_chosen_steps;
    facts->chosen = (const char (*)[STEP_NAME_SIZE])chosen;
    for (uint32_t i = 0; i < facts->chosen_count; i++)
        if (!read_text(from->chosen_steps[i], "header.facts.chosen_steps", chosen[i], STEP_NAME_SIZE, ret_problem))
            return false;
    return true;
}

static void read_papers(const Lienthong__V1__Facts *from, struct facts_papers *papers)
{
    papers->count = (uint32_t)from->n_components;
    for (size_t i = 0; i < from->n_components; i++) {
        papers->digitised += from->components[i]->digitised != 0;
        papers->reused += from->components[i]->reused != 0;
    }
}

static bool read_rating(const Lienthong__V1__Rating *from, struct facts *facts, struct problem *ret_problem)
{
    if (!from)
        return true;
    facts->has_rating = true;
    facts->rating = (struct facts_rating){ from->attitude, from->cost, from->trips };
    if (from->attitude <= RATING_MAX && from->cost <= RATING_MAX && from->trips <= TRIPS_MAX)
        return true;
    problem_set(ret_problem, PROBLEM_INVALID_FIELD, "header.facts.rating",
                "đánh giá thái độ và chi phí từ 1 đến %d, số lần đi lại từ 1 đến %d; 0: không trả lời",
                "attitude and cost are rated 1 to %d, trips counted 1 to %d; 0: not answered", RATING_MAX, TRIPS_MAX);
    return false;
}

/* Into the frame's arena, where anything was said that the core keeps. */
static bool read_told(struct lender *lender, const Lienthong__V1__Facts *from, struct submit *submit,
                      struct problem *ret_problem)
{
    if (!from->status && !from->partner_status[0] && !from->channel && !from->procedure_version[0] &&
        !from->received_ms && !from->n_money && !from->n_chosen_steps && !from->officer_from[0] &&
        !from->officer_to[0] && !from->n_components && !from->rating)
        return true;
    must(from->n_money <= MONEY_MAX && from->n_chosen_steps <= CHOSEN_STEPS_MAX);
    struct facts *facts = lender_take(lender, sizeof *facts);
    struct facts_money *money = lender_take(lender, from->n_money * sizeof *money);
    char (*chosen)[STEP_NAME_SIZE] = lender_take(lender, from->n_chosen_steps * sizeof *chosen);
    if (!facts || !money || !chosen)
        return read_too_large("header", HEADER_BYTES_MAX, ret_problem);
    memset(facts, 0, sizeof *facts);
    facts->status = from->status;
    facts->channel = from->channel;
    facts->received_ms = from->received_ms;
    read_papers(from, &facts->papers);
    submit->facts = facts;
    return read_text(from->partner_status, "header.facts.partner_status", facts->partner_status,
                     sizeof facts->partner_status, ret_problem)
        && read_text(from->procedure_version, "header.facts.procedure_version", facts->procedure_version,
                     sizeof facts->procedure_version, ret_problem)
        && read_text(from->officer_from, "header.facts.officer_from", facts->officer_from, OFFICER_SIZE, ret_problem)
        && read_text(from->officer_to, "header.facts.officer_to", facts->officer_to, OFFICER_SIZE, ret_problem)
        && read_rating(from->rating, facts, ret_problem)
        && read_money(from, money, facts, ret_problem) && read_chosen(from, chosen, facts, ret_problem);
}

static bool read_facts(struct lender *lender, const Lienthong__V1__Facts *facts, struct submit *submit,
                       struct problem *ret_problem)
{
    if (!facts)
        return true;
    if (facts->status > 10) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "header.facts.status", "trạng thái hồ sơ phải từ 1 đến 10",
                    "the dossier status must be 1 to 10");
        return false;
    }
    if (facts->channel >= CHANNEL_END) {
        problem_set(ret_problem, PROBLEM_INVALID_FIELD, "header.facts.channel",
                    "kênh tiếp nhận là 1 tại quầy, 2 trực tuyến, 3 bưu chính, 4 phi địa giới, hoặc 0: không nêu",
                    "the channel is 1 counter, 2 online, 3 post, 4 boundary-free, or 0: not said");
        return false;
    }
    must(facts->n_aliases <= ALIASES_MAX);
    submit->due_ms = facts->due_ms;
    if (!read_text(facts->area_code, "header.facts.area_code", submit->area, AREA_CODE_SIZE, ret_problem))
        return false;
    submit->alias_count = (uint32_t)facts->n_aliases;
    for (uint32_t i = 0; i < submit->alias_count; i++)
        if (!read_text(facts->aliases[i], "header.facts.aliases", submit->aliases[i], DOSSIER_CODE_SIZE, ret_problem))
            return false;
    return read_told(lender, facts, submit, ret_problem);
}

/* Texts that the core does not read but the receiver's C structs bound too. */
static bool check_texts(const Lienthong__V1__Header *header, struct problem *ret_problem)
{
    char content_type[CONTENT_TYPE_SIZE], traceparent[TRACEPARENT_SIZE];
    return read_text(header->content_type, "header.content_type", content_type, sizeof content_type, ret_problem)
        && read_text(header->traceparent, "header.traceparent", traceparent, sizeof traceparent, ret_problem);
}

static bool read_fields(struct lender *lender, const Lienthong__V1__Header *header, struct submit *submit,
                        struct problem *ret_problem)
{
    submit->has_message_id = header->message_id.len == sizeof submit->message_id.bytes;
    if (submit->has_message_id)
        memcpy(submit->message_id.bytes, header->message_id.data, header->message_id.len);
    submit->kind = header->kind;
    submit->source_time_ms = header->source_time_ms;
    submit->sequence = header->sequence;
    submit->parent = header->parent;
    return read_text(header->sender, "header.sender", submit->sender, AGENCY_CODE_SIZE, ret_problem)
        && read_text(header->recipient, "header.recipient", submit->recipient, AGENCY_CODE_SIZE, ret_problem)
        && read_text(header->dossier_code, "header.dossier_code", submit->dossier_code, DOSSIER_CODE_SIZE, ret_problem)
        && read_text(header->procedure_code, "header.procedure_code", submit->procedure_code, PROCEDURE_CODE_SIZE,
                     ret_problem)
        && read_text(header->step, "header.step", submit->step, STEP_NAME_SIZE, ret_problem)
        && check_texts(header, ret_problem)
        && read_after(header, submit, ret_problem) && read_attachments(header, submit, ret_problem)
        && read_facts(lender, header->facts, submit, ret_problem);
}

/* ---- the whole */

bool read_header(struct lender *lender, struct submit *submit, struct problem *ret_problem)
{
    if (submit->header.size > HEADER_BYTES_MAX)
        return read_too_large("header", HEADER_BYTES_MAX, ret_problem);
    if (submit->payload.size > BODY_BYTES_MAX)
        return read_too_large("payload", BODY_BYTES_MAX, ret_problem);
    ProtobufCMessage *message =
        read_message(lender, submit->header, &lienthong__v1__header__descriptor, "header", ret_problem);
    if (!message)
        return false;
    const Lienthong__V1__Header *header = (const Lienthong__V1__Header *)message;
    if (!read_fields(lender, header, submit, ret_problem))
        return false;
    submit->content_hash = content_hash(header, submit->payload);
    return true;
}

/* submit_papers.c - what may no longer be asked of a citizen: a paper that the procedure's version has withdrawn. */
#include <string.h>

#include "gateway/core/header_text.h"
#include "gateway/core/submit.h"

#define DAY_MS   (24LL * 3600 * 1000)
#define LOCAL_MS (7LL * 3600 * 1000)

/* The version that the header names, else the one in force for this sender when the dossier was received. */
static const struct procedure *version_of(struct step *step, const struct intake *intake, int64_t received_ms)
{
    const struct submit *submit = intake->submit;
    char version[PROCEDURE_VERSION_SIZE];

    header_version(submit->header, version, sizeof version);
    const struct procedure *kept = version[0] ? tables_procedure_version(step->core->tables, version) : NULL;
    if (kept && strcmp(kept->code, submit->procedure_code) == 0)
        return kept;
    return tables_procedure(step->core->tables, submit->procedure_code, NULL, intake->sender, received_ms);
}

static void refuse(struct step *step, const struct component_said *said, const char *code,
                   const struct component *component)
{
    char field[48], since[16] = "", vi[160] = "", en[160] = "";
    struct text at = text_of(field, sizeof field), day = text_of(since, sizeof since);
    struct text instead_vi = text_of(vi, sizeof vi), instead_en = text_of(en, sizeof en);
    int year, month, date;

    text_add(&at, "header.facts.components[%u]", said->index);
    if (!component) {
        effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, field,
                       "Giấy tờ '%s' được ghi là đã bãi bỏ: không được yêu cầu nữa.",
                       "The paper '%s' is marked as withdrawn: it may not be asked for any more.", code);
        return;
    }
    date_of_day((component->from_ms + LOCAL_MS) / DAY_MS, &year, &month, &date);
    text_add(&day, "%04d-%02d-%02d", year, month, date);
    if (component->instead[0]) {
        text_add(&instead_vi, " Tra cứu tại: %s.", component->instead);
        text_add(&instead_en, " It is looked up in: %s.", component->instead);
    }
    effects_refuse(step->effects, step->command, PROBLEM_INVALID_FIELD, field,
                   "Không được yêu cầu '%s' (%s) từ %s: %s.%s%.0s",
                   "'%s' (%s) may not be asked for since %s: %s.%.0s%s", code, component->name, since,
                   component->rule, vi, en);
}

bool submit_papers_ok(struct step *step, const struct intake *intake)
{
    const struct submit *submit = intake->submit;
    struct component_said said;

    if (submit->kind != KIND_FORWARD && submit->kind != KIND_SUPPLEMENT_REQUEST)
        return true;
    struct component_walk walk = header_components(submit->header);
    if (!walk.facts.size)
        return true;
    int64_t received_ms = header_received_ms(submit->header);
    received_ms = received_ms > 0 ? received_ms : step->now_ms;
    const struct procedure *procedure = version_of(step, intake, received_ms);
    while (header_component_next(&walk, &said)) {
        char code[COMPONENT_CODE_SIZE];
        if (!span_to_string(said.code, code, sizeof code))
            memcpy(code, "?", 2);
        const struct component *component = procedure ? procedure_component(procedure, code) : NULL;
        bool withdrawn = component && component_is_withdrawn(component, received_ms);
        if (!withdrawn && !said.withdrawn)
            continue;
        refuse(step, &said, code, component && component->need == NEED_WITHDRAWN ? component : NULL);
        return false;
    }
    return true;
}

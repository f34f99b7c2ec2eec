#include "adapters/kinds/dialect.h"

#include <string.h>

#include "adapters/kinds/dialect_parts.h"
#include "gateway/base/uuid.h"

static const struct dialect *const dialects[] = { &dialect_rest, &dialect_hotich, &dialect_dvcqg };

const struct dialect *dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i]->name, name) == 0)
            return dialects[i];
    return NULL;
}

const char *dialect_name(const struct dialect *dialect)
{
    return dialect->name;
}

const char *dialect_names(void)
{
    return "rest, hotich, dvcqg";
}

bool dialect_logs_in(const struct dialect *dialect)
{
    return dialect->logs_in;
}

/* Where there is no way to update, each handoff is a creation of its own: the plain dialect. */
enum call dialect_call(const struct agency_config *agency, enum kind kind)
{
    return kind == KIND_FORWARD || !agency->paths[CALL_UPDATE][0] ? CALL_CREATE : CALL_UPDATE;
}

bool dialect_needs_source(const struct agency_config *agency, enum kind kind)
{
    return (kind > 0 && kind < KIND_END && agency->mappings[kind]) || agency->probe_mapping;
}

void job_of(const Lienthong__V1__Deliver *deliver, const Lienthong__V1__Header *header, const json_t *source,
            struct job *ret_job)
{
    const Lienthong__V1__Routing *routing = deliver->routing;
    static const Lienthong__V1__Routing nothing = LIENTHONG__V1__ROUTING__INIT;

    if (!routing)
        routing = &nothing;
    /* A class of tomorrow is taken for the one that is treated with most care. */
    bool known = routing->agency_class > 0 && routing->agency_class < CLASS_END;
    *ret_job = (struct job){
        .handoff_id = deliver->handoff_id, .attempt = deliver->attempt,
        .kind = header->kind < KIND_END ? (enum kind)header->kind : 0,
        .agency_class = known ? (enum agency_class)routing->agency_class : CLASS_NEITHER,
        .ask_first = routing->ask_first, .dossier_code = header->dossier_code,
        .procedure_code = header->procedure_code, .sender = header->sender, .recipient = routing->recipient,
        .idempotency_key = routing->idempotency_key, .traceparent = header->traceparent,
        .content_type = header->content_type, .source = source,
        .payload = span_of(deliver->payload.data, deliver->payload.len),
        .checkpoint = span_of(routing->checkpoint.data, routing->checkpoint.len),
        .message_id = header->message_id.len == sizeof(struct uuid) ? header->message_id.data : NULL,
    };
}

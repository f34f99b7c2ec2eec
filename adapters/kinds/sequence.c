#include <string.h>

#include "adapters/kinds/dialect_parts.h"
#include "adapters/kinds/source.h"

/* The one thing worth remembering across attempts: a create was answered "exists" and looked up, an update is due. */
static const char RESUME_UPDATE[] = "1 update";

/* ---------------------------------------------------------------- small questions */

static bool needs_token(const struct agency_config *agency)
{
    return agency->auth.kind == AUTH_CLIENT_CREDENTIALS || agency->auth.kind == AUTH_SESSION;
}

static bool is_idempotent(const struct sequence *sequence)
{
    return sequence->job->agency_class == CLASS_IDEMPOTENT;
}

/* The agency may hold it already, from this attempt or an earlier one. */
static bool perhaps(const struct sequence *sequence)
{
    return sequence->acted || (sequence->job->ask_first && !sequence->probed);
}

static bool is_resumed(const struct sequence *sequence)
{
    return span_equal(sequence->job->checkpoint, span_of_string(RESUME_UPDATE))
           && sequence->own_call == CALL_CREATE && sequence->agency->paths[CALL_UPDATE][0];
}

/* A probe that names the dossier answers for its FORWARD only, and cannot tell whether an update of what was there
 * before has come; one that names the handoff answers for any kind. */
static bool can_ask(const struct sequence *sequence)
{
    return sequence->agency->paths[CALL_PROBE][0]
           && (sequence->agency->probe_by_handoff
               || (sequence->job->kind == KIND_FORWARD && !is_resumed(sequence)));
}

/* What a failing server may have done before it failed. */
static bool is_failing(const struct judgement *judgement)
{
    return judgement->http_status >= 500 || judgement->http_status == 408;
}

/* ---------------------------------------------------------------- moving */

static void finish(struct sequence *sequence, const struct judgement *judgement)
{
    if (judgement != &sequence->judgement)
        sequence->judgement = *judgement;
    sequence->judgement.next = 0;
    sequence->judgement.never_sent = !sequence->sent && !perhaps(sequence);
    sequence->step = STEP_DONE;
}

static void finish_with(struct sequence *sequence, enum verdict verdict, const char *fingerprint, const char *reason)
{
    struct judgement judgement;

    judgement_set(&judgement, verdict, fingerprint, "%s", reason);
    finish(sequence, &judgement);
}

/* Everything but a plain answer about this handoff leaves "perhaps" as it was. */
static void finish_unless_perhaps(struct sequence *sequence, const struct judgement *judgement)
{
    struct judgement final = *judgement;

    if (perhaps(sequence) && !is_idempotent(sequence)) {
        final.verdict = VERDICT_UNSURE;
        final.scope = 0;
        final.value[0] = final.field[0] = 0;
    }
    finish(sequence, &final);
}

static void go_on(struct sequence *sequence)
{
    struct judgement too_many;

    if (sequence->calls < SEQUENCE_CALLS_MAX) {
        sequence->step = needs_token(sequence->agency) && !sequence->has_token ? STEP_TOKEN : STEP_SEND;
        return;
    }
    /* One only goes on after an answer that says that nothing was done, or into a probe. */
    judgement_set(&too_many, VERDICT_LATER, "too-many-calls",
                  "quá nhiều lượt gọi cho một lần giao / too many calls in one attempt");
    finish_unless_perhaps(sequence, &too_many);
}

static void go_to(struct sequence *sequence, enum call call)
{
    sequence->call = call;
    sequence->in_a_row = 1;
    go_on(sequence);
}

void sequence_begin(struct sequence *sequence, const struct agency_config *agency, const struct job *job,
                    bool has_token)
{
    /* The warnings and the judgement are large, and empty when their first bytes say so. */
    memset(sequence, 0, offsetof(struct sequence, warnings));
    sequence->warnings.count = sequence->warnings.kept = 0;
    sequence->judgement.verdict = 0;
    sequence->checkpoint[0] = 0;
    sequence->agency = agency;
    sequence->job = job;
    sequence->has_token = has_token;
    sequence->own_call = dialect_call(agency, job->kind);

    if (job->kind <= 0 || job->kind >= KIND_END || !(agency->kinds & KIND_BIT(job->kind)))
        finish_with(sequence, perhaps(sequence) && !is_idempotent(sequence) ? VERDICT_UNSURE : VERDICT_LATER,
                    "kind-not-announced",
                    "bộ nối không nhận loại lượt giao này / the adapter has not announced this kind of handoff");
    else if (job->ask_first && can_ask(sequence))
        go_to(sequence, CALL_PROBE);
    else if (job->ask_first && !is_idempotent(sequence))
        finish_with(sequence, VERDICT_UNSURE, "cannot-ask",
                    "không hỏi được cơ quan về lượt này / the agency cannot be asked about this handoff");
    else if (is_resumed(sequence)) {
        sequence->existing = true;
        go_to(sequence, CALL_UPDATE);
    } else
        go_to(sequence, sequence->own_call);
}

enum step sequence_step(const struct sequence *sequence)
{
    return sequence->step;
}

struct span sequence_checkpoint(const struct sequence *sequence)
{
    return span_of_string(sequence->checkpoint);
}

void sequence_checkpointed(struct sequence *sequence, bool kept)
{
    must(sequence->step == STEP_CHECKPOINT);
    if (kept)
        go_on(sequence);
    else
        finish_with(sequence, perhaps(sequence) ? VERDICT_UNSURE : VERDICT_LATER, "attempt-over",
                    "lần giao này đã bị thu hồi / this attempt is no longer the open one");
}

void sequence_token(struct sequence *sequence)
{
    must(sequence->step == STEP_TOKEN);
    sequence->has_token = true;
    sequence->calls++;
    go_on(sequence);
}

void sequence_failed(struct sequence *sequence, const struct judgement *login)
{
    must(sequence->step == STEP_TOKEN);
    finish_unless_perhaps(sequence, login);
}

bool sequence_token_refused(const struct sequence *sequence)
{
    return sequence->step == STEP_TOKEN && sequence->in_a_row > 1;
}

const struct judgement *sequence_judgement(const struct sequence *sequence)
{
    must(sequence->step == STEP_DONE);
    return &sequence->judgement;
}

/* ---------------------------------------------------------------- asking */

/* As the mapping gives it; NULL with *ret_good for a raw payload or a plain probe. */
static json_t *sequence_mapped(struct sequence *sequence, bool *ret_good)
{
    const struct agency_config *agency = sequence->agency;
    enum kind kind = sequence->job->kind;
    const struct mapping *mapping = sequence->call == CALL_PROBE ? agency->probe_mapping
                                    : kind > 0 && kind < KIND_END ? agency->mappings[kind] : NULL;
    json_t *mapped = NULL;
    struct judgement why;

    *ret_good = true;
    if (mapping && !mapping_apply(mapping, sequence->job->source, &sequence->warnings, &mapped, &why)) {
        *ret_good = false;
        finish_unless_perhaps(sequence, &why);
    }
    return mapped;
}

/* The second acting call of one handoff says something else: another key, or a strict agency answers 422. A question
 * has a key of its own each time: an agency that repeats the answer it stored would never see what came meanwhile. */
static void key_suffix(const struct sequence *sequence, char ret_suffix[48])
{
    struct text text = text_of(ret_suffix, 48);

    if (sequence->call == CALL_PROBE)
        text_add(&text, "/probe/%u.%u", sequence->job->attempt, sequence->calls);
    else if (sequence->call == CALL_UPDATE && sequence->own_call == CALL_CREATE)
        text_add(&text, "/update");
}

static bool probes_by_get(const struct agency_config *agency)
{
    return !agency->probe_mapping && !agency->dialect->wrap;
}

/* Nothing of this call has left. */
static void no_memory(struct sequence *sequence)
{
    struct judgement why;

    judgement_set(&why, VERDICT_LATER, "adapter-memory",
                  "hết bộ nhớ khi viết yêu cầu / no memory to write the request");
    finish_unless_perhaps(sequence, &why);
}

/* Body and content type. False with the sequence done: the handoff cannot be put into words. */
static bool add_body(struct sequence *sequence, const char *session, struct request *request)
{
    const struct job *job = sequence->job;
    const struct dialect *dialect = sequence->agency->dialect;
    bool good;
    json_t *json = sequence_mapped(sequence, &good);

    if (!good)
        return false;
    if (dialect->wrap)
        json = dialect->wrap(sequence, json, session);
    if (json)
        good = request_json(request, json);
    else if (!dialect->wrap)
        good = request_body_lent(request, job->payload, job->content_type[0] ? job->content_type
                                                                              : "application/octet-stream");
    else
        good = false;
    request->no_memory |= dialect->wrap && !json;           /* its texts were checked before */
    json_decref(json);
    if (!good && request->no_memory)
        no_memory(sequence);
    else if (!good)
        finish_with(sequence, perhaps(sequence) && !is_idempotent(sequence) ? VERDICT_UNSURE : VERDICT_BAD_DATA,
                    "request-body", "không viết được yêu cầu / the request cannot be written within its bounds");
    return good;
}

/* The headers do not fit: `ours` when it is what we log in with, else something the handoff brought. */
static void cannot_write(struct sequence *sequence, bool ours)
{
    struct judgement why;

    if (ours)
        judgement_set(&why, VERDICT_MISCONFIGURED, "credentials",
                      "thông tin đăng nhập có ký tự lạ hay quá dài / the credentials do not fit into a header");
    else
        judgement_set(&why, VERDICT_BAD_DATA, "request-header",
                      "địa chỉ hoặc tiêu đề quá dài hay có ký tự lạ / an address or header does not fit");
    why.scope = ours ? SCOPE_LOGIN : 0;
    finish_unless_perhaps(sequence, &why);
}

bool sequence_request(struct sequence *sequence, const struct credentials *credentials, struct request *ret_request)
{
    const struct agency_config *agency = sequence->agency;
    const struct job *job = sequence->job;
    bool get = sequence->call == CALL_PROBE && probes_by_get(agency);
    struct request request;
    char suffix[48];

    must(sequence->step == STEP_SEND);
    request_clear(&request);
    request.call = sequence->call;
    request.method = get ? "GET" : "POST";
    if (!get && !add_body(sequence, credentials->token ? credentials->token : "", &request)) {
        request_wipe(&request);
        return false;
    }
    key_suffix(sequence, suffix);
    bool good = url_fill(agency->base_url, agency->paths[sequence->call], job, request.url)
                && request_header(&request, "Accept", "application/json")
                && request_trace(&request, job, sequence->calls)
                && (get || request_key(&request, job->idempotency_key, suffix));
    if (!good || !request_auth(&request, agency, credentials)) {
        bool lacks = request.no_memory;
        request_wipe(&request);
        if (lacks)
            no_memory(sequence);
        else
            cannot_write(sequence, good);
        return false;
    }
    sequence->calls++;
    request_move(ret_request, &request);
    return true;
}

/* ---------------------------------------------------------------- answers */

/* It may have acted, and the rules or the probe say: send again. Not in this attempt, unless a key makes it harmless:
 * what they are still busy with cannot be seen yet. The next attempt asks first. */
static bool is_too_soon(const struct sequence *sequence, const struct judgement *judgement)
{
    return call_acts(judgement->next) && !is_idempotent(sequence)
           && (sequence->call == CALL_PROBE ? sequence->acted : is_failing(judgement));
}

/* The answer asks for a call of its sequence. A refused token has not acted; a failing server may have. */
static void take_next(struct sequence *sequence, const struct judgement *judgement)
{
    const struct agency_config *agency = sequence->agency;
    enum call next = judgement->next, was = sequence->call;
    struct judgement wrong = *judgement;

    if (next == CALL_TOKEN && (!needs_token(agency) || sequence->in_a_row > 1)) {
        wrong.verdict = VERDICT_MISCONFIGURED;
        wrong.scope = SCOPE_LOGIN;
        finish_unless_perhaps(sequence, &wrong);
    } else if (next == CALL_TOKEN) {
        sequence->has_token = false;
        sequence->in_a_row++;
        go_on(sequence);
    } else if (is_too_soon(sequence, judgement)) {
        wrong.verdict = VERDICT_UNSURE;
        finish(sequence, &wrong);
    } else if (was == CALL_PROBE && next == CALL_CREATE && !sequence->existing) {
        sequence->probed = true;
        sequence->acted = false;
        go_to(sequence, sequence->own_call);
    } else if (call_acts(was) && next == CALL_PROBE && can_ask(sequence)) {
        sequence->acted = is_failing(judgement);
        sequence->existing = !sequence->acted;
        go_to(sequence, CALL_PROBE);
    } else if (was != CALL_UPDATE && next == CALL_UPDATE && agency->paths[CALL_UPDATE][0]) {
        sequence->probed = sequence->existing = true;
        sequence->acted = false;
        go_to(sequence, CALL_UPDATE);
        memcpy(sequence->checkpoint, RESUME_UPDATE, sizeof RESUME_UPDATE);
        if (sequence->step != STEP_DONE)
            sequence->step = STEP_CHECKPOINT;
    } else {
        /* "Exists" and then "is not there", or a call that this agency has no path for: a person has to look. */
        wrong.verdict = VERDICT_UNKNOWN;
        finish_unless_perhaps(sequence, &wrong);
    }
}

static void take_probe_verdict(struct sequence *sequence, const struct judgement *judgement)
{
    struct judgement final = *judgement;

    switch (judgement->verdict) {
    case VERDICT_DELIVERED: case VERDICT_ALREADY_THERE:
        final.verdict = VERDICT_ALREADY_THERE;
        finish(sequence, &final);
        break;
    case VERDICT_ORPHAN:
        if (sequence->own_call == CALL_CREATE) {
            final.next = CALL_CREATE;
            take_next(sequence, &final);
        } else
            finish(sequence, &final);
        break;
    default:
        /* A question does nothing there: alone it leaves nothing unsure. */
        if (final.verdict == VERDICT_UNSURE)
            final.verdict = VERDICT_LATER;
        finish_unless_perhaps(sequence, &final);
    }
}

void sequence_answer(struct sequence *sequence, const struct http_answer *answer, struct span request_body)
{
    const struct job *job = sequence->job;
    const struct dialect *dialect = sequence->agency->dialect;
    struct judgement *judgement = &sequence->judgement;         /* which it mostly is in the end */

    must(sequence->step == STEP_SEND);
    struct question question = {
        .call = sequence->call, .kind = job->kind, .attempt = sequence->in_a_row, .agency_class = job->agency_class,
        .recently_created = job->recently_created, .dossier_code = job->dossier_code,
        .idempotency_key = job->idempotency_key, .request_body = request_body, .answer = *answer,
    };
    sequence->sent |= call_acts(sequence->call);
    bool seen = sequence->call == CALL_PROBE && dialect->judge_probe
                && dialect->judge_probe(sequence, answer, judgement);
    if (!seen)
        rules_judge(sequence->agency->rules, &question, judgement);
    judgement->http_status = answer->http_status;
    if (judgement->next)
        take_next(sequence, judgement);
    else if (seen && judgement->verdict == VERDICT_BAD_DATA)
        finish(sequence, judgement);            /* another dossier stands there, so ours does not */
    else if (sequence->call == CALL_PROBE)
        take_probe_verdict(sequence, judgement);
    else
        finish(sequence, judgement);
}

void sequence_trouble(struct sequence *sequence, enum trouble trouble, bool never_sent)
{
    struct judgement judgement;

    must(sequence->step == STEP_SEND);
    sequence->sent |= call_acts(sequence->call) && !never_sent;
    verdict_of_transport(trouble, never_sent, perhaps(sequence), sequence->call, sequence->job->agency_class,
                         &judgement);
    finish(sequence, &judgement);
}

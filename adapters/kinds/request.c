#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/dialect_parts.h"
#include "gateway/base/hash.h"
#include "gateway/base/pool.h"
#include "gateway/base/uuid.h"

/* The lines of nearly every request; a bearer token makes it grow. */
enum { LINES_FIRST_BYTES = 512, PLACE_SIZE = 40 };
_Static_assert((int)PLACE_SIZE >= (int)UUID_TEXT_SIZE, "a message id in a path");

void request_clear(struct request *request)
{
    memset(request, 0, offsetof(struct request, url));
    request->url[0] = 0;
}

void request_move(struct request *to, struct request *from)
{
    memcpy(to, from, offsetof(struct request, url));
    memcpy(to->url, from->url, strlen(from->url) + 1);
    request_clear(from);
}

static void wipe_and_free(char *bytes, size_t size)
{
    if (bytes)
        explicit_bzero(bytes, size);
    pool_free(bytes);
}

void request_wipe(struct request *request)
{
    wipe_and_free(request->lines, request->lines_bytes);
    if (!request->body_lent)
        wipe_and_free((char *)request->body, request->body_bytes);
    request_clear(request);
}

/* ---------------------------------------------------------------- the address */

/* RFC 3986's unreserved characters stay. */
void url_escape(struct text *text, const char *value)
{
    for (; *value; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte < 0x80 && (isalnum(byte) || strchr("-._~", byte)))
            text_add_span(text, span_of(value, 1));
        else
            text_add(text, "%%%02X", byte);
    }
}

/* "" without one. */
static void message_id_text(const uint8_t *bytes, char ret_text[UUID_TEXT_SIZE])
{
    struct uuid uuid;

    ret_text[0] = 0;
    if (!bytes)
        return;
    memcpy(uuid.bytes, bytes, sizeof uuid.bytes);
    uuid_text(&uuid, ret_text);
}

/* The value of the placeholder at `at` ("{name}"), its size there; NULL: there is none of this name. */
static const char *placeholder(const char *at, const struct job *job, char array[PLACE_SIZE], size_t *ret_size)
{
    static const struct job none = { .dossier_code = "", .idempotency_key = "", .procedure_code = "", .sender = "",
                                     .recipient = "" };
    const struct job *from = job ? job : &none;
    bool message = strncmp(at, "{message_id}", 12) == 0;

    if (message)
        message_id_text(from->message_id, array);
    else
        snprintf(array, PLACE_SIZE, "%" PRIu64, from->handoff_id);
    const struct { const char *name, *value; } known[] = {
        { "{dossier_code}", from->dossier_code }, { "{idempotency_key}", from->idempotency_key },
        { "{handoff_id}", array }, { "{message_id}", array }, { "{procedure_code}", from->procedure_code },
        { "{sender}", from->sender }, { "{recipient}", from->recipient },
        { "{kind}", from->kind > 0 && from->kind < KIND_END ? kind_name(from->kind) : "" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(at, known[i].name, strlen(known[i].name)) == 0) {
            *ret_size = strlen(known[i].name);
            return known[i].value;
        }
    return NULL;
}

bool url_template_is_valid(const char *path)
{
    char array[PLACE_SIZE];
    size_t size;

    for (; *path; path++) {
        if ((unsigned char)*path <= ' ' || *path == 0x7F || *path == '}')
            return false;
        if (*path != '{')
            continue;
        if (!placeholder(path, NULL, array, &size))
            return false;
        path += size - 1;
    }
    return true;
}

bool url_fill(const char *base, const char *path, const struct job *job, char ret_url[REQUEST_URL_SIZE])
{
    struct text url = text_of(ret_url, REQUEST_URL_SIZE);
    bool whole = strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
    char array[PLACE_SIZE];
    size_t size;

    if (!whole)
        text_add_span(&url, span_of_string(base));
    while (*path) {
        const char *value = *path == '{' ? placeholder(path, job, array, &size) : NULL;
        if (value) {
            url_escape(&url, value);
            path += size;
        } else {
            size_t plain = 1 + strcspn(path + 1, "{");
            text_add_span(&url, span_of(path, plain));
            path += plain;
        }
    }
    return !url.cut;
}

/* ---------------------------------------------------------------- headers */

/* Nothing from outside may begin a header of its own. */
static bool is_clean(const char *value)
{
    for (; *value; value++)
        if ((unsigned char)*value < ' ' || *value == 0x7F)
            return false;
    return true;
}

/* Room for one line more. What it grows out of is wiped: it may hold a secret. */
static bool lines_have_room(struct request *request, size_t more)
{
    size_t need = request->lines_bytes + more, room = request->lines_room ? request->lines_room : LINES_FIRST_BYTES;

    if (need <= request->lines_room)
        return true;
    while (room < need)
        room *= 2;
    char *lines = pool_malloc(room);
    request->no_memory |= !lines;
    if (!lines)
        return false;
    for (size_t i = 0; i < request->header_count; i++)
        request->headers[i] = lines + (request->headers[i] - request->lines);
    if (request->lines_bytes)
        memcpy(lines, request->lines, request->lines_bytes);
    wipe_and_free(request->lines, request->lines_bytes);
    request->lines = lines;
    request->lines_room = room;
    return true;
}

/* Of a value that is_clean(), or cannot but be. */
static bool add_line(struct request *request, const char *name, const char *value)
{
    size_t name_size = strlen(name), value_size = strlen(value), size = name_size + 2 + value_size + 1;

    if (request->header_count >= REQUEST_HEADERS_MAX || !lines_have_room(request, size))
        return false;
    char *line = request->lines + request->lines_bytes;
    memcpy(line, name, name_size);
    memcpy(line + name_size, ": ", 2);
    memcpy(line + name_size + 2, value, value_size + 1);
    request->headers[request->header_count++] = line;
    request->lines_bytes += size;
    return true;
}

bool request_header(struct request *request, const char *name, const char *value)
{
    return is_clean(value) && add_line(request, name, value);
}

bool request_auth(struct request *request, const struct agency_config *agency, const struct credentials *credentials)
{
    char value[TOKEN_SIZE + 16];
    struct text text = text_of(value, sizeof value);
    bool good = true;

    if (agency->auth.kind == AUTH_HEADER)
        return request_header(request, agency->auth.header, credentials->secret ? credentials->secret : "");
    if (agency->auth.kind == AUTH_CLIENT_CREDENTIALS) {
        text_add(&text, "Bearer %s", credentials->token ? credentials->token : "");
        good = !text.cut && request_header(request, "Authorization", value);
        explicit_bzero(value, sizeof value);
    }
    return good;
}

/* A structured-field string (RFC 8941): printable ASCII in quotes. */
bool request_key(struct request *request, const char *key, const char *suffix)
{
    char value[3 * IDEMPOTENCY_KEY_SIZE];
    size_t used = 0, suffix_size = strlen(suffix);

    value[used++] = '"';
    for (char byte; (byte = *key); key++) {
        if (byte < ' ' || byte > '~' || used + 2 > sizeof value)
            return false;
        if (byte == '"' || byte == '\\')
            value[used++] = '\\';
        value[used++] = byte;
    }
    if (used + suffix_size + 2 > sizeof value)
        return false;
    memcpy(value + used, suffix, suffix_size);
    memcpy(value + used + suffix_size, "\"", 2);
    return add_line(request, "Idempotency-Key", value);
}

/* ---------------------------------------------------------------- W3C Trace Context */

static bool is_hex_but_zero(const char *text, size_t size)
{
    return strspn(text, "0123456789abcdef") >= size && strspn(text, "0") < size;
}

/* "00-<32>-<16>-<2>"; a later version may go on after that. */
static bool trace_is_valid(const char *trace)
{
    size_t length = strlen(trace);

    return length >= 55 && trace[2] == '-' && trace[35] == '-' && trace[52] == '-' && memcmp(trace, "ff", 2) != 0
           && strspn(trace, "0123456789abcdef") == 2 && is_hex_but_zero(trace + 3, 32)
           && is_hex_but_zero(trace + 36, 16) && strspn(trace + 53, "0123456789abcdef") >= 2
           && (length == 55 || (memcmp(trace, "00", 2) != 0 && trace[55] == '-'));
}

bool request_trace(struct request *request, const struct job *job, uint32_t call_number)
{
    char value[TRACEPARENT_SIZE];
    struct text text = text_of(value, sizeof value);
    struct hash_fields fields;

    /* The ids come from the handoff, not from chance: the same attempt always tells the same story. */
    hash_fields_begin(&fields, "lienthong traceparent v1");
    hash_fields_add(&fields, 1, span_of_string(job->idempotency_key));
    hash_fields_add_u64(&fields, 2, job->handoff_id);
    bool valid = trace_is_valid(job->traceparent);
    text_add_span(&text, span_of("00-", 3));
    if (valid)
        text_add_span(&text, span_of(job->traceparent + 3, 33));
    else {
        struct hash_fields trace_fields = fields;
        struct hash trace_id = hash_fields_end(&trace_fields);
        text_add_hex(&text, trace_id.bytes, 16);
        text_add_span(&text, span_of("-", 1));
    }
    hash_fields_add_u64(&fields, 3, job->attempt);
    hash_fields_add_u64(&fields, 4, call_number);
    struct hash span_id = hash_fields_end(&fields);
    text_add_hex(&text, span_id.bytes, 8);
    text_add_span(&text, span_of("-", 1));
    text_add_span(&text, span_of(valid ? job->traceparent + 53 : "00", 2));
    return add_line(request, "traceparent", value);
}

/* ---------------------------------------------------------------- body */

bool request_body_lent(struct request *request, struct span body, const char *content_type)
{
    request->body = body.size ? (const char *)body.bytes : "";
    request->body_bytes = body.size;
    request->body_lent = true;
    return request_header(request, "Content-Type", content_type);
}

bool request_body(struct request *request, struct span body, const char *content_type)
{
    char *copy = pool_malloc(body.size + 1);

    request->no_memory |= !copy;
    if (!copy)
        return false;
    if (body.size)
        memcpy(copy, body.bytes, body.size);
    copy[body.size] = 0;
    request->body = copy;
    request->body_bytes = body.size;
    return request_header(request, "Content-Type", content_type);
}

bool request_json(struct request *request, const json_t *json)
{
    char *body;
    enum result result = json_to_body(json, REQUEST_BYTES_MAX, &body, &request->body_bytes);

    request->no_memory |= result == RESULT_FULL;
    if (result != RESULT_OK)
        return false;
    request->body = body;
    return request_header(request, "Content-Type", "application/json; charset=utf-8");
}

#include "adapters/kinds/pointer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/base/pool.h"

enum { SCANNED_MEMBERS_MAX = 4 };

bool pointer_is_valid(const char *pointer)
{
    size_t tokens = 0, token_size = 0;

    if (*pointer && *pointer != '/')
        return false;
    for (const char *at = pointer; *at; at++) {
        token_size++;
        if (*at == '/') {
            tokens++;
            token_size = 0;
        }
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return false;
        if (tokens > POINTER_TOKENS_MAX || token_size >= POINTER_TOKEN_SIZE)
            return false;
    }
    return true;
}

const char *pointer_step(const char *pointer, char ret_token[POINTER_TOKEN_SIZE])
{
    size_t used = 0;

    if (*pointer != '/')
        return NULL;
    for (pointer++; *pointer && *pointer != '/'; pointer++) {
        if (used == POINTER_TOKEN_SIZE - 1)
            return NULL;
        char character = *pointer;
        if (character == '~' && (pointer[1] == '0' || pointer[1] == '1'))
            character = *++pointer == '0' ? '~' : '/';
        ret_token[used++] = character;
    }
    ret_token[used] = 0;
    return pointer;
}

/* RFC 6901 section 4: digits without a leading zero; "-" is the element behind the last, which is never there. */
static bool token_index(const char *token, size_t *ret_index)
{
    size_t length = strlen(token);

    if (!length || length > 9 || token[strspn(token, "0123456789")] || (length > 1 && token[0] == '0'))
        return false;
    *ret_index = (size_t)strtoul(token, NULL, 10);
    return true;
}

/* The size of a token that can be looked up where it stands; 0: pointer_step() has to look at it. */
static size_t plain_token(const char *token)
{
    size_t size = 0;

    while (token[size] && token[size] != '/' && token[size] != '~')
        size++;
    return token[size] != '~' && size < POINTER_TOKEN_SIZE ? size : 0;
}

/* Answers are small, and most of what is looked for is not in them: comparing is cheaper than hashing. */
static json_t *member_of(const json_t *object, const char *name, size_t size)
{
    json_t *from = (json_t *)object;

    if (json_object_size(object) > SCANNED_MEMBERS_MAX)
        return json_object_getn(object, name, size);
    for (void *at = json_object_iter(from); at; at = json_object_iter_next(from, at))
        if (json_object_iter_key_len(at) == size && memcmp(json_object_iter_key(at), name, size) == 0)
            return json_object_iter_value(at);
    return NULL;
}

json_t *pointer_get(const json_t *json, const char *pointer)
{
    char token[POINTER_TOKEN_SIZE];
    const json_t *at = json;

    while (at && *pointer) {
        size_t index, plain = json_is_object(at) && *pointer == '/' ? plain_token(pointer + 1) : 0;
        if (plain) {
            at = member_of(at, pointer + 1, plain);
            pointer += 1 + plain;
            continue;
        }
        pointer = pointer_step(pointer, token);
        if (!pointer)
            return NULL;
        if (json_is_object(at))
            at = json_object_get(at, token);
        else if (json_is_array(at) && token_index(token, &index))
            at = json_array_get(at, index);
        else
            return NULL;
    }
    return (json_t *)at;
}

bool scalar_text(const json_t *json, char *ret_text, size_t size)
{
    char number[64];

    switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_STRING:
        return span_to_string(span_of(json_string_value(json), json_string_length(json)), ret_text, size);
    case JSON_INTEGER:
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return span_to_string(span_of_string(number), ret_text, size);
    case JSON_REAL:
        snprintf(number, sizeof number, "%.15g", json_real_value(json));
        return span_to_string(span_of_string(number), ret_text, size);
    case JSON_TRUE:
        return span_to_string(span_of_string("true"), ret_text, size);
    case JSON_FALSE:
        return span_to_string(span_of_string("false"), ret_text, size);
    default:
        return false;
    }
}

/* Whether jansson lacked memory in this thread. It says so for some things only; of a string it may lose a piece and
 * go on. */
static _Thread_local bool lacked_memory;

static void *noting_malloc(size_t size)
{
    void *memory = pool_malloc(size);
    lacked_memory |= !memory;
    return memory;
}

/* Before there are threads. Wiped: a login's request and answer are trees too, and so is what is told of people. */
__attribute__((constructor)) static void set_what_jansson_uses(void)
{
    json_set_alloc_funcs(noting_malloc, pool_wipe_and_free);
}

json_t *json_of_bytes(struct span bytes)
{
    json_error_t error;

    errno = 0;
    if (bytes.size >= 3 && memcmp(bytes.bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes = span_of(bytes.bytes + 3, bytes.size - 3);
    if (!bytes.size)
        return NULL;
    lacked_memory = false;
    json_t *json = json_loadb((const char *)bytes.bytes, bytes.size,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (lacked_memory) {
        json_decref(json);
        json = NULL;
    }
    errno = lacked_memory ? ENOMEM : 0;
    return json;
}

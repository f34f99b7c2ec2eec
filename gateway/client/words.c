/* What a program that has only this library needs of gateway/base, under the library's own names. */
#include <string.h>

#include "gateway/base/clock.h"
#include "gateway/base/version.h"
#include "gateway/client/inside.h"
#include "proto/content.h"

const char *lienthong_version(void)
{
    return LIENTHONG_VERSION;
}

struct span lienthong_span(const char *string)
{
    return span_of_string(string);
}

struct text lienthong_text(char *array, size_t size)
{
    return text_of(array, size);
}

struct uuid lienthong_new_id(void)
{
    must(hash_start() == RESULT_OK);
    return uuid_v7_now();
}

struct uuid lienthong_source_id(int64_t source_time_ms, const char *agency, const char *source_key)
{
    must(hash_start() == RESULT_OK);
    return uuid_v8(source_time_ms, span_of_string(agency), span_of_string(source_key));
}

void lienthong_id_text(const struct uuid *id, char ret_text[UUID_TEXT_SIZE])
{
    uuid_text(id, ret_text);
}

bool lienthong_id_read(const char *text, struct uuid *ret_id)
{
    return uuid_read(span_of_string(text), ret_id);
}

void lienthong_hash_text(const struct hash *hash, char ret_text[HASH_TEXT_SIZE])
{
    hash_text(hash, ret_text);
}

struct hash lienthong_content_hash(const Lienthong__V1__Header *header, struct span payload)
{
    must(hash_start() == RESULT_OK);
    return content_hash(header, payload);
}

void lienthong_time_text(int64_t time_ms, char ret_text[LIENTHONG_TIME_TEXT_SIZE])
{
    _Static_assert((int)LIENTHONG_TIME_TEXT_SIZE == (int)CLOCK_TEXT_SIZE, "the same array");
    clock_text(time_ms, ret_text);
}

const char *lienthong_result_name(enum result result)
{
    return result_name(result);
}

const char *lienthong_problem_word(enum problem_type type)
{
    return problem_word(type);
}

const char *lienthong_kind_name(enum kind kind)
{
    return kind_name(kind);
}

enum kind lienthong_kind_read(const char *name)
{
    return kind_read(name);
}

const char *lienthong_state_name(enum state state)
{
    return state_name(state);
}

bool lienthong_state_is_final(enum state state)
{
    return state_is_final(state);
}

const char *lienthong_verdict_name(enum verdict verdict)
{
    return verdict_name(verdict);
}

enum verdict lienthong_verdict_read(const char *name)
{
    return verdict_read(name);
}

const char *lienthong_fail_class_name(enum fail_class fail_class)
{
    return fail_class_name(fail_class);
}

const char *lienthong_answer_name(enum answer answer)
{
    return answer_name(answer);
}

const char *lienthong_cause_name(enum cause cause)
{
    return cause_name(cause);
}

/* pointer.h - JSON pointers (RFC 6901) on jansson trees, and scalars as text. */
#ifndef ADAPTERS_KINDS_POINTER_H
#define ADAPTERS_KINDS_POINTER_H

#include <jansson.h>

#include "gateway/base/span.h"

enum { POINTER_TOKENS_MAX = 16, POINTER_TOKEN_SIZE = 128 };

/* "" or "/a/0/b", ~ only as ~0 and ~1, bounded */
bool pointer_is_valid(const char *pointer);
json_t *pointer_get(const json_t *json, const char *pointer);           /* borrowed; NULL when there is nothing */
/* Splits off the first token, unescaped. Returns the rest; NULL when the pointer is "" (no token) or a token is too
 * long. */
const char *pointer_step(const char *pointer, char ret_token[POINTER_TOKEN_SIZE]);

/* A string, number or boolean as text; false for null, arrays and objects, or when it does not fit. Strings as they are
 * (false when one holds a zero byte), integers in decimal, booleans as true and false. */
MUST_USE bool scalar_text(const json_t *json, char *ret_text, size_t size);

/* JSON from bytes that anyone may have sent: duplicate keys and nonsense give NULL, a byte order mark is skipped,
 * "\u0000" is kept (strings have lengths). Any JSON value is taken. NULL with errno ENOMEM: no memory. */
json_t *json_of_bytes(struct span bytes);

#endif

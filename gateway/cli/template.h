/* template.h - HTML made from a template and a JSON document. Small on purpose, and safe on purpose: there is no way to
 * put a value into the page unescaped.
 *
 *   {{name}}                 the value, escaped: text, or a whole number; nothing where it is not there
 *   {{a.b}}                  a value inside an object
 *   {{.}}                    the value at hand, inside a list of texts
 *   {{#name}} ... {{/name}}  for each of a list; once for an object, a text that is not empty, a number that is not 0,
 *                            true; not at all otherwise. Inside it names are looked up there first, then around it
 *   {{^name}} ... {{/name}}  where {{#name}} gives nothing
 *   {{>name}}                another template, with the same values
 *
 * Escaped: & < > " ' as entities; what is not UTF-8, control characters, and characters that turn the direction of a
 * line round become U+FFFD, for a form must read as it was written. Line ends and tabs stay.
 * A template that is not well-formed is our own bug: must().
 */
#ifndef GATEWAY_CLI_TEMPLATE_H
#define GATEWAY_CLI_TEMPLATE_H

#include <jansson.h>
#include <stdio.h>

#include "gateway/base/span.h"

struct template { const char *name, *text; };

/* `templates`: all there are, up to one without a name; must(): `name` is one of them. What could not be written shows
 * in ferror(out). */
void template_write(FILE *out, const struct template *templates, const char *name, const json_t *values);
void template_escape(FILE *out, struct span text);
/* The length of the UTF-8 character that a text begins with, 1 to 4, and which it is; 0: none is there. */
size_t utf8_next(struct span text, uint32_t *ret_character);
/* It may stand on a form: no control character (but \n and \t), none that reorders a line. */
bool character_is_plain(uint32_t character);

#endif

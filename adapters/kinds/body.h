/* body.h - the body of an answer, looked at once: what form it has, its JSON, its words. */
#ifndef ADAPTERS_KINDS_BODY_H
#define ADAPTERS_KINDS_BODY_H

#include <jansson.h>

#include "adapters/kinds/fold.h"
#include "gateway/base/span.h"

/* An XML answer is recognised but not looked into: values by XPath would be read here, beside `json`. */
enum form { FORM_EMPTY = 1, FORM_JSON, FORM_HTML, FORM_XML, FORM_BROKEN, FORM_END };
const char *form_name(enum form form);              /* "empty", "json", "html", "xml", "broken"; static */
enum form   form_read(const char *name);            /* 0 when unknown */

struct body {
    enum form     form;
    struct span   bytes;        /* borrowed */
    json_t       *json;         /* FORM_JSON only */
    struct folded words;        /* made when first asked for */
    bool          has_words;
    bool          no_memory;    /* some of this could not be made: nothing that was not found means anything */
};

/* `cut`: more came than was kept, so JSON cannot be whole. */
void body_init(struct body *body, struct span bytes, bool cut);
void body_done(struct body *body);                  /* takes a zeroed one */

/* Folded: every string of the JSON, one after the other, or the whole text where it is none. Lent until body_done(). */
const struct folded *body_words(struct body *body);

#endif

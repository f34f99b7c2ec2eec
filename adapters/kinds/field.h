/* field.h - one line of a mapping file, as read. Inside of mapping.h: nobody else needs it. */
#ifndef ADAPTERS_KINDS_FIELD_H
#define ADAPTERS_KINDS_FIELD_H

#include <jansson.h>

#include "adapters/kinds/dates.h"
#include "adapters/kinds/mapping.h"

enum { FIELD_FROM_MAX = 4, FIELD_DATES_MAX = 4 };

/* AS_JSON: a subtree as JSON inside a string; what is a string already stays as it is. */
enum as { AS_IS = 1, AS_TEXT, AS_NUMBER, AS_TREE, AS_JSON };

struct field {
    int     line;
    char   *to;                         /* target pointer; an index 0 in it makes an array of one */
    char   *from[FIELD_FROM_MAX];       /* "/..." from the root, "./..." from the item of the surrounding `each` */
    size_t  from_count;                 /* the first that holds something is taken */
    json_t *constant, *fallback;        /* fallback: YAML `default` */
    bool    required;
    char    date_from[FIELD_DATES_MAX][DATE_FORMAT_SIZE], date_to[DATE_FORMAT_SIZE];
    size_t  date_count;
    json_t *codes;                      /* object: source value as text -> target scalar */
    size_t  cut;                        /* characters; 0 no limit */
    enum as as;
    char   *each;                       /* pointer of a source array: `fields` once per item */
    struct field *fields;
    size_t  count;
};

struct mapping {
    char   *name;
    json_t *lists;                      /* code lists by name */
    struct field *fields;
    size_t  count, total;               /* total: nested ones included */
};

/* Puts `value` (taken, also on failure) at `pointer` below `root`, making what is missing on the way. False: something
 * else stands in the way, or there is something already. */
bool field_put(json_t *root, const char *pointer, json_t *value);

#endif

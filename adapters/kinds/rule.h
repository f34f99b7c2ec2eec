/* rule.h - one verdict rule and one set of them, as read from YAML. Inside of rules.h: nobody else needs it.
 * Everything given in a rule must hold; lists are alternatives. */
#ifndef ADAPTERS_KINDS_RULE_H
#define ADAPTERS_KINDS_RULE_H

#include "adapters/kinds/body.h"
#include "adapters/kinds/rules.h"

enum { RULE_LIST_MAX = 16, RULE_TESTS_MAX = 8, RULE_HTTP_MAX = 16 };

struct scalar {                         /* 0 and "0" are two different values */
    enum scalar_type { SCALAR_STRING = 1, SCALAR_NUMBER, SCALAR_TRUE, SCALAR_FALSE, SCALAR_NULL } type;
    struct folded string;
    double        number;
};
struct value_test {                     /* at: { /pointer: [values] } */
    char         *pointer;
    struct scalar values[RULE_LIST_MAX];
    size_t        count;
};
struct text_test {                      /* text: { /pointer: [fragments] }; anywhere: [fragments] */
    char         *pointer;              /* NULL: anywhere in the body's words */
    struct folded fragments[RULE_LIST_MAX];
    size_t        count;
};
struct pointers {
    char  *list[RULE_LIST_MAX];
    size_t count;
};
struct http_range { int first, last; };

/* The order in which the rules of one set are tried. */
enum phase { PHASE_CODE = 1, PHASE_PROSE, PHASE_PLAIN, PHASE_END };

struct rule {
    int      line;
    enum phase phase;
    /* when */
    uint32_t calls, kinds, classes, forms;          /* bits 1 << word; 0 in classes and forms: any */
    uint32_t attempt;                               /* 0 any, 1, 2 (and later) */
    struct http_range http[RULE_HTTP_MAX];
    size_t   http_count;                            /* 0 any */
    struct value_test values[RULE_TESTS_MAX];
    size_t   value_count;
    struct text_test  texts[RULE_TESTS_MAX];
    size_t   text_count;
    struct pointers present, absent, names;
    /* then */
    enum verdict verdicts[CLASS_END];               /* all 0 when `next` is set */
    enum call    next;
    enum scope   scope;
    struct pointers value, value_sent, field, ref, message;
    char    *why;
    /* the fingerprint behind the set's name; NULL: made from the code */
    char    *name;
    char     mark[FINGERPRINT_SIZE];                /* the fingerprint as a whole; "" without a name */
    char     where[RULE_WHERE_SIZE];                /* file and line */
};

struct rule_set {
    char   name[RULE_SET_NAME_SIZE];
    char   file[RULE_WHERE_SIZE - 16];
    char   parent[RULE_SET_NAME_SIZE];              /* "" none: the end of every chain */
    char   before[CHAIN_MAX][RULE_SET_NAME_SIZE];
    size_t before_count;
    struct rule *rules;
    size_t count;
    int    references;                              /* the book and every chain */
};

/* A whole file. NULL with a fault when it is none. */
struct rule_set *rule_set_read(const char *path, const char *name, struct faults *faults);
/* A bare list of rules, as in an agency's configuration. The caller's yaml_check_unused() covers it.
 * NULL: no memory. */
struct rule_set *rule_set_of_list(const struct yaml_node *list, const char *name);
struct rule_set *rule_set_keep(struct rule_set *set);
void             rule_set_release(struct rule_set *set);        /* takes NULL */

#endif

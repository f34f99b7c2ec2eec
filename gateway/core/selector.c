#include "gateway/core/selector.h"

#include <string.h>

#include "gateway/core/tables.h"

bool selector_matches(const struct selector *selector, const struct agency *agency)
{
    size_t size;

    switch (selector->kind) {
    case SELECT_ANY:
        return true;
    case SELECT_AGENCY:
        return strcmp(selector->code, agency->code) == 0;
    case SELECT_BELOW:
        size = strlen(selector->code);
        return strncmp(selector->code, agency->code, size) == 0 && (!agency->code[size] || agency->code[size] == '.');
    case SELECT_KIND:
        return selector->agency_kind == agency->kind;
    }
    return false;
}

int selector_rank(const struct selector *selector)
{
    switch (selector->kind) {
    case SELECT_KIND:
        return 1;
    case SELECT_BELOW:
        return 1 + (int)strlen(selector->code);
    case SELECT_AGENCY:
        return 1 + AGENCY_CODE_SIZE;
    case SELECT_ANY:
        break;
    }
    return 0;
}

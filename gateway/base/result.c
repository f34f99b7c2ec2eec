#include "gateway/base/result.h"

#include <stdio.h>
#include <stdlib.h>

const char *result_name(enum result result)
{
    switch (result) {
    case RESULT_OK:         return "ok";
    case RESULT_NOT_FOUND:  return "not-found";
    case RESULT_INVALID:    return "invalid";
    case RESULT_FULL:       return "full";
    case RESULT_BUSY:       return "busy";
    case RESULT_BROKEN:     return "broken";
    }
    return "?";
}

void must_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "bug: must(%s) failed at %s:%d in %s\n", condition, file, line, function);
    abort();
}

/* record_unknown_code.h - a partner's own word for where a dossier stands that no map of the directory knew, counted
 * per agency so that somebody can add it. The ritual of records.h holds.
 */
#ifndef GATEWAY_STORE_RECORD_UNKNOWN_CODE_H
#define GATEWAY_STORE_RECORD_UNKNOWN_CODE_H

#include "gateway/store/records.h"

#define UNKNOWN_CODE_OTHERS "*"          /* a partner's own code of that name is among them */

struct unknown_code {
    uint32_t agency;                    /* its key, with the code; not in the bytes */
    char     code[PARTNER_STATUS_SIZE]; /* UNKNOWN_CODE_OTHERS: all beyond UNKNOWN_CODES_MAX together */
    uint64_t count;
    int64_t  first_ms, last_ms;         /* when it came */
    uint64_t handoff;                   /* the last that said it */
};

size_t unknown_code_write(const struct unknown_code *unknown, uint8_t bytes[RECORD_BYTES_MAX]);
MUST_USE bool unknown_code_parse(struct span bytes, struct unknown_code *ret_unknown);

#endif

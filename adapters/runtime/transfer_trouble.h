/* transfer_trouble.h - how a transfer ended without an answer: libcurl's code in our words. */
#ifndef ADAPTERS_RUNTIME_TRANSFER_TROUBLE_H
#define ADAPTERS_RUNTIME_TRANSFER_TROUBLE_H

#include <curl/curl.h>

#include "adapters/kinds/trouble.h"

struct transfer_end {
    CURLcode code;
    unsigned sends;                         /* connections that came to the point of sending; 0: nothing was sent */
    bool     proxy;                         /* there is one */
    bool     address_forbidden;             /* the rules refused each address there was (socket_rules.h) */
    bool     no_memory;                     /* for the answer's body */
};
enum trouble transfer_trouble(const struct transfer_end *end);

#endif

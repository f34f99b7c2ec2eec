/* login.h - the token or session of one agency: fetched once for all who wait for it, kept until it lapses or is
 * refused, never written anywhere. */
#ifndef ADAPTERS_RUNTIME_LOGIN_H
#define ADAPTERS_RUNTIME_LOGIN_H

#include "adapters/kinds/dialect.h"

struct agency;
struct transfer;

struct login {
    bool     held;                      /* text may be used until lapse_ms */
    uint64_t generation;                /* grows with each token, so that one refused twice is dropped once */
    int64_t  lapse_ms;                  /* INT64_MAX: until it is refused */
    struct transfer *transfer;          /* being fetched */
    char     text[TOKEN_SIZE];
};

void login_done(struct login *login);                           /* wipes */
bool login_is_needed(const struct agency *agency);
bool login_is_held(const struct agency *agency);
/* Of this agency, ready for sequence_request() and pull_request(). Lent until the next turn. */
struct credentials login_credentials(const struct agency *agency);
/* The token of this generation was refused. A newer one stays. */
void login_refused(struct agency *agency, uint64_t generation);
/* Begins a fetch unless one is under way. login_fetched() of deliveries and pull hear of its end, perhaps before this
 * returns. */
void login_fetch(struct agency *agency);

#endif

/* runtime_server.h - a small HTTP server on 127.0.0.1 for tests of the adapter: it misbehaves as told by the path of
 * each request, and counts what it has received whole. One thread accepts, one serves each connection.
 *
 *   /ok       201 {"id":"7"}, kept alive          /huge      200 and a body without end
 *   /gone     acts, closes without a word         /half      201 and half of the announced body, closes
 *   /gone-all the same, and the port is shut      /garbage   what is not HTTP
 *   /silent   acts, never answers                 /redirect  302 to /ok
 *   /later    503 with Retry-After: 7             /headers   header lines without end
 *   /exists   409                                 /token     {"access_token":"t<n>"}, n counts from 1
 *   /secure   201 with the last token, else 401   /outbox    two items, then one behind ?after=2, then none
 * Before any request: with `close_at_once` a connection is closed as soon as it was accepted.
 */
#ifndef TESTS_UNIT_RUNTIME_SERVER_H
#define TESTS_UNIT_RUNTIME_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/base/span.h"

enum { SERVER_CONNECTIONS_MAX = 64, SERVER_REQUEST_BYTES = 2 << 20 };

struct server {
    int listener, port;
    atomic_bool close_at_once;
    atomic_int connections, requests, acted;    /* acted: POSTs read whole */
    atomic_int tokens, good_token;              /* given so far; the one that /secure takes, set with each /token */
    pthread_t  acceptor;
    pthread_mutex_t lock;
    int        fds[SERVER_CONNECTIONS_MAX];
    pthread_t  threads[SERVER_CONNECTIONS_MAX];
    size_t     count;
    char       last[SERVER_REQUEST_BYTES];      /* the last request, headers and body */
};

void server_open(struct server *server);
void server_close(struct server *server);

#endif

/* loop.h - the one loop of lienthong-adapter: waits for the sockets of all agencies at once, turns each, stops and
 * reloads.
 *
 * Stopping   (SIGTERM, SIGINT) takes nothing new, answers what was not begun LATER, lets requests in flight end
 *            within their time, gives up the rest with its true verdict, waits up to ACK_WAIT_MS for the gateway to
 *            acknowledge, or for the client library to take the outcomes, returns. A second signal gives up at once,
 *            one after that does not wait for the gateway either.
 * Reloading  (SIGHUP) reads the configuration whole; with any fault the old one stays and the log says why. Otherwise
 *            every agency is drained as above and opened anew with the new configuration as soon as it has nothing in
 *            flight: agencies do not wait for each other, and one that is new begins at once. An agency whose line to
 *            the gateway is down keeps its old connection until the line is back and the gateway has acknowledged its
 *            outcomes, unless its new configuration names another gateway. Which dossiers were just created (recent.h)
 *            is handed on.
 * Nothing    in the loop blocks: names are resolved by libcurl's threads, the gateway's side is ZeroMQ's.
 */
#ifndef ADAPTERS_RUNTIME_LOOP_H
#define ADAPTERS_RUNTIME_LOOP_H

#include "gateway/base/result.h"

#define ACK_WAIT_MS 5000

struct loop_options {
    const char *config_path, *rules_folder;     /* as for adapter_config_read() */
};

/* Runs until it is told to stop. RESULT_OK: stopped in good order. RESULT_INVALID: the configuration has faults (they
 * were logged). RESULT_FULL, RESULT_BROKEN. */
MUST_USE enum result loop_run(const struct loop_options *options);

#endif

/* options.h - broker.yaml: what this machine decides (sockets, folders, bounds). Agencies, keys, routes are not here:
 * they are the directory's. One table feeds reading, range checks, --print-config and this folder's README.
 *
 * Paths that are not absolute, also behind ipc://, count from the folder of the file. Sizes are bytes, as a bare number
 * or with KiB, MiB, GiB, TiB; durations need their unit ("30s").
 */
#ifndef GATEWAY_BROKER_OPTIONS_H
#define GATEWAY_BROKER_OPTIONS_H

#include <stdio.h>

#include "gateway/base/log.h"
#include "gateway/base/yaml.h"

enum { OPTION_PATH_SIZE = 1024, ENDPOINTS_MAX = 16, ENDPOINT_SIZE = 256, IPC_PATH_BYTES_MAX = 107 };

struct options {
    char     directory[OPTION_PATH_SIZE];
    char     secret_key_file[OPTION_PATH_SIZE];
    struct endpoints {
        char     list[ENDPOINTS_MAX][ENDPOINT_SIZE];    /* with absolute paths */
        uint32_t count;
    } endpoints, blob_endpoints;
    bool     allow_remote, ipv6;
    char     admin[OPTION_PATH_SIZE];
    char     store_folder[OPTION_PATH_SIZE];
    int64_t  store_bytes_max, store_ballast_bytes, store_map_bytes, store_journal_bytes;
    int64_t  blobs_keep_free_bytes;
    int64_t  sessions_max, sessions_per_agency_max, handshakes_per_minute, bulk_submits_per_second;
    int64_t  silence_leases;            /* a receiver silent for so many leases is lost */
    int64_t  idle_ms;                   /* any other session silent for so long is ended */
    int64_t  stop_wait_ms;              /* SIGTERM: open deliveries get so long */
    enum log_level log_level;
};

/* Every fault is added; RESULT_INVALID when there was one. Then *ret_options has nothing of use. */
MUST_USE enum result options_read(const char *path, struct options *ret_options, struct faults *faults);
/* As YAML that options_read() takes, each line with what it means. */
void options_print(const struct options *options, FILE *out);

/* "64MiB" -> bytes. False: not a size. */
MUST_USE bool size_read(struct span text, int64_t *ret_bytes);
/* Bound to this machine only: tcp://127..., tcp://[::1]..., tcp://localhost, tcp://lo, ipc://. */
bool endpoint_is_local(const char *endpoint);

#endif

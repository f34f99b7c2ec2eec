/* config.h - adapter.yaml: which agencies one adapter process serves, and how. README.md has a commented example.
 *
 * Read and checked whole: every fault with file and line, also those of the mapping and rule files it names. Relative
 * file names are relative to the folder of the configuration. Secrets stay in their files (here: only that they exist
 * and that nobody but their owner can read them); secret_read() takes them out when a connection needs them.
 * Ownership  everything hangs on the config and dies with adapter_config_free(); nothing in it changes before.
 */
#ifndef ADAPTERS_KINDS_CONFIG_H
#define ADAPTERS_KINDS_CONFIG_H

#include "adapters/kinds/dialect.h"
#include "adapters/kinds/pull.h"
#include "adapters/kinds/rules.h"

enum {
    ADAPTER_AGENCIES_MAX = 256,
    CONFIG_PATH_SIZE = 1024,            /* a file name */
    CONFIG_URL_SIZE = 512,
    CONFIG_TEXT_SIZE = 128,
    CONFIG_SECRET_SIZE = 4096,
    CONFIG_BEFORE_MAX = 4,
    CONFIG_OPTIONS_MAX = 8,
    RESPONSE_BYTES_DEFAULT = 256 << 10, RESPONSE_BYTES_LIMIT = 4 << 20,
};

enum auth_kind {
    AUTH_NONE = 1,
    AUTH_CLIENT_CREDENTIALS,            /* OAuth2: POST paths.token, then Authorization: Bearer */
    AUTH_HEADER,                        /* one header, its value from a file */
    AUTH_SESSION,                       /* user and password, the session then travels in the body (dvcqg) */
};
struct auth_config {
    enum auth_kind kind;
    char id[CONFIG_TEXT_SIZE];          /* client id or user */
    char header[CONFIG_TEXT_SIZE];      /* AUTH_HEADER: its name */
    char scope[CONFIG_TEXT_SIZE];       /* CLIENT_CREDENTIALS; "" none */
    bool in_body;                       /* CLIENT_CREDENTIALS: id and secret in the form instead of HTTP Basic */
    char secret_file[CONFIG_PATH_SIZE]; /* absolute or relative to the working folder: ready for open() */
};

enum http_version { HTTP_1_1 = 1, HTTP_2 };
/* Which addresses may be connected to. Checked by the runtime at connect time, after the name was resolved. */
enum reach {
    REACH_PUBLIC = 1,                   /* anything but loopback, private, link-local, multicast */
    REACH_PRIVATE,                      /* also RFC 1918, fc00::/7 and 100.64.0.0/10: a government WAN */
    REACH_LOOPBACK,                     /* also 127.0.0.0/8 and ::1: tests and sidecars */
};

struct option { char name[32]; char value[CONFIG_TEXT_SIZE]; };     /* what one dialect asks for: madonvi, dstcode */

struct agency_config {
    char     code[AGENCY_CODE_SIZE];
    /* CURVE secret key of this agency's own connection to the gateway */
    char     secret_key_file[CONFIG_PATH_SIZE];
    const struct dialect *dialect;
    const struct rules   *rules;                    /* own rules, sets in front, dialect, parents */
    const struct mapping *mappings[KIND_END];       /* by kind; NULL: the payload goes as it is (rest only) */
    const struct mapping *probe_mapping;            /* body of a probe by POST; NULL: probe by GET */
    char     base_url[CONFIG_URL_SIZE];             /* no slash at the end */
    char     paths[CALL_END][CONFIG_URL_SIZE];      /* templates; "" not offered. CREATE always there */
    bool     probe_by_handoff;                      /* the probe names this very handoff, not only its dossier */
    struct auth_config auth;
    struct option options[CONFIG_OPTIONS_MAX];
    size_t   option_count;
    uint32_t kinds;                                 /* KIND_BIT()s announced to the gateway */
    uint32_t credit;                                /* DELIVERs that may be open; at least requests_max */
    uint32_t requests_max;                          /* in flight at once */
    double   rate_per_second;                       /* 0: no bound */
    int64_t  connect_timeout_ms, total_timeout_ms;
    size_t   response_bytes_max;
    enum http_version http_version;
    enum reach reach;
    bool     https_only;
    char     proxy[CONFIG_URL_SIZE];                /* "" none, the environment's is never used */
    char     ca_file[CONFIG_PATH_SIZE];             /* "" the system's */
    bool     has_pull;
    struct pull_config pull;
    int      line;                                  /* where it stands, for messages */
};
/* "" when not set. */
const char *agency_option(const struct agency_config *agency, const char *name);

struct adapter_config {
    char endpoint[CONFIG_URL_SIZE];                 /* tcp://host:port or ipc://path */
    char gateway_key_file[CONFIG_PATH_SIZE];        /* CURVE public key of the gateway */
    struct agency_config *agencies;
    size_t agency_count;
    struct mapping **mappings;                      /* every mapping file once */
    size_t mapping_count;
    struct rules **chains;                          /* one per agency */
    size_t chain_count;
};

/* NULL and at least one fault when anything is wrong. `rules_folder` is used when the file names none (`rules:`); ""
 * then is a fault. */
struct adapter_config *adapter_config_read(const char *path, const char *rules_folder, struct faults *faults);
void adapter_config_free(struct adapter_config *config);                    /* takes NULL */

/* The first line of a secret file, without blanks at its end. False: not readable, empty, or too long. Wipe it after
 * use. */
MUST_USE bool secret_read(const char *path, char ret_secret[CONFIG_SECRET_SIZE]);

#endif

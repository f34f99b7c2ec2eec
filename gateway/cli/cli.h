/* cli.h - the command line `lienthong`: what every verb shares.
 *
 * A verb is one function that takes a struct cli and returns an exit code. What it prints for people goes to standard
 * output in the language chosen; with --json it prints one JSON document instead, the same for both languages. What is
 * wrong goes to standard error. Nothing here prints a payload unless the person asked for it (receive).
 */
#ifndef GATEWAY_CLI_CLI_H
#define GATEWAY_CLI_CLI_H

#include <jansson.h>

#include "gateway/base/span.h"
#include "gateway/base/yaml.h"

/* Documented in README.md; scripts rely on them. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,           /* the gateway said no; why is on standard error */
    EXIT_USAGE = 2,             /* the command line is wrong */
    EXIT_UNREACHABLE = 3,       /* no answer from the gateway in time */
    EXIT_FAULTS = 4,            /* a check found faults */
    EXIT_BROKEN = 5,            /* disk, memory, network */
};

enum { CLI_PATH_SIZE = 1024, CLI_OPTIONS_MAX = 128 };

struct cli_option { const char *name, *value; };        /* value: "" for a switch that is on */

struct cli {
    bool vietnamese, json;
    const struct cli_verb *verb;
    struct cli_option options[CLI_OPTIONS_MAX];
    size_t option_count;
    char **arguments;           /* what is no option */
    size_t argument_count;
};

struct cli_verb {
    const char *name;
    const char *takes;          /* "ID [ID ...]" for the help */
    const char *options;        /* "reason= pause=+ dry-run": those with = take a value, those with + repeatedly */
    size_t arguments_min, arguments_max;
    enum exit_code (*run)(struct cli *cli);
    const char *help_vi, *help_en;
};

/* NULL when it was not given; the last one where it was given twice. */
const char *cli_option(const struct cli *cli, const char *name);
/* The index-th of one that may be repeated, in the order they were given; NULL at the end. */
const char *cli_option_at(const struct cli *cli, const char *name, size_t index);
bool        cli_switch(const struct cli *cli, const char *name);
/* A count or an id: decimal or 0x hex. False with a message: not a number. */
MUST_USE bool cli_number(const struct cli *cli, const char *what, const char *text, uint64_t *ret_number);
/* The same of an option, within [min, max]; when it was not given *ret_number stays. False with a message. */
MUST_USE bool cli_number_within(const struct cli *cli, const char *name, uint64_t min, uint64_t max,
                                uint64_t *ret_number);
/* A duration such as 30s; `otherwise` when the option was not given. */
MUST_USE bool cli_duration_ms(const struct cli *cli, const char *name, int64_t otherwise, int64_t *ret_ms);

const char *cli_say(const struct cli *cli, const char *vi, const char *en);      /* the one in the chosen language */
/* One line on standard error, in the chosen language; formats take the same arguments. */
void cli_complain(const struct cli *cli, const char *vi, const char *en, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
void cli_print_faults(const struct faults *faults);             /* to standard error, one per line */
void cli_print_json(json_t *json);                              /* takes it */

/* ---- the site: where this machine's gateway is (lienthong.yaml) */
struct site {
    char folder[CLI_PATH_SIZE];                 /* of the file */
    char endpoint[CLI_PATH_SIZE], gateway_public_file[CLI_PATH_SIZE];
    char blob_endpoint[CLI_PATH_SIZE];          /* for attachments; "" where the file does not say it */
    char admin[CLI_PATH_SIZE];                  /* ipc://... of the admin socket */
    char keys[CLI_PATH_SIZE], directory[CLI_PATH_SIZE], store[CLI_PATH_SIZE], rules[CLI_PATH_SIZE];
};
/* --site FILE or FOLDER, else $LIENTHONG_SITE, ./lienthong.yaml, /etc/lienthong/lienthong.yaml. False with a
 * message. */
MUST_USE bool site_read(const struct cli *cli, struct site *ret_site);
bool          site_is_named(const struct cli *cli);                      /* one of these is there; no message */

/* The folder of what comes with the program: networks, rules, mappings. $LIENTHONG_SHARE, else beside the program. */
struct share { char networks[CLI_PATH_SIZE], rules[CLI_PATH_SIZE], mappings[CLI_PATH_SIZE]; };
MUST_USE bool share_find(const struct cli *cli, struct share *ret_share);

/* "FOLDER/NAME", or NAME where that is absolute. False: too long. */
MUST_USE bool cli_path(const char *folder, const char *name, char ret_path[CLI_PATH_SIZE]);
/* A whole file in memory, a zero byte after it; free(). NULL: errno says why. "-" is standard input. */
char *cli_read_file(const char *path, size_t bytes_max, size_t *ret_bytes);

/* ---- the verbs, one file per group */
enum exit_code verb_init(struct cli *cli), verb_keygen(struct cli *cli);                    /* verb_init.c */
enum exit_code verb_check_config(struct cli *cli), verb_test_rule(struct cli *cli);         /* verb_check.c */
enum exit_code verb_due(struct cli *cli);                                                   /* verb_due.c */
enum exit_code verb_doctor(struct cli *cli);                                                /* verb_doctor.c */
enum exit_code verb_backup(struct cli *cli), verb_check_store(struct cli *cli);             /* verb_store.c */
enum exit_code verb_report(struct cli *cli);                                                /* verb_report.c */
enum exit_code verb_restore(struct cli *cli);                                               /* verb_restore.c */
enum exit_code verb_submit(struct cli *cli);                                                /* verb_submit.c */
enum exit_code verb_receive(struct cli *cli);                                               /* verb_receive.c */
enum exit_code verb_upload(struct cli *cli), verb_download(struct cli *cli);                /* verb_blob.c */
enum exit_code verb_status(struct cli *cli), verb_show(struct cli *cli), verb_list(struct cli *cli),
    verb_track(struct cli *cli), verb_explain(struct cli *cli), verb_failed(struct cli *cli),
    verb_unreceived(struct cli *cli), verb_supplements(struct cli *cli),
    verb_agencies(struct cli *cli);                                                         /* verb_ask.c */
enum exit_code verb_paper(struct cli *cli);                                                  /* verb_paper.c */
enum exit_code verb_late(struct cli *cli), verb_sign(struct cli *cli);                      /* verb_late.c */
enum exit_code verb_replay(struct cli *cli), verb_close(struct cli *cli), verb_redirect(struct cli *cli),
    verb_hold(struct cli *cli), verb_release(struct cli *cli),
    verb_confirm_clock(struct cli *cli);                                                    /* verb_act.c */

#endif

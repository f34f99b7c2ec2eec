#include "adapters/kinds/config_agency.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/kinds/dialect_parts.h"

/* ---------------------------------------------------------------- addresses */

/* "http://host:port/base": no user, query, fragment, blank, and no slash at the end. */
static bool is_base_url(const char *url, bool https_only)
{
    const char *host = strncmp(url, "https://", 8) == 0 ? url + 8
                       : strncmp(url, "http://", 7) == 0 && !https_only ? url + 7 : NULL;
    size_t length = strlen(url);

    if (!host || !host[0] || host[0] == '/' || host[0] == ':' || url[length - 1] == '/')
        return false;
    for (const char *at = host; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7F || strchr("@?#{}\"<>\\^`|", *at))
            return false;
    return true;
}

static void read_base_url(const struct yaml_node *node, struct agency_config *agency)
{
    agency->https_only = true;
    yaml_get_bool(node, "https_only", false, &agency->https_only);
    if (yaml_get_string(node, "base_url", true, agency->base_url, sizeof agency->base_url)
        && !is_base_url(agency->base_url, agency->https_only))
        yaml_fault(yaml_get(node, "base_url"), "'base_url' must be https://host[:port][/path], without user, query or "
                   "a slash at the end; http:// needs 'https_only: false'");
}

/* A token may live at another address; everything else is below base_url. */
static void read_path(const struct yaml_node *paths, enum call call, struct agency_config *agency)
{
    char *path = agency->paths[call];

    if (!yaml_get_string(paths, call_name(call), false, path, CONFIG_URL_SIZE))
        return;
    bool whole = call == CALL_TOKEN && is_base_url(path, agency->https_only);
    if (call == CALL_TOKEN && strchr(path, '{'))
        yaml_fault(yaml_get(paths, "token"), "path of 'token': a login knows no dossier, so no placeholders");
    else if (!whole && (path[0] != '/' || !url_template_is_valid(path)))
        yaml_fault(yaml_get(paths, call_name(call)), "path of '%s' must begin with / and may hold {dossier_code}, "
                   "{idempotency_key}, {handoff_id}, {message_id}, {procedure_code}, {sender}, {recipient}, {kind}",
                   call_name(call));
}

static void read_paths(const struct yaml_node *node, struct agency_config *agency)
{
    static const enum call calls[] = { CALL_CREATE, CALL_UPDATE, CALL_PROBE, CALL_TOKEN };
    const struct yaml_node *paths = yaml_get(node, "paths");

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        read_path(paths, calls[i], agency);
    if (!agency->paths[CALL_CREATE][0])
        yaml_fault(paths ? paths : node, "'paths' needs at least create: /path");
    if (agency->dialect && agency->dialect->one_path)
        for (enum call call = CALL_UPDATE; call <= CALL_PROBE; call++)
            if (!agency->paths[call][0])
                memcpy(agency->paths[call], agency->paths[CALL_CREATE], CONFIG_URL_SIZE);
    const char *probe = agency->paths[CALL_PROBE];
    agency->probe_by_handoff = strstr(probe, "{idempotency_key}") || strstr(probe, "{handoff_id}")
                               || strstr(probe, "{message_id}");
    yaml_get_bool(node, "probe_by_handoff", false, &agency->probe_by_handoff);
}

static void read_reach(const struct yaml_node *node, struct agency_config *agency)
{
    static const char *const words[] = { [REACH_PUBLIC] = "public", [REACH_PRIVATE] = "private",
                                         [REACH_LOOPBACK] = "loopback" };
    const struct yaml_node *reach = yaml_get(node, "reach");

    agency->reach = reach ? 0 : REACH_PUBLIC;
    for (enum reach word = REACH_PUBLIC; reach && word <= REACH_LOOPBACK; word++)
        if (strcmp(yaml_scalar(reach), words[word]) == 0)
            agency->reach = word;
    if (!agency->reach)
        yaml_fault(reach, "'reach' must be public, private or loopback, not '%s'", yaml_scalar(reach));
}

static void read_http(const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *http = yaml_get(node, "http");

    agency->http_version = HTTP_1_1;
    if (http && strcmp(yaml_scalar(http), "2") == 0)
        agency->http_version = HTTP_2;
    else if (http && strcmp(yaml_scalar(http), "1.1") != 0)
        yaml_fault(http, "'http' must be 1.1 or 2");
    if (yaml_get_string(node, "proxy", false, agency->proxy, sizeof agency->proxy)
        && !is_base_url(agency->proxy, false))
        yaml_fault(yaml_get(node, "proxy"), "'proxy' must be http://host:port");
}

/* ---------------------------------------------------------------- logging in */

static void read_client_credentials(const struct config_reader *reader, const struct yaml_node *node,
                                    struct agency_config *agency)
{
    const struct yaml_node *in = yaml_get(node, "in");

    agency->auth.kind = AUTH_CLIENT_CREDENTIALS;
    yaml_get_string(node, "id", true, agency->auth.id, sizeof agency->auth.id);
    yaml_get_string(node, "scope", false, agency->auth.scope, sizeof agency->auth.scope);
    agency->auth.in_body = in && strcmp(yaml_scalar(in), "body") == 0;
    if (in && !agency->auth.in_body && strcmp(yaml_scalar(in), "basic") != 0)
        yaml_fault(in, "'in' must be basic or body");
    config_file(reader, node, "secret_file", true, true, agency->auth.secret_file);
}

static bool is_header_name(const char *name)
{
    return name[0] && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")];
}

static void read_header_auth(const struct config_reader *reader, const struct yaml_node *node,
                             struct agency_config *agency)
{
    static const char *const ours[] = { "Content-Type", "Content-Length", "Accept", "Host", "Idempotency-Key",
                                        "traceparent", "Expect", "Transfer-Encoding", "Connection" };

    agency->auth.kind = AUTH_HEADER;
    if (yaml_get_string(node, "name", true, agency->auth.header, sizeof agency->auth.header)
        && !is_header_name(agency->auth.header))
        yaml_fault(yaml_get(node, "name"), "'%s' is not the name of a header", agency->auth.header);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcasecmp(ours[i], agency->auth.header) == 0)
            yaml_fault(yaml_get(node, "name"), "the header '%s' is set by the adapter itself", ours[i]);
    config_file(reader, node, "value_file", true, true, agency->auth.secret_file);
}

static void read_auth(const struct config_reader *reader, const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *auth = yaml_get(node, "auth");
    char kind[32] = "none";

    agency->auth.kind = AUTH_NONE;
    if (auth)
        yaml_get_string(auth, "kind", true, kind, sizeof kind);
    if (strcmp(kind, "client_credentials") == 0)
        read_client_credentials(reader, auth, agency);
    else if (strcmp(kind, "header") == 0)
        read_header_auth(reader, auth, agency);
    else if (strcmp(kind, "session") == 0) {
        agency->auth.kind = AUTH_SESSION;
        yaml_get_string(auth, "user", true, agency->auth.id, sizeof agency->auth.id);
        config_file(reader, auth, "password_file", true, true, agency->auth.secret_file);
    } else if (strcmp(kind, "none") != 0)
        yaml_fault(auth, "unknown kind of auth '%s'; known: none, client_credentials, header, session", kind);

    bool logs_in = agency->dialect && agency->dialect->logs_in;
    if (agency->dialect && logs_in != (agency->auth.kind == AUTH_SESSION))
        yaml_fault(auth ? auth : node, "auth kind session and dialect '%s' do not go together", agency->dialect->name);
    bool fetches = agency->auth.kind == AUTH_SESSION || agency->auth.kind == AUTH_CLIENT_CREDENTIALS;
    if (fetches != (agency->paths[CALL_TOKEN][0] != 0))
        yaml_fault(auth ? auth : node, fetches ? "'paths' needs token: where to log in"
                                               : "a token path without an auth that would use it");
}

/* ---------------------------------------------------------------- kinds and mappings */

/* Every file is read once, however many agencies and kinds name it. */
static const struct mapping *get_mapping(struct config_reader *reader, const struct yaml_node *node)
{
    struct adapter_config *config = reader->config;
    const char *name = yaml_scalar(node);
    char path[CONFIG_PATH_SIZE];

    for (size_t i = 0; i < config->mapping_count; i++)
        if (strcmp(mapping_name(config->mappings[i]), name) == 0)
            return config->mappings[i];
    if (!yaml_is_scalar(node) || !name[0]) {
        yaml_fault(node, "the name of a mapping file is expected");
        return NULL;
    }
    struct mapping *mapping = config_path(reader, node, name, path) ? mapping_read(path, name, reader->faults) : NULL;
    if (mapping)
        config->mappings[config->mapping_count++] = mapping;
    else
        yaml_fault(node, "mapping '%s' cannot be used", name);
    return mapping;
}

static void read_kinds(const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *kinds = yaml_get(node, "kinds");

    agency->kinds = kinds ? 0 : KINDS_ALL;
    if (kinds && !yaml_is_sequence(kinds))
        yaml_fault(kinds, "'kinds' must be a list such as [FORWARD, SUPPLEMENT]");
    for (size_t i = 0; i < yaml_count(kinds) && yaml_is_sequence(kinds); i++) {
        enum kind kind = kind_read(yaml_scalar(yaml_item(kinds, i)));
        if (kind)
            agency->kinds |= KIND_BIT(kind);
        else
            yaml_fault(yaml_item(kinds, i), "unknown kind '%s'", yaml_scalar(yaml_item(kinds, i)));
    }
    if (yaml_is_sequence(kinds) && !yaml_count(kinds))
        yaml_fault(kinds, "'kinds' is empty: name at least one, or leave it out for all of them");
}

/* { FORWARD: a.yaml, "*": b.yaml }: the star is for every kind not named. */
static void read_mappings(struct config_reader *reader, const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *mappings = yaml_get(node, "mappings"), *probe = yaml_get(node, "probe_mapping");
    const struct mapping *rest = NULL;

    if (mappings && !yaml_is_mapping(mappings))
        yaml_fault(mappings, "'mappings' must be { FORWARD: file.yaml, \"*\": other.yaml }");
    for (size_t i = 0; i < yaml_count(mappings) && yaml_is_mapping(mappings); i++) {
        const char *word = yaml_scalar(yaml_key(mappings, i));
        enum kind kind = kind_read(word);
        if (strcmp(word, "*") == 0)
            rest = get_mapping(reader, yaml_value(mappings, i));
        else if (kind)
            agency->mappings[kind] = get_mapping(reader, yaml_value(mappings, i));
        else
            yaml_fault(yaml_key(mappings, i), "unknown kind '%s'", word);
    }
    bool needed = agency->dialect && agency->dialect->needs_mapping;
    for (enum kind kind = 1; kind < KIND_END; kind++) {
        if (!agency->mappings[kind])
            agency->mappings[kind] = rest;
        if (needed && agency->kinds & KIND_BIT(kind) && !agency->mappings[kind])
            yaml_fault(mappings ? mappings : node, "dialect '%s' needs a mapping for %s, or 'kinds' without it",
                       agency->dialect->name, kind_name(kind));
    }
    if (probe)
        agency->probe_mapping = get_mapping(reader, probe);
    if (probe && !agency->paths[CALL_PROBE][0])
        yaml_fault(probe, "a probe_mapping without a probe path");
}

/* ---------------------------------------------------------------- rules, options, bounds */

static void read_rules(struct config_reader *reader, const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *before = yaml_get(node, "before"), *own = yaml_get(node, "rules");
    const char *names[CONFIG_BEFORE_MAX];
    size_t count = yaml_count(before);

    if (before && (!yaml_is_sequence(before) || count > CONFIG_BEFORE_MAX)) {
        yaml_fault(before, "'before' must be a list of at most %d rule sets", CONFIG_BEFORE_MAX);
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = yaml_scalar(yaml_item(before, i));
        if (reader->book && !rulebook_has(reader->book, names[i])) {
            yaml_fault(yaml_item(before, i), "there is no rule set '%s'", names[i]);
            return;
        }
    }
    if (!agency->dialect || !reader->book)
        return;
    struct rules *rules = rules_build(reader->book, agency->dialect->name, names, count, own, reader->faults);
    if (rules)
        reader->config->chains[reader->config->chain_count++] = rules;
    else
        yaml_fault(node, "the rules of dialect '%s' cannot be used", agency->dialect->name);
    agency->rules = rules;
}

/* An option that is missing would travel as nothing, one that is misspelt as well. */
static void check_options(const struct yaml_node *node, const struct yaml_node *options,
                          const struct agency_config *agency)
{
    const struct dialect *dialect = agency->dialect;

    for (size_t i = 0; dialect && i < DIALECT_OPTIONS_MAX && dialect->options[i]; i++)
        if (!agency_option(agency, dialect->options[i])[0])
            yaml_fault(options ? options : node, "dialect '%s' needs the option '%s'", dialect->name,
                       dialect->options[i]);
    for (size_t i = 0; dialect && i < agency->option_count; i++) {
        size_t known = 0;
        while (known < DIALECT_OPTIONS_MAX && dialect->options[known]
               && strcmp(dialect->options[known], agency->options[i].name) != 0)
            known++;
        if (known == DIALECT_OPTIONS_MAX || !dialect->options[known])
            yaml_fault(yaml_key(options, i), "dialect '%s' has no option '%s'", dialect->name, agency->options[i].name);
    }
}

static void read_options(const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *options = yaml_get(node, "options");
    size_t count = yaml_count(options);

    if (options && (!yaml_is_mapping(options) || count > CONFIG_OPTIONS_MAX)) {
        yaml_fault(options, "'options' must be at most %d pairs", CONFIG_OPTIONS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct option *option = &agency->options[agency->option_count];
        if (span_to_string(span_of_string(yaml_scalar(yaml_key(options, i))), option->name, sizeof option->name)
            && span_to_string(span_of_string(yaml_scalar(yaml_value(options, i))), option->value, sizeof option->value))
            agency->option_count++;
        else
            yaml_fault(yaml_key(options, i), "too long");
    }
    check_options(node, options, agency);
}

static void read_rate(const struct yaml_node *node, struct agency_config *agency)
{
    const struct yaml_node *rate = yaml_get(node, "rate_per_second");
    char *end;

    if (!rate)
        return;
    agency->rate_per_second = strtod(yaml_scalar(rate), &end);
    if (*end || end == yaml_scalar(rate) || !(agency->rate_per_second >= 0.001 && agency->rate_per_second <= 10000))
        yaml_fault(rate, "'rate_per_second' must be a number from 0.001 to 10000");
}

static void read_bounds(const struct yaml_node *node, struct agency_config *agency)
{
    int64_t requests = 8, credit = 0, bytes = RESPONSE_BYTES_DEFAULT;

    yaml_get_int(node, "requests", false, 1, CREDIT_MAX, &requests);
    bool has_credit = yaml_get_int(node, "credit", false, 1, CREDIT_MAX, &credit);
    if (!has_credit)
        credit = 2 * requests < CREDIT_MAX ? 2 * requests : CREDIT_MAX;
    if (credit < requests)
        yaml_fault(node, "'credit' must be at least 'requests': else the others would never be used");
    yaml_get_int(node, "response_bytes", false, 1024, RESPONSE_BYTES_LIMIT, &bytes);
    agency->requests_max = (uint32_t)requests;
    agency->credit = (uint32_t)credit;
    agency->response_bytes_max = (size_t)bytes;
    agency->connect_timeout_ms = 10 * 1000;
    agency->total_timeout_ms = 60 * 1000;
    bool has_connect = yaml_get_duration_ms(node, "connect_timeout", false, 100, 5 * 60 * 1000,
                                            &agency->connect_timeout_ms);
    yaml_get_duration_ms(node, "total_timeout", false, 100, 15 * 60 * 1000, &agency->total_timeout_ms);
    if (!has_connect && agency->connect_timeout_ms > agency->total_timeout_ms)
        agency->connect_timeout_ms = agency->total_timeout_ms;
    if (agency->connect_timeout_ms > agency->total_timeout_ms)
        yaml_fault(node, "'connect_timeout' is longer than 'total_timeout'");
    read_rate(node, agency);
}

/* ---------------------------------------------------------------- one agency */

static bool is_code(const char *code)
{
    size_t length = 0;

    while ((unsigned char)code[length] > ' ' && code[length] != 0x7F)
        length++;
    return length && !code[length];
}

void agency_read(struct config_reader *reader, const struct yaml_node *node, struct agency_config *agency)
{
    char dialect[RULE_SET_NAME_SIZE];
    const struct yaml_node *pull = yaml_get(node, "pull");

    agency->line = yaml_line(node);
    if (yaml_get_string(node, "code", true, agency->code, sizeof agency->code) && !is_code(agency->code))
        yaml_fault(yaml_get(node, "code"), "'code' must be an agency code such as H29.07, without blanks");
    config_file(reader, node, "secret_key_file", true, true, agency->secret_key_file);
    if (yaml_get_string(node, "dialect", true, dialect, sizeof dialect)) {
        agency->dialect = dialect_find(dialect);
        if (!agency->dialect)
            yaml_fault(yaml_get(node, "dialect"), "unknown dialect '%s'; known: %s", dialect, dialect_names());
    }
    read_base_url(node, agency);
    read_paths(node, agency);
    read_reach(node, agency);
    read_http(node, agency);
    config_file(reader, node, "ca_file", false, false, agency->ca_file);
    read_auth(reader, node, agency);
    read_kinds(node, agency);
    read_mappings(reader, node, agency);
    read_options(node, agency);
    read_rules(reader, node, agency);
    read_bounds(node, agency);
    agency->has_pull = pull && pull_config_read(pull, &agency->pull);
    if (pull && agency->auth.kind == AUTH_SESSION)
        yaml_fault(pull, "a session travels in a body, and a poll has none: no 'pull' with auth kind session");
}

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "adapters/kinds/dialect_parts.h"
#include "adapters/kinds/pointer.h"

/* A token is fetched anew this long before it lapses, or a tenth of its life, whichever is less. */
enum { MARGIN_MS_MAX = 60 * 1000 };

static void no_request(const struct request *request, struct judgement *why)
{
    if (request->no_memory) {
        judgement_set(why, VERDICT_LATER, "adapter-memory",
                      "hết bộ nhớ khi viết yêu cầu / no memory to write the request");
        why->never_sent = true;
        return;
    }
    judgement_set(why, VERDICT_MISCONFIGURED, "login-request",
                  "yêu cầu đăng nhập quá dài / the login request does not fit its bounds");
    why->scope = SCOPE_LOGIN;
    why->never_sent = true;
}

/* RFC 6749 section 2.3.1: both parts form-encoded, then HTTP Basic. */
static bool add_basic(struct request *request, const char *id, const char *secret)
{
    char pair[3 * CONFIG_SECRET_SIZE], value[4 * CONFIG_SECRET_SIZE + 16] = "Basic ";
    struct text text = text_of(pair, sizeof pair);

    url_escape(&text, id);
    text_add(&text, ":");
    url_escape(&text, secret);
    bool good = !text.cut && sodium_base64_encoded_len(text.used, sodium_base64_VARIANT_ORIGINAL) <= sizeof value - 6;
    if (good) {
        sodium_bin2base64(value + 6, sizeof value - 6, (const unsigned char *)pair, text.used,
                          sodium_base64_VARIANT_ORIGINAL);
        good = request_header(request, "Authorization", value);
    }
    explicit_bzero(pair, sizeof pair);
    explicit_bzero(value, sizeof value);
    return good;
}

static bool client_credentials(struct request *request, const struct auth_config *auth, const char *secret)
{
    char form[4 * CONFIG_SECRET_SIZE];
    struct text text = text_of(form, sizeof form);

    text_add(&text, "grant_type=client_credentials");
    if (auth->scope[0]) {
        text_add(&text, "&scope=");
        url_escape(&text, auth->scope);
    }
    if (auth->in_body) {
        text_add(&text, "&client_id=");
        url_escape(&text, auth->id);
        text_add(&text, "&client_secret=");
        url_escape(&text, secret);
    }
    bool good = !text.cut && (auth->in_body || add_basic(request, auth->id, secret))
                && request_body(request, span_of(form, text.used), "application/x-www-form-urlencoded");
    explicit_bzero(form, sizeof form);
    return good;
}

static bool session_login(struct request *request, const struct agency_config *agency, const char *password)
{
    const struct dialect *dialect = agency->dialect;
    json_t *login = dialect->login ? dialect->login(agency, password) : NULL;
    bool good = login && request_json(request, login);

    /* A password that is not UTF-8 cannot be said in JSON; the rest was checked when it was read. */
    request->no_memory |= dialect->login && !login && !u8_check((const uint8_t *)password, strlen(password));
    json_decref(login);
    if (good && dialect->login_header)
        good = request_header(request, dialect->login_header, agency_option(agency, dialect->login_header));
    return good;
}

bool token_request(const struct agency_config *agency, const struct credentials *credentials,
                   struct request *ret_request, struct judgement *reterr_why)
{
    struct request request = { .call = CALL_TOKEN, .method = "POST" };
    const char *secret = credentials->secret ? credentials->secret : "";
    bool good = url_fill(agency->base_url, agency->paths[CALL_TOKEN], NULL, request.url)
                && request_header(&request, "Accept", "application/json");

    if (agency->auth.kind == AUTH_CLIENT_CREDENTIALS)
        good = good && client_credentials(&request, &agency->auth, secret);
    else if (agency->auth.kind == AUTH_SESSION)
        good = good && session_login(&request, agency, secret);
    else
        good = false;
    if (good) {
        *ret_request = request;
        return true;
    }
    no_request(&request, reterr_why);
    request_wipe(&request);
    return false;
}

/* ---------------------------------------------------------------- the answer */

/* Seconds as a number or, as some write them, as text. 0: not said. */
static int64_t lifetime_ms(const json_t *json)
{
    char text[32];

    if (!scalar_text(json_object_get(json, "expires_in"), text, sizeof text))
        return 0;
    long long seconds = strtoll(text, NULL, 10);
    if (seconds <= 0 || seconds > 10LL * 365 * 24 * 3600)
        return 0;
    int64_t life_ms = seconds * 1000, margin_ms = life_ms / 10;
    return life_ms - (margin_ms < MARGIN_MS_MAX ? margin_ms : MARGIN_MS_MAX);
}

static bool read_bearer(const json_t *json, struct token *ret_token)
{
    const json_t *token = json_object_get(json, "access_token");

    if (!json_is_string(token) || !scalar_text(token, ret_token->text, sizeof ret_token->text) || !ret_token->text[0])
        return false;
    for (const char *at = ret_token->text; *at; at++)
        if (*at <= ' ' || *at > '~')            /* it has to fit into a header */
            return false;
    ret_token->lifetime_ms = lifetime_ms(json);
    return true;
}

bool token_answer(const struct agency_config *agency, const struct http_answer *answer,
                  struct token *ret_token, struct judgement *reterr_why)
{
    struct token token = { 0 };
    bool good = false, refused = false;

    if (answer->http_status == 200 && !answer->body_cut) {
        json_t *json = json_of_bytes(answer->body);
        if (agency->auth.kind == AUTH_SESSION && agency->dialect->read_session) {
            good = agency->dialect->read_session(json, &token);
            refused = !good && json_is_object(json);
        } else
            good = read_bearer(json, &token);
        json_decref(json);
    }
    if (good)
        *ret_token = token;
    explicit_bzero(&token, sizeof token);
    if (good)
        return true;
    struct question question = { .call = CALL_TOKEN, .attempt = 1, .agency_class = CLASS_NEITHER, .dossier_code = "",
                                 .idempotency_key = "", .answer = *answer };
    rules_judge(agency->rules, &question, reterr_why);
    /* Whatever a rule thinks of a dossier, no dossier was sent: either our set-up is wrong, or it is not now. */
    reterr_why->next = 0;
    if (reterr_why->verdict != VERDICT_MISCONFIGURED)
        reterr_why->verdict = VERDICT_LATER;
    if (refused) {
        reterr_why->verdict = VERDICT_MISCONFIGURED;
        reterr_why->scope = SCOPE_LOGIN;
    }
    reterr_why->never_sent = true;
    return false;
}

/* dvcqg - the National Public Service Portal. One address for everything; what is wanted stands in the body:
 *
 *     login                     POST { username, password }, header dstcode   -> { session, error_code: 0 }
 *     create                    service DongBoHoSoMC, isUpdating "False", data: [row]
 *     "đã tồn tại"  -> probe    service TraCuuHoSo, MaHoSo
 *         same procedure, day of receipt and unit  -> update
 *         another dossier under this code          -> BAD_DATA: two dossiers hold one code
 *     update                    service DongBoHoSoMC, isUpdating "True"; of PROGRESS: CapNhatTienDoHoSoMC
 *
 * The mapping of a kind makes the row. Options: madonvi, dstcode. Its answers: adapters/rules/dvcqg.yaml. */
#include <string.h>

#include "adapters/kinds/dialect_parts.h"
#include "adapters/kinds/pointer.h"

static const char *service_of(const struct sequence *sequence)
{
    if (sequence->call == CALL_PROBE)
        return "TraCuuHoSo";
    return sequence->job->kind == KIND_PROGRESS ? "CapNhatTienDoHoSoMC" : "DongBoHoSoMC";
}

static json_t *wrap(const struct sequence *sequence, json_t *mapped, const char *session)
{
    json_t *body = json_pack("{s:s, s:s, s:s}", "session", session, "madonvi",
                             agency_option(sequence->agency, "madonvi"), "service", service_of(sequence));
    bool good = body != NULL;

    if (sequence->call == CALL_PROBE) {
        good = good && (!mapped || json_object_update_missing(body, mapped) == 0)
               && json_object_set_new(body, "MaHoSo", json_string(sequence->job->dossier_code)) == 0;
        json_decref(mapped);
    } else {
        const char *updating = sequence->call == CALL_UPDATE ? "True" : "False";
        good = good && json_object_set_new(body, "isUpdating", json_string(updating)) == 0;
        json_t *rows = json_pack("[o]", mapped);        /* takes it, also when it fails */
        good = json_object_set_new(body, "data", rows) == 0 && good;
    }
    if (good)
        return body;
    json_decref(body);
    return NULL;
}

static json_t *login(const struct agency_config *agency, const char *password)
{
    return json_pack("{s:s, s:s}", "username", agency->auth.id, "password", password);
}

/* 0, "0" and "00" all mean success. */
static bool is_success(const json_t *answer)
{
    char code[16];

    return scalar_text(json_object_get(answer, "error_code"), code, sizeof code)
           && (strcmp(code, "0") == 0 || strcmp(code, "00") == 0);
}

static bool read_session(const json_t *answer, struct token *ret_token)
{
    return is_success(answer)
           && scalar_text(json_object_get(answer, "session"), ret_token->text, sizeof ret_token->text)
           && ret_token->text[0];
}

/* ---------------------------------------------------------------- whose dossier is it */

enum likeness { LIKE_SAME = 1, LIKE_OTHER, LIKE_UNSAID };

static enum likeness compare(const json_t *theirs, const json_t *ours, const char *key, size_t size)
{
    char a[128], b[128];

    if (!scalar_text(json_object_get(theirs, key), a, sizeof a) || !scalar_text(json_object_get(ours, key), b, sizeof b)
        || !a[0] || !b[0])
        return LIKE_UNSAID;
    return strncmp(a, b, size) == 0 ? LIKE_SAME : LIKE_OTHER;
}

/* Procedure, unit, and the day (not the minute) of receipt. One difference is enough, all three must be said. */
static enum likeness compare_rows(const json_t *theirs, const json_t *ours)
{
    const enum likeness likenesses[] = { compare(theirs, ours, "MaTTHC", 128), compare(theirs, ours, "DonViXuLy", 128),
                                         compare(theirs, ours, "NgayTiepNhan", 8) };
    enum likeness all = LIKE_SAME;

    for (size_t i = 0; i < 3; i++) {
        if (likenesses[i] == LIKE_OTHER)
            return LIKE_OTHER;
        if (likenesses[i] == LIKE_UNSAID)
            all = LIKE_UNSAID;
    }
    return all;
}

/* The list of what was found, under either of its names; borrowed, NULL none. */
static const json_t *rows_of(const json_t *answer)
{
    const json_t *rows = json_object_get(answer, "data");

    if (!json_is_array(rows))
        rows = json_object_get(answer, "result");
    return json_is_array(rows) ? rows : NULL;
}

/* The row of this dossier code among those found; borrowed, NULL none. */
static const json_t *find_row(const json_t *rows, const char *dossier_code)
{
    char code[DOSSIER_CODE_SIZE];
    size_t index;
    json_t *row;

    json_array_foreach((json_t *)rows, index, row)
        if (scalar_text(json_object_get(row, "MaHoSo"), code, sizeof code) && strcmp(code, dossier_code) == 0)
            return row;
    return NULL;
}

static void cannot_compare(struct judgement *ret_judgement)
{
    judgement_set(ret_judgement, VERDICT_UNKNOWN, "dvcqg-cannot-compare",
                  "Cổng không cho biết đủ để so sánh / the portal does not say enough to compare the dossiers");
}

static void judge_row(const struct sequence *sequence, const json_t *theirs, struct judgement *ret_judgement)
{
    const struct mapping *mapping = sequence->job->kind > 0 && sequence->job->kind < KIND_END
                                    ? sequence->agency->mappings[sequence->job->kind] : NULL;
    struct warnings warnings;
    struct judgement why;
    json_t *ours = NULL;
    enum likeness likeness = LIKE_UNSAID;

    if (mapping && mapping_apply(mapping, sequence->job->source, &warnings, &ours, &why))
        likeness = compare_rows(theirs, ours);
    json_decref(ours);
    if (likeness == LIKE_OTHER) {
        judgement_set(ret_judgement, VERDICT_BAD_DATA, "dvcqg-code-collision",
                      "mã hồ sơ đang thuộc một hồ sơ khác trên Cổng / another dossier holds this code at the portal");
        struct text field = text_of(ret_judgement->field, sizeof ret_judgement->field);
        text_add(&field, "/header/dossier_code");
    } else if (likeness == LIKE_UNSAID)
        cannot_compare(ret_judgement);
    else if (sequence->existing) {
        judgement_set(ret_judgement, 0, "dvcqg-exists", "hồ sơ đã có, cập nhật / it exists: update it");
        ret_judgement->next = CALL_UPDATE;
    } else
        judgement_set(ret_judgement, VERDICT_ALREADY_THERE, "dvcqg-exists", "đã có từ lần gửi trước / it is there");
}

static bool judge_probe(const struct sequence *sequence, const struct http_answer *answer,
                        struct judgement *ret_judgement)
{
    json_t *json = answer->http_status == 200 && !answer->body_cut ? json_of_bytes(answer->body) : NULL;
    const json_t *rows = rows_of(json);
    bool known = is_success(json) && rows;

    if (known) {
        const json_t *row = find_row(rows, sequence->job->dossier_code);
        if (row)
            judge_row(sequence, row, ret_judgement);
        else if (json_array_size(rows))
            cannot_compare(ret_judgement);      /* asked for one code, answered about others */
        else {
            judgement_set(ret_judgement, 0, "dvcqg-not-there", "Cổng chưa có hồ sơ này / it is not at the portal");
            ret_judgement->next = CALL_CREATE;
        }
    }
    json_decref(json);
    return known;
}

const struct dialect dialect_dvcqg = {
    .name = "dvcqg", .logs_in = true, .needs_mapping = true, .one_path = true, .options = { "madonvi", "dstcode" },
    .wrap = wrap, .login = login, .login_header = "dstcode", .judge_probe = judge_probe, .read_session = read_session,
};

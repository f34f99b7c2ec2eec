/* The example of gateway/directory/README.md, and the network of Ho Chi Minh City: as they are shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "tests/unit/directory_folder.h"

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t room = 1 << 20;
    char *text = calloc(1, room);

    if (!file || !text || fread(text, 1, room - 1, file) == room - 1)
        fail_msg("%s cannot be read", path);
    fclose(file);
    return text;
}

/* ---------------------------------------------------------------- the page */

/* ```yaml, then "# name.yaml", until ```. */
static size_t write_blocks(const char *page)
{
    size_t count = 0;

    for (const char *at = page; (at = strstr(at, "```yaml\n# ")); count++) {
        const char *name = at + strlen("```yaml\n# "), *line_end = strchr(name, '\n');
        const char *end = strstr(name, "\n```\n");
        char file[40], text[8192];
        assert_non_null(end);
        assert_true(span_to_string(span_of(name, (size_t)(line_end - name)), file, sizeof file));
        assert_true(span_to_string(span_of(line_end, (size_t)(end + 1 - line_end)), text, sizeof text));
        scratch_file(&scratch, file, text);
        at = end;
    }
    return count;
}

static void the_example_of_the_page(void **state)
{
    (void)state;
    char *page = read_text("gateway/directory/README.md");
    assert_int_equal(write_blocks(page), 9);
    free(page);
    /* ../keys/ of the page lies beside the folder; here the folder is one level deeper than the keys. */
    char folder[128], other[128];
    struct text text = text_of(folder, sizeof folder), keys = text_of(other, sizeof other);
    text_add(&text, "%s/directory", scratch.folder);
    text_add(&keys, "%s/keys", scratch.folder);
    assert_int_equal(mkdir(folder, 0700) | mkdir(other, 0700), 0);
    static const char *const names[] = { "gateway.yaml", "agencies.yaml", "permits.yaml", "routes.yaml",
                                         "procedures.yaml", "fields.yaml", "hours.yaml", "statuses.yaml",
                                         "calendar/2026.yaml" };
    char years[160];
    struct text calendar = text_of(years, sizeof years);
    text_add(&calendar, "%s/calendar", folder);
    assert_int_equal(mkdir(years, 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char to[200];
        struct text path = text_of(to, sizeof to);
        text_add(&path, "%s/%s", folder, names[i]);
        assert_int_equal(rename(scratch_path(&scratch, names[i]), to), 0);
    }
    scratch_file(&scratch, "keys/H29.07.01.public", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n");

    struct directory *directory = directory_read(folder, now_ms, &faults);
    faults_print(&faults);
    assert_non_null(directory);
    const struct tables *tables = directory_tables(directory);
    assert_int_equal(tables->agency_count, 3);
    assert_int_equal(tables_agency(tables, "000.00.07.H29")->key_count, 2);
    assert_true(tables_agency(tables, "G01.29.07")->rate_per_second == 0.5);
    assert_string_equal(tables_route(tables, "2.000986", "residence", tables_agency(tables, "H29.07.01"))->code,
                        "G01.29.07");
    assert_int_equal(directory_hours(directory, "ward-sat")->make_up.count, 2);
    assert_string_equal(calendar_listed(directory_calendar(directory), day_of_date(2026, 1, 10))->why_en,
                        "làm bù cho ngày 2/1/2026");
    const struct agency *ward = tables_agency(tables, "H29.07.01");
    assert_string_equal(ward->hours->name, "ward-sat");
    assert_int_equal(ward->exception_count, 2);
    assert_true(tables_agency(tables, "G01.29.07")->by_adapter);
    const struct procedure *version = tables_procedure_version(tables, "2.000986/normal/2024-07-01");
    assert_ptr_equal(version, tables_procedure(tables, "2.000986", NULL, ward, version->from_ms));
    assert_string_equal(procedure_component(version, "so-ho-khau")->instead, "Cơ sở dữ liệu quốc gia về dân cư");
    assert_string_equal(tables_field(tables, version->field)->escalation, "H29.07");
    int64_t later_ms = now_ms + 2LL * 365 * 24 * 3600 * 1000;
    assert_string_equal(tables_successor(tables, tables_agency(tables, "H29.07"), NULL, later_ms)->code, "H29.07.01");

    /* "each key has the default shown here": the page without its gateway.yaml means the same. */
    char path[200], few[] = "name: example\nhours: std\n";
    struct text gateway = text_of(path, sizeof path);
    text_add(&gateway, "directory/gateway.yaml");
    scratch_file(&scratch, path, few);
    struct directory *defaults = directory_read(folder, now_ms, &faults);
    assert_non_null(defaults);
    assert_true(span_equal(directory_bytes(directory), directory_bytes(defaults)));
    directory_free(directory);
    directory_free(defaults);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char inner[60];
        struct text name = text_of(inner, sizeof inner);
        text_add(&name, "directory/%s", names[i]);
        unlink(scratch_path(&scratch, inner));
    }
    unlink(scratch_path(&scratch, "keys/H29.07.01.public"));
    assert_int_equal(rmdir(years) | rmdir(folder) | rmdir(other), 0);
}

/* ---------------------------------------------------------------- the network */

static const char *const files_2023[] = {
    "gateway.yaml", "permits.yaml", "routes.yaml", "procedures.yaml", "fields.yaml", "agencies/districts.yaml",
    "agencies/sectors.yaml", "agencies/wards.yaml", "hours.yaml", "calendar/2023.yaml", "calendar/2024.yaml",
    "calendar/2025.yaml", "calendar/2026.yaml", "calendar/2027.yaml", NULL,
};
static const char *const files_2026[] = {
    "gateway.yaml", "permits.yaml", "routes.yaml", "procedures.yaml", "fields.yaml", "agencies/before.yaml",
    "agencies/offices.yaml", "agencies/wards.yaml", "hours.yaml", "calendar/2025.yaml", "calendar/2026.yaml",
    "calendar/2027.yaml", NULL,
};

struct made { size_t count; char paths[128][200]; };

/* What `lienthong init` does for each. */
static void make_key(void *context, const char *agency, const char *path)
{
    struct made *made = context;
    char public[41], secret[41], name[100];
    struct text text = text_of(name, sizeof name);

    assert_true(made->count < 128);
    assert_int_equal(zmq_curve_keypair(public, secret), 0);
    text_add(&text, "/../keys/%s.public", agency);
    assert_non_null(strstr(path, name));
    FILE *file = fopen(path, "wx");                     /* no two agencies share one */
    assert_non_null(file);
    fprintf(file, "%s\n", public);
    fclose(file);
    assert_true(span_to_string(span_of_string(path), made->paths[made->count++], 200));
}

static void copy_network(const char *network, const char *const *network_files)
{
    assert_int_equal(mkdir(scratch_path(&scratch, "directory"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "directory/agencies"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "directory/calendar"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "keys"), 0700), 0);
    for (size_t i = 0; network_files[i]; i++) {
        char from[200], to[200];
        struct text text = text_of(from, sizeof from), other = text_of(to, sizeof to);
        text_add(&text, "deploy/networks/%s/%s", network, network_files[i]);
        text_add(&other, "directory/%s", network_files[i]);
        char *content = read_text(from);
        scratch_file(&scratch, to, content);
        free(content);
    }
}

static void remove_network(const struct made *made, const char *const *network_files)
{
    for (size_t i = 0; i < made->count; i++)
        unlink(made->paths[i]);
    for (size_t i = 0; network_files[i]; i++) {
        char name[200];
        struct text text = text_of(name, sizeof name);
        text_add(&text, "directory/%s", network_files[i]);
        unlink(scratch_path(&scratch, name));
    }
    rmdir(scratch_path(&scratch, "directory/agencies"));
    rmdir(scratch_path(&scratch, "directory/calendar"));
    rmdir(scratch_path(&scratch, "directory"));
    assert_int_equal(rmdir(scratch_path(&scratch, "keys")), 0);
}

static bool may(const struct tables *tables, const char *from, enum kind kind, const char *to, const char *procedure)
{
    const struct agency *sender = tables_agency(tables, from), *recipient = tables_agency(tables, to);
    assert_non_null(sender);
    assert_non_null(recipient);
    return tables_permit(tables, sender, recipient, kind, procedure);
}

static void check_network(const struct tables *tables)
{
    size_t districts = 0;

    for (uint32_t i = 0; i < tables->agency_count; i++) {
        districts += tables->agencies[i].kind == AGENCY_DISTRICT;
        assert_int_equal(tables->agencies[i].key_count, 1);
    }
    assert_int_equal(districts, 22);
    assert_string_equal(tables_agency(tables, "H29.02")->name, "Ủy ban nhân dân thành phố Thủ Đức");
    assert_string_equal(tables_agency(tables, "000.00.07.H29")->code, "H29.07");
    assert_int_equal(tables_agency(tables, "G01.29.07")->agency_class, CLASS_IDEMPOTENT);
    assert_int_equal(tables_agency(tables, "G24.29.07")->agency_class, CLASS_PROBE);
    assert_int_equal(tables_agency(tables, "G12.29.07")->agency_class, CLASS_NEITHER);

    assert_true(may(tables, "H29.07.00", KIND_FORWARD, "G01.29.07", "2.000986"));
    assert_true(may(tables, "H29.07.00", KIND_FORWARD, "H29.07.01", "1.001193"));
    assert_true(may(tables, "G24.29.07", KIND_RESULT, "H29.07.00", "2.000986"));
    assert_true(may(tables, "G12.29.07", KIND_FINANCIAL_OBLIGATION, "H29.30.01.07", "land-change"));
    assert_false(may(tables, "G12.29.07", KIND_FINANCIAL_OBLIGATION, "H29.30.01.07", "2.000986"));
    assert_false(may(tables, "G01.29.07", KIND_FORWARD, "G24.29.07", "2.000986"));
    assert_false(may(tables, "G01.29.07", KIND_FORWARD, "H29.07.00", "2.000986"));
    assert_false(may(tables, "H29.07.00", KIND_RESULT, "G01.29.07", "2.000986"));
    assert_true(may(tables, "H29.07.00", KIND_RATING, "H29.34", ""));
    assert_true(may(tables, "H29.35", KIND_RATING, "H29.34", ""));
    assert_false(may(tables, "H29.35", KIND_FORWARD, "H29.34", ""));

    const struct { const char *procedure, *step, *from, *to; } routed[] = {
        { "2.000986", "residence", "H29.07.00", "G01.29.07" }, { "2.000986", "health-card", "H29.07.00", "G24.29.07" },
        { "3.000722", "identity-card", "H29.16.01", "G01.29.16" },
        { "2.002913", "allowance", "H29.23.04", "G24.29.23" },
        { "2.002622", "social-aid", "H29.23.00", "H29.23.32" },
        { "land-change", "check", "H29.07.00", "H29.30.01.07" },
        { "land-change", "tax-notice", "H29.30.01.07", "G12.29.07" },
        { "land-change", "tax-notice", "H29.07.00", "G12.29.07" },
    };
    for (size_t i = 0; i < sizeof routed / sizeof *routed; i++) {
        const struct agency *to = tables_route(tables, routed[i].procedure, routed[i].step,
                                               tables_agency(tables, routed[i].from));
        assert_non_null(to);
        assert_string_equal(to->code, routed[i].to);
        assert_true(may(tables, routed[i].from, KIND_FORWARD, routed[i].to, routed[i].procedure));
    }
    assert_null(tables_route(tables, "2.000986", "residence", tables_agency(tables, "H29.01")));
}

/* A good directory out of a network, as `lienthong init` makes one: without keys each agency is one fault. */
static struct directory *open_network(const char *network, const char *const *files, const char *key,
                                      struct made *made)
{
    char folder[200];
    struct text text = text_of(folder, sizeof folder);

    text_add(&text, "%s/directory", scratch.folder);
    copy_network(network, files);
    assert_null(directory_read(folder, now_ms, &faults));
    assert_true(faults_have(&faults, "agencies/", key));
    size_t missing = faults.count;
    for (size_t i = 0; i < faults.kept; i++)
        assert_non_null(strstr(faults.lines[i], "there is no key file"));
    faults_done(&faults);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    assert_int_equal(directory_key_files(folder, &faults, make_key, made), RESULT_OK);
    assert_int_equal(made->count, missing);
    struct directory *directory = directory_read(folder, now_ms, &faults);
    faults_print(&faults);
    assert_non_null(directory);
    assert_int_equal(directory_tables(directory)->agency_count, made->count);
    return directory;
}

static size_t count_below(const struct tables *tables, const char *code, enum agency_kind kind, int64_t at_ms)
{
    struct selector below = { .kind = SELECT_BELOW };
    size_t count = 0;

    assert_true(span_to_string(span_of_string(code), below.code, sizeof below.code));
    for (uint32_t i = 0; i < tables->agency_count; i++)
        count += tables->agencies[i].kind == kind && selector_matches(&below, &tables->agencies[i])
              && tables_agency_exists(&tables->agencies[i], at_ms);
    return count;
}

static void ho_chi_minh_city_2023(void **state)
{
    (void)state;
    static struct made made;
    struct directory *directory = open_network("hcmc-2023", files_2023, "keys/H29.02.public: 'lienthong init' makes",
                                               &made);
    const struct tables *tables = directory_tables(directory);

    check_network(tables);
    assert_int_equal(count_below(tables, "H29.07", AGENCY_WARD, now_ms), 10);
    assert_int_equal(count_below(tables, "H29.23", AGENCY_WARD, now_ms), 21);
    assert_int_equal(count_below(tables, "H29.16", AGENCY_WARD, now_ms), 13);
    assert_int_equal(count_below(tables, "H29.16", AGENCY_WARD, now_ms + 2LL * 365 * 24 * 3600 * 1000), 11);

    /* Củ Chi promises a day where the others promise three, but not for what came before 2022. */
    const struct agency *cu_chi = tables_agency(tables, "H29.23.04"), *ward = tables_agency(tables, "H29.07.01");
    int64_t year_2021_ms = now_ms - 2LL * 365 * 24 * 3600 * 1000;
    assert_int_equal(procedure_committed(tables_procedure(tables, "1.000894", NULL, cu_chi, now_ms), 1).number, 1);
    assert_int_equal(procedure_committed(tables_procedure(tables, "1.000894", NULL, cu_chi, year_2021_ms), 1).number,
                     3);
    assert_int_equal(procedure_committed(tables_procedure(tables, "1.000894", NULL, ward, now_ms), 1).number, 3);
    const struct procedure *birth = tables_procedure_version(tables, "2.000986/normal/2024-07-01");
    assert_int_equal(procedure_component(birth, "so-ho-khau")->need, NEED_WITHDRAWN);
    directory_free(directory);
    remove_network(&made, files_2023);
}

static const char *heir(const struct tables *tables, const char *code, const char *area, const char *procedure,
                        int64_t at_ms)
{
    struct matter matter = { .area = area, .procedure = procedure, .kind = KIND_FORWARD };
    const struct agency *found = tables_successor(tables, tables_agency(tables, code), &matter, at_ms);

    return found ? found->code : "";
}

static void ho_chi_minh_city_2026(void **state)
{
    (void)state;
    static struct made made;
    int64_t april_ms = 1743440400000, later_ms = 1752000000000;        /* 2025-04-01, 2025-07-09 */
    struct directory *directory = open_network("hcmc-2026", files_2026, "keys/H29.07.public: 'lienthong init' makes",
                                               &made);
    const struct tables *tables = directory_tables(directory);

    assert_string_equal(heir(tables, "H29.07", "79.07.06", "2.000986", april_ms), "H29.07");
    assert_string_equal(heir(tables, "H29.07", "79.07.06", "2.000986", later_ms), "H29.101");
    assert_string_equal(heir(tables, "H29.07", "79.07.03.2", "2.000986", later_ms), "H29.102");
    assert_string_equal(heir(tables, "000.00.07.H29", "79.07", "2.000986", later_ms), "H29.00");
    assert_string_equal(heir(tables, "H29.07", "79.07.06", "land-change", april_ms), "H29.33");
    assert_string_equal(heir(tables, "H29.07.03", "79.07.03", "", later_ms), "H29.103");
    /* Another province: a department that was renamed there first. */
    assert_string_equal(heir(tables, "H09.01", "74.01", "", later_ms), "H29.201");
    assert_string_equal(heir(tables, "H09.30", "74", "", april_ms), "H09.33");
    assert_string_equal(heir(tables, "H09.30", "74", "", later_ms), "H29.33");
    assert_true(may(tables, "H29.101", KIND_RATING, "H29.34", "") && may(tables, "H29.35", KIND_RATING, "H29.34", ""));
    for (uint32_t i = 0; i < tables->agency_count; i++)                 /* nobody of before is left without an heir */
        assert_true(*heir(tables, tables->agencies[i].code, tables->agencies[i].area, "", later_ms));
    directory_free(directory);
    remove_network(&made, files_2026);
}

static void ignore_key(void *context, const char *agency, const char *path)
{
    (void)agency, (void)path;
    ++*(int *)context;
}

static void key_files_of_a_broken_folder(void **state)
{
    (void)state;
    int told = 0;
    scratch_file(&scratch, "agencies.yaml", "- { code: H29.07, keys: [{ public_key_file: a }, { public_key: b }, 1] }\n"
                 "- { keys: [{ public_key_file: c }] }\n- 5\n- { code: H29.08, keys: 7 }\n");
    faults_done(&faults);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    assert_int_equal(directory_key_files(scratch.folder, &faults, ignore_key, &told), RESULT_INVALID);
    assert_int_equal(told, 1);
    assert_int_equal(faults.count, 1);
    assert_true(faults_have(&faults, "agencies.yaml:2:", "needs a code"));
    scratch_file(&scratch, "agencies.yaml", "- [\n");
    assert_int_equal(directory_key_files(scratch.folder, &faults, ignore_key, &told), RESULT_INVALID);
    assert_int_equal(directory_key_files("/no/such/folder", &faults, ignore_key, &told), RESULT_INVALID);
    assert_int_equal(told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_page), cmocka_unit_test(ho_chi_minh_city_2023),
        cmocka_unit_test(ho_chi_minh_city_2026),
        cmocka_unit_test(key_files_of_a_broken_folder),
    };
    return cmocka_run_group_tests_name("directory: example and network", tests, folder_start, folder_stop);
}

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

static const char network[] = "deploy/networks/hcmc-2023";

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
    assert_int_equal(write_blocks(page), 7);
    free(page);
    /* ../keys/ of the page lies beside the folder; here the folder is one level deeper than the keys. */
    char folder[128], other[128];
    struct text text = text_of(folder, sizeof folder), keys = text_of(other, sizeof other);
    text_add(&text, "%s/directory", scratch.folder);
    text_add(&keys, "%s/keys", scratch.folder);
    assert_int_equal(mkdir(folder, 0700) | mkdir(other, 0700), 0);
    static const char *const names[] = { "gateway.yaml", "agencies.yaml", "permits.yaml", "routes.yaml",
                                         "procedures.yaml", "hours.yaml", "calendar/2026.yaml" };
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
    int64_t later_ms = now_ms + 2LL * 365 * 24 * 3600 * 1000;
    assert_string_equal(tables_successor(tables, tables_agency(tables, "H29.07"), NULL, later_ms)->code, "H29.07.01");

    /* "each key has the default shown here": the page without its gateway.yaml means the same. */
    char path[200], few[] = "name: example\n";
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

static const char *const network_files[] = {
    "gateway.yaml", "permits.yaml", "routes.yaml", "procedures.yaml", "agencies/districts.yaml",
    "agencies/sectors.yaml", "agencies/wards.yaml", "hours.yaml", "calendar/2023.yaml", "calendar/2024.yaml",
    "calendar/2025.yaml", "calendar/2026.yaml", "calendar/2027.yaml",
};
enum { NETWORK_FILES = sizeof network_files / sizeof *network_files };

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

static void copy_network(void)
{
    assert_int_equal(mkdir(scratch_path(&scratch, "directory"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "directory/agencies"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "directory/calendar"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(&scratch, "keys"), 0700), 0);
    for (size_t i = 0; i < NETWORK_FILES; i++) {
        char from[200], to[200];
        struct text text = text_of(from, sizeof from), other = text_of(to, sizeof to);
        text_add(&text, "%s/%s", network, network_files[i]);
        text_add(&other, "directory/%s", network_files[i]);
        char *content = read_text(from);
        scratch_file(&scratch, to, content);
        free(content);
    }
}

static void remove_network(const struct made *made)
{
    for (size_t i = 0; i < made->count; i++)
        unlink(made->paths[i]);
    for (size_t i = 0; i < NETWORK_FILES; i++) {
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

static void ho_chi_minh_city_2023(void **state)
{
    (void)state;
    static struct made made;
    char folder[200];
    struct text text = text_of(folder, sizeof folder);
    text_add(&text, "%s/directory", scratch.folder);
    copy_network();

    /* Without keys: a fault for each, which says what to do. */
    assert_null(directory_read(folder, now_ms, &faults));
    assert_true(faults_have(&faults, "agencies/districts.yaml:", "keys/H29.02.public: 'lienthong init' makes"));
    size_t missing = faults.count;
    for (size_t i = 0; i < faults.kept; i++)
        assert_non_null(strstr(faults.lines[i], "there is no key file"));

    faults_done(&faults);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    assert_int_equal(directory_key_files(folder, &faults, make_key, &made), RESULT_OK);
    assert_int_equal(made.count, missing);
    struct directory *directory = directory_read(folder, now_ms, &faults);
    faults_print(&faults);
    assert_non_null(directory);
    assert_int_equal(directory_tables(directory)->agency_count, made.count);
    check_network(directory_tables(directory));
    directory_free(directory);
    remove_network(&made);
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
        cmocka_unit_test(key_files_of_a_broken_folder),
    };
    return cmocka_run_group_tests_name("directory: example and network", tests, folder_start, folder_stop);
}

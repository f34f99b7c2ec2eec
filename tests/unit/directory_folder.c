#include "tests/unit/directory_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/clock.h"

struct scratch scratch;
struct faults faults;
int64_t now_ms;

static const char *const names[] = { "gateway.yaml", "agencies.yaml", "permits.yaml", "routes.yaml",
                                     "procedures.yaml" };

static const char gateway_good[] = "name: test\n";
const char agencies_good[] =
    "- { code: H29.07, name: Quận 7, kind: DISTRICT, class: idempotent, aliases: [000.00.07.H29],\n"
    "    keys: [{ public_key: " KEY_A ", roles: [sender, receiver] }] }\n"
    "- { code: H29.07.01, name: Phường Tân Phong, kind: WARD, parent: H29.07 }\n"
    "- { code: G01.29.07, name: Công an Quận 7, kind: SECTOR, class: probe,\n"
    "    keys: [{ public_key: " KEY_B ", roles: [receiver], from: 2023-01-01, to: 2025-01-01 }],\n"
    "    delivery: { attempts: 3, rate_per_second: 2.5 } }\n";
const char permits_good[] =
    "- { from: [WARD, H29.07], to: G01.29.*, kinds: [FORWARD, SUPPLEMENT] }\n"
    "- { from: G01.29.*, to: \"*\", kinds: \"*\", procedure: 2.000986 }\n";
const char routes_good[] = "- { procedure: 2.000986, step: residence, from: H29.07.*, to: G01.29.07 }\n";
const char procedures_good[] =
    "- code: 2.000986\n"
    "  name: Liên thông khai sinh\n"
    "  steps: [{ name: civil-status, agency: WARD }, { name: residence, agency: G01.29.*, after: [civil-status] }]\n";

void folder_write(struct folder folder)
{
    const char *given[] = { folder.gateway, folder.agencies, folder.permits, folder.routes, folder.procedures };
    const char *good[] = { gateway_good, agencies_good, permits_good, routes_good, procedures_good };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (given[i] && !given[i][0])
            unlink(scratch_path(&scratch, names[i]));
        else
            scratch_file(&scratch, names[i], given[i] ? given[i] : good[i]);
    faults_done(&faults);
    assert_int_equal(faults_init(&faults), RESULT_OK);
}

struct directory *folder_read(struct folder folder)
{
    folder_write(folder);
    struct directory *directory = directory_read(scratch.folder, now_ms, &faults);
    if (!directory)
        faults_print(&faults);
    assert_non_null(directory);
    assert_int_equal(faults.count, 0);
    return directory;
}

void folder_has_fault(struct folder folder, const char *where, const char *words)
{
    folder_write(folder);
    assert_null(directory_read(scratch.folder, now_ms, &faults));
    if (faults.count == 1 && faults_have(&faults, where, words))
        return;
    faults_print(&faults);
    fail_msg("expected one fault '%s ...%s...', not the %zu above", where, words, faults.count);
}

int folder_start(void **state)
{
    (void)state;
    scratch_open(&scratch);
    return hash_start() != RESULT_OK || faults_init(&faults) != RESULT_OK
           || !clock_read(span_of_string("2023-10-02T08:00:00+07:00"), &now_ms);
}

int folder_stop(void **state)
{
    (void)state;
    faults_done(&faults);
    scratch_done(&scratch);
    return 0;
}

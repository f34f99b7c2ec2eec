/* broker.yaml: every fault with its line, defaults, paths, and what it prints reads back the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/broker/bus.h"
#include "gateway/broker/options.h"

static char folder[] = "/tmp/lienthong-options-XXXXXX";
static char path[64];
static struct faults faults;

static int setup(void **state)
{
    (void)state;
    return !mkdtemp(folder) || snprintf(path, sizeof path, "%s/broker.yaml", folder) < 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static enum result read_text(const char *text, struct options *options)
{
    write_file(text);
    assert_int_equal(faults_init(&faults), RESULT_OK);
    return options_read(path, options, &faults);
}

static bool told(const char *words)
{
    for (size_t i = 0; i < faults.kept; i++)
        if (strstr(faults.lines[i], words))
            return true;
    return false;
}

static const char GOOD[] =
    "directory: directory\nsecret_key_file: /etc/x.secret\n"
    "endpoints: [\"tcp://127.0.0.1:7411\", \"ipc://run/agencies\"]\n"
    "admin: run/admin/socket\nstore:\n  folder: store\n  bytes_max: 2 GiB\n";

static void defaults_and_paths(void **state)
{
    struct options options;
    char expected[128];
    (void)state;
    assert_int_equal(read_text(GOOD, &options), RESULT_OK);
    snprintf(expected, sizeof expected, "%s/directory", folder);
    assert_string_equal(options.directory, expected);
    assert_string_equal(options.secret_key_file, "/etc/x.secret");
    assert_int_equal(options.endpoints.count, 2);
    assert_string_equal(options.endpoints.list[0], "tcp://127.0.0.1:7411");
    snprintf(expected, sizeof expected, "ipc://%s/run/agencies", folder);
    assert_string_equal(options.endpoints.list[1], expected);
    assert_int_equal(options.store_bytes_max, 2LL << 30);
    assert_int_equal(options.store_ballast_bytes, 64 << 20);
    assert_int_equal(options.store_journal_bytes, 16 << 20);
    assert_int_equal(options.sessions_max, 1024);
    assert_int_equal(options.idle_ms, 15 * 60 * 1000);
    assert_int_equal(options.log_level, LOG_INFO);
    assert_false(options.allow_remote);
    faults_done(&faults);
}

static void every_fault_at_once(void **state)
{
    struct options options;
    (void)state;
    assert_int_equal(read_text("directory: d\nendpoints:\n  - tcp://0.0.0.0:7411\n  - http://x\nsessions_max: 5000\n"
                               "stop_wait: 10\nlog_level: loud\nallow_remote: perhaps\nadmn: x\n"
                               "store: { ballast_bytes: 64MB }\n", &options), RESULT_INVALID);
    assert_true(told("broker.yaml:3") && told("allow_remote: true"));
    assert_true(told("broker.yaml:4: an endpoint is tcp://"));
    assert_true(told("sessions_max: 5000 is not between 1 and 4096"));
    assert_true(told("broker.yaml:6") && told("'10' is no duration"));
    assert_true(told("log_level: 'loud'"));
    assert_true(told("allow_remote is true or false"));
    assert_true(told("admn"));
    assert_true(told("'64MB' is no size"));
    assert_true(told("missing: secret_key_file") && told("missing: admin") && told("missing: store.folder"));
    faults_done(&faults);
}

static void remote_only_when_asked(void **state)
{
    struct options options;
    char text[512];
    (void)state;
    snprintf(text, sizeof text, "%sallow_remote: true\n", GOOD);
    assert_int_equal(read_text(text, &options), RESULT_OK);
    faults_done(&faults);
    assert_true(endpoint_is_local("tcp://127.0.0.1:1") && endpoint_is_local("tcp://[::1]:1"));
    assert_true(endpoint_is_local("ipc:///x") && endpoint_is_local("tcp://localhost:1"));
    assert_false(endpoint_is_local("tcp://*:1") || endpoint_is_local("tcp://10.0.0.1:1"));
    assert_false(endpoint_is_local("tcp://localhost.example:1") || endpoint_is_local("tcp://[::]:1"));
}

static void prints_what_it_reads(void **state)
{
    struct options options, again;
    char *text = NULL;
    size_t size;
    (void)state;
    memset(&options, 0, sizeof options);
    memset(&again, 0, sizeof again);
    assert_int_equal(read_text(GOOD, &options), RESULT_OK);
    faults_done(&faults);
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    options_print(&options, out);
    fclose(out);
    assert_int_equal(read_text(text, &again), RESULT_OK);
    assert_memory_equal(&options, &again, sizeof options);
    faults_done(&faults);
    free(text);
}

static void sizes(void **state)
{
    static const struct { const char *text; int64_t bytes; } good[] = {
        { "0", 0 }, { "4096", 4096 }, { "1KiB", 1024 }, { "64 MiB", 64 << 20 }, { "1TiB", 1LL << 40 },
        { "9223372036854775807", INT64_MAX },
    };
    static const char *const bad[] = { "", "KiB", "1kb", "-1", "1.5GiB", "1 GiB ", "9223372036854775808",
                                       "9999999999999999999999", "8388608TiB" };
    int64_t bytes = 7;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(size_read(span_of_string(good[i].text), &bytes));
        assert_true(bytes == good[i].bytes);
    }
    bytes = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(size_read(span_of_string(bad[i]), &bytes));
    assert_int_equal(bytes, 7);
}

/* The pair of the ZeroMQ manual, zmq_curve(7). */
static void secret_key_file(void **state)
{
    static const char secret[] = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6", public_text[] =
        "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    uint8_t key[CURVE_KEY_SIZE], public_key[CURVE_KEY_SIZE], expected[CURVE_KEY_SIZE];
    char array[256], text[64];
    struct text why = text_of(array, sizeof array);
    (void)state;
    snprintf(text, sizeof text, "%s\n", secret);
    write_file(text);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(bus_secret_read(path, key, public_key, &why), RESULT_OK);
    assert_non_null(zmq_z85_decode(expected, public_text));
    assert_memory_equal(public_key, expected, sizeof expected);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(bus_secret_read(path, key, public_key, &why), RESULT_INVALID);
    assert_non_null(strstr(array, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    write_file("too short\n");
    assert_int_equal(bus_secret_read(path, key, public_key, &why), RESULT_INVALID);
    assert_int_equal(bus_secret_read("/nonexistent/key", key, public_key, &why), RESULT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_paths), cmocka_unit_test(every_fault_at_once),
        cmocka_unit_test(remote_only_when_asked), cmocka_unit_test(prints_what_it_reads), cmocka_unit_test(sizes),
        cmocka_unit_test(secret_key_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

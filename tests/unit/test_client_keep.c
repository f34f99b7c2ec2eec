/* Kept messages: until covered, over a restore of the gateway, over the end of this process. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/client_clock.h"
#include "tests/unit/client_play.h"

static int setup(void **state)
{
    static struct play play;
    play_init(&play);
    fake_open(&play);
    *state = &play;
    return 0;
}

static int teardown(void **state)
{
    fake_header(NULL);
    play_done(*state);
    return 0;
}

static void next_connection(struct play *play, struct welcome welcome)
{
    play_until(play, play->client->link == LINK_DOWN);
    clock_test_ms = play->client->link_due_ms;
    fake_welcome(play, welcome);
}

/* Submits and has it accepted with this number. */
static void hand_off(struct play *play, const char *code, uint64_t seq)
{
    uint32_t before = play->answers;

    assert_true(play_submit(play, code, NULL));
    const Lienthong__V1__Envelope *submit = fake_expect(play, BODY(SUBMIT));
    assert_string_equal(fake_header(submit)->dossier_code, code);
    fake_accept(play, submit, 1000 + seq, seq, false);
    play_until(play, play->answers == before + 1);
}

static void what_is_covered_goes(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;
    Lienthong__V1__Notice notice = LIENTHONG__V1__NOTICE__INIT;

    play_client_open(play);
    fake_welcome(play, (struct welcome){ .covered_seq = 9 });
    hand_off(play, "D-9", 9);                               /* a duplicate of long ago: nothing to keep */
    assert_int_equal(play_status(play).kept, 0);
    for (uint64_t seq = 10; seq <= 14; seq++)
        hand_off(play, "D", seq);
    assert_int_equal(play_status(play).kept, 5);
    pong.covered_seq = 12;
    fake_say(play, 0, BODY(PONG), &pong);
    play_until(play, play_status(play).kept == 2);
    notice.covered_seq = 13;
    fake_say(play, 0, BODY(NOTICE), &notice);
    play_until(play, play_status(play).kept == 1);
    fake_close(play);
    fake_open(play);
    next_connection(play, (struct welcome){ .covered_seq = 14 });
    assert_int_equal(play_status(play).kept, 0);
    assert_int_equal(play->client->bytes, 0);
    assert_int_equal(play->client->messages.count, 0);
    assert_int_equal(play->client->requests.count, 0);
}

static void a_restored_gateway_gets_them_again(void **state)
{
    struct play *play = *state;
    Lienthong__V1__Pong pong = LIENTHONG__V1__PONG__INIT;

    play_client_open(play);
    fake_welcome(play, (struct welcome){ .epoch = 1 });
    hand_off(play, "D-1", 1);
    hand_off(play, "D-2", 2);
    hand_off(play, "D-3", 3);
    pong.covered_seq = 1;
    fake_say(play, 0, BODY(PONG), &pong);
    play_until(play, play_status(play).kept == 2);
    fake_close(play);
    fake_open(play);
    play_submit(play, "D-4", NULL);
    /* Restored to 1, it has since given 2 to another message and saved that. Its numbers are not ours. */
    next_connection(play, (struct welcome){ .epoch = 2, .covered_seq = 2 });
    static const struct { const char *code; uint64_t seq, id; } expected[] = { { "D-2", 7, 1002 }, { "D-3", 8, 1003 },
                                                                               { "D-4", 9, 0 } };
    for (size_t i = 0; i < 3; i++) {
        const Lienthong__V1__Envelope *submit = fake_expect(play, BODY(SUBMIT));
        assert_int_equal(submit->submit->accepted_as, expected[i].id);
        assert_string_equal(fake_header(submit)->dossier_code, expected[i].code);
        fake_accept(play, submit, 2000 + i, expected[i].seq, false);
    }
    play_until(play, play->answers == 4);                   /* three before, and D-4: the others had theirs */
    assert_int_equal(play->answer[3].handoff_id, 2002);
    assert_int_equal(play_status(play).kept, 3);
    /* And again: the last id it was given counts. */
    fake_close(play);
    fake_open(play);
    next_connection(play, (struct welcome){ .epoch = 3 });
    for (size_t i = 0; i < 3; i++) {
        const Lienthong__V1__Envelope *submit = fake_expect(play, BODY(SUBMIT));
        assert_int_equal(submit->submit->accepted_as, 2000 + i);
        fake_accept(play, submit, 2000 + i, 20 + i, false);
    }
    play_until(play, play->client->sent.count == 0);
    pong.covered_seq = 22;
    fake_say(play, 0, BODY(PONG), &pong);
    play_until(play, play_status(play).kept == 0);
}

static void a_broken_promise_is_told(void **state)
{
    struct play *play = *state;

    play_client_open(play);
    fake_welcome(play, (struct welcome){ .epoch = 1 });
    hand_off(play, "D-1", 1);
    fake_close(play);
    fake_open(play);
    next_connection(play, (struct welcome){ .epoch = 2 });
    fake_refuse(play, fake_expect(play, BODY(SUBMIT))->correlation, PROBLEM_UNKNOWN_AGENCY, 0);
    play_until(play, play->answers == 2);
    assert_false(play->answer[1].accepted);
    assert_int_equal(play->answer[1].ticket, play->answer[0].ticket);
    assert_int_equal(play_status(play).kept, 0);
}

static void the_oldest_are_let_go_when_there_is_no_room(void **state)
{
    struct play *play = *state;

    play->options.keep_bytes_max = 2000;
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    for (uint64_t seq = 1; seq <= 30; seq++)
        hand_off(play, "D", seq);
    struct lienthong_status status = play_status(play);
    assert_true(status.kept > 2 && status.let_go == 30 - status.kept);
    assert_true(play->client->bytes <= 2000);
    assert_int_equal(((struct message *)play->client->kept.last)->commit_seq, 30);
    /* What is unanswered is not let go. */
    for (int i = 0; i < 40; i++)
        play_submit(play, "D", NULL);
    status = play_status(play);
    assert_int_equal(status.kept, 0);
    assert_true(status.unanswered > 2 && status.unanswered < 30);
    assert_int_equal(play_submit(play, "D", NULL), 0);
}

/* ---- in a folder */

static char keep[96];

static void use_folder(struct play *play)
{
    snprintf(keep, sizeof keep, "%s/kept", play->folder);
    play->options.keep_folder = keep;
}

/* How many files have this in their name; the name of one. */
static int files(const char *part, char *ret_name, size_t size)
{
    DIR *folder = opendir(keep);
    int count = 0;

    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (strstr(entry->d_name, part)) {
            count++;
            if (ret_name)
                snprintf(ret_name, size, "%s/%s", keep, entry->d_name);
        }
    closedir(folder);
    return count;
}

static void a_message_survives_its_process(void **state)
{
    struct play *play = *state;
    struct uuid id, again;
    struct stat about;
    char name[400];

    use_folder(play);
    play_client_open(play);                                 /* no WELCOME yet */
    assert_true(play_submit(play, "D-1", &id));
    assert_int_equal(files(".waiting", name, sizeof name), 1);
    assert_true(stat(name, &about) == 0 && (about.st_mode & 0777) == 0600);
    assert_true(stat(keep, &about) == 0 && (about.st_mode & 0777) == 0700);
    play_client_close(play);
    play_client_open(play);
    assert_int_equal(play_status(play).unanswered, 1);
    /* The number on the wire is of this process, the message the same. */
    assert_true(play_submit(play, "D-2", NULL));
    fake_welcome(play, (struct welcome){ 0 });
    const Lienthong__V1__Envelope *submit = fake_expect(play, BODY(SUBMIT));
    assert_true(frame_uuid(fake_header(submit)->message_id, &again) && uuid_equal(&id, &again));
    assert_true(span_equal(frame_span(submit->submit->payload), span_of_string("{\"copies\":1}")));
    fake_accept(play, submit, 11, 21, false);
    play_until(play, play->answers == 1);
    assert_true(uuid_equal(&play->answer[0].message_id, &id));
    assert_int_equal(files(".accepted-1-21-11", NULL, 0), 1);
    assert_int_equal(files(".waiting", NULL, 0), 1);
    fake_accept(play, fake_expect(play, BODY(SUBMIT)), 12, 22, false);
    play_until(play, play->answers == 2);
    play_client_close(play);

    /* A third process: nothing to send, until the gateway has lost them. */
    play_client_open(play);
    assert_int_equal(play_status(play).kept, 2);
    assert_int_equal(play_status(play).unanswered, 0);
    fake_welcome(play, (struct welcome){ .epoch = 1, .covered_seq = 21 });
    assert_int_equal(play_status(play).kept, 1);
    assert_int_equal(files(".accepted", NULL, 0), 1);
    fake_close(play);
    fake_open(play);
    next_connection(play, (struct welcome){ .epoch = 2 });
    assert_string_equal(fake_header(fake_expect(play, BODY(SUBMIT)))->dossier_code, "D-2");
    assert_int_equal(play->said->submit->accepted_as, 12);
    fake_accept(play, play->said, 12, 5, false);
    play_until(play, play_status(play).kept == 1);
    assert_int_equal(files(".accepted-2-5-12", name, sizeof name), 1);
    assert_int_equal(play->answers, 2);
    play_client_close(play);

    /* One that was kept before ids were written down goes out without. */
    char older[400];
    snprintf(older, sizeof older, "%.*s", (int)(strlen(name) - strlen("-12")), name);
    assert_int_equal(rename(name, older), 0);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ .epoch = 3 });
    assert_int_equal(fake_expect(play, BODY(SUBMIT))->submit->accepted_as, 0);
    fake_accept(play, play->said, 13, 6, false);
    play_until(play, play_status(play).kept == 1);
    assert_int_equal(files(".accepted-3-6-13", NULL, 0), 1);
}

static void the_order_of_writing_survives(void **state)
{
    struct play *play = *state;
    char code[16];

    use_folder(play);
    play_client_open(play);
    for (int i = 0; i < 8; i++) {
        snprintf(code, sizeof code, "D-%d", i);
        assert_true(play_submit(play, code, NULL));
    }
    play_client_close(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    for (int i = 0; i < 8; i++) {
        snprintf(code, sizeof code, "D-%d", i);
        assert_string_equal(fake_header(fake_expect(play, BODY(SUBMIT)))->dossier_code, code);
    }
}

static void a_broken_file_is_set_aside(void **state)
{
    struct play *play = *state;
    char name[400];
    uint8_t byte = 0;

    use_folder(play);
    play_client_open(play);
    play_submit(play, "D-1", NULL);
    play_client_close(play);
    assert_int_equal(files(".waiting", name, sizeof name), 1);
    int fd = open(name, O_RDWR);
    assert_true(fd >= 0 && pread(fd, &byte, 1, 60) == 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 60), 1);
    close(fd);
    snprintf(name, sizeof name, "%s/0189c0de-0000-7000-8000-000000000001.new", keep);
    fd = open(name, O_WRONLY | O_CREAT, 0600);              /* the start of one, never sent */
    assert_true(fd >= 0);
    close(fd);
    snprintf(name, sizeof name, "%s/notes.txt", keep);
    fd = open(name, O_WRONLY | O_CREAT, 0600);              /* somebody's */
    assert_true(fd >= 0);
    close(fd);
    play_client_open(play);
    assert_int_equal(play_status(play).set_aside, 1);
    assert_int_equal(play_status(play).unanswered, 0);
    assert_int_equal(files(".corrupt", NULL, 0), 1);
    assert_int_equal(files(".new", NULL, 0), 0);
    assert_int_equal(files("notes.txt", NULL, 0), 1);
    assert_int_equal(play->client->bytes, 0);
}

static void what_is_done_leaves_no_file(void **state)
{
    struct play *play = *state;

    use_folder(play);
    play_client_open(play);
    fake_welcome(play, (struct welcome){ 0 });
    uint64_t ticket = play_submit(play, "D-1", NULL);
    lienthong_forget(play->client, ticket);
    fake_expect(play, BODY(SUBMIT));
    play_submit(play, "D-2", NULL);
    fake_refuse(play, fake_expect(play, BODY(SUBMIT))->correlation, PROBLEM_CONFLICT, 0);
    play_until(play, play->answers == 1);
    assert_int_equal(files("-", NULL, 0), 0);
}

static void one_process_at_a_time(void **state)
{
    struct play *play = *state;
    struct lienthong *second = NULL;
    char buffer[300];
    struct text why = text_of(buffer, sizeof buffer);

    use_folder(play);
    play_client_open(play);
    assert_int_equal(lienthong_open(&second, &play->options, &why), RESULT_BUSY);
    assert_non_null(strstr(buffer, keep));
    play_client_close(play);
    play_client_open(play);
}

static void no_folder_no_connection(void **state)
{
    struct play *play = *state;
    struct lienthong *client = NULL;
    char buffer[300];
    struct text why = text_of(buffer, sizeof buffer);

    play->options.keep_folder = "/nowhere/at/all";
    assert_int_equal(lienthong_open(&client, &play->options, &why), RESULT_BROKEN);
    assert_non_null(strstr(buffer, "/nowhere/at/all"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_covered_goes),
        TEST(a_restored_gateway_gets_them_again),
        TEST(a_broken_promise_is_told),
        TEST(the_oldest_are_let_go_when_there_is_no_room),
        TEST(a_message_survives_its_process),
        TEST(the_order_of_writing_survives),
        TEST(a_broken_file_is_set_aside),
        TEST(what_is_done_leaves_no_file),
        TEST(one_process_at_a_time),
        TEST(no_folder_no_connection),
    };
    return cmocka_run_group_tests_name("client_keep", tests, NULL, NULL);
}

/* A handoff as a JSON file: what is wrong in it is told with the way to it, and nothing of it is lost in silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/base/words.h"
#include "gateway/cli/submission.h"

#define BEGIN "{\"kind\": \"FORWARD\", \"dossier_code\": \"H29.07-230425-0001\", "

#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"       /* of "test" */

static bool reads(const char *text, struct submission *submission, struct problem *problem)
{
    *problem = (struct problem){ 0 };
    return submission_read(span_of_string(text), ".", submission, problem);
}

static void each_fault_names_the_way_to_it(void **state)
{
    static const struct { const char *rest, *field; } faults[] = {
        { "\"recipent\": \"x\"}", "recipent" },
        { "\"recipient\": 7}", "recipient" },
        { "\"parent\": -1}", "parent" },
        { "\"sequence\": 1.5}", "sequence" },
        { "\"source_time\": \"soon\"}", "source_time" },
        { "\"after\": \"x\"}", "after" },
        { "\"after\": [\"x\"]}", "after[0]" },
        { "\"after\": [7]}", "after[0]" },
        { "\"after\": [{\"message_id\": \"x\"}]}", "after[0].message_id" },
        { "\"after\": [{\"message_id\": \"01a21608-ec31-8011-b2ea-c9b0552b6785\", \"until\": \"NEVER\"}]}",
          "after[0].until" },
        { "\"facts\": []}", "facts" },
        { "\"facts\": {\"statu\": 2}}", "facts.statu" },
        { "\"facts\": {\"status\": \"2\"}}", "facts.status" },
        { "\"facts\": {\"status\": 4294967298}}", "facts.status" },
        { "\"facts\": {\"due\": \"31/12/2026\"}}", "facts.due" },
        { "\"facts\": {\"area_code\": 79}}", "facts.area_code" },
        { "\"facts\": {\"aliases\": \"LT-1\"}}", "facts.aliases" },
        { "\"facts\": {\"aliases\": [1]}}", "facts.aliases" },
        { "\"facts\": {\"components\": [\"to-khai\"]}}", "facts.components[0]" },
        { "\"facts\": {\"components\": [{\"code\": \"a\"}, {\"code\": \"b\", \"copies\": \"1\"}]}}",
          "facts.components[1].copies" },
        { "\"facts\": {\"components\": [{\"code\": \"a\", \"digitized\": true}]}}", "facts.components[0].digitized" },
        { "\"facts\": {\"money\": [{\"owed\": -1}]}}", "facts.money[0].owed" },
        { "\"facts\": {\"rating\": 5}}", "facts.rating" },
        { "\"facts\": {\"rating\": {\"stars\": 5}}}", "facts.rating.stars" },
        { "\"attachments\": {}}", "attachments" },
        { "\"attachments\": [\"scan.pdf\"]}", "attachments[0]" },
        { "\"attachments\": [{\"name\": \"scan.pdf\"}]}", "attachments[0].file" },
        { "\"attachments\": [{\"file\": \"none-there\"}]}", "attachments[0].file" },
        { "\"attachments\": [{\"file\": \"/\"}]}", "attachments[0].file" },
        { "\"attachments\": [{\"file\": \"/dev/null\"}]}", "attachments[0].file" },
        { "\"attachments\": [{\"file\": 7}]}", "attachments[0].file" },
        { "\"attachments\": [{\"file\": \"x\", \"sha256\": \"" HASH "\"}]}", "attachments[0].file" },
        { "\"attachments\": [{\"sha256\": \"9f86\", \"size\": 4}]}", "attachments[0].sha256" },
        { "\"attachments\": [{\"sha256\": \"" HASH "\"}]}", "attachments[0].size" },
        { "\"attachments\": [{\"sha256\": \"" HASH "\", \"size\": 1073741825}]}", "attachments[0].size" },
        { "\"attachments\": [{\"sha256\": \"" HASH "\", \"size\": 4}, {\"sha256\": \"" HASH "\", \"size\": 4,"
          "\"mime\": \"x\"}]}", "attachments[1].mime" },
        { "\"payload_text\": 5}", "payload_text" },
        { "\"payload_file\": \"none-there\"}", "payload_file" },
        { "\"payload\": {}, \"payload_text\": \"x\"}", "payload" },
    };
    struct submission submission;
    struct problem problem;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        snprintf(text, sizeof text, BEGIN "%s", faults[i].rest);
        assert_false(reads(text, &submission, &problem));
        assert_string_equal(problem.field, faults[i].field);
        assert_int_equal(problem.type, PROBLEM_INVALID_FIELD);
        assert_true(problem.sentence_vi[0] && problem.sentence_en[0]);
        submission_done(&submission);
    }
}

static void what_is_right_is_taken(void **state)
{
    struct submission submission;
    struct problem problem;

    (void)state;
    assert_true(reads(BEGIN "\"after\": [\"01a21608-ec31-8011-b2ea-c9b0552b6785\"], \"payload\": {\"a\": 1},"
                      "\"facts\": {\"status\": 2, \"aliases\": [\"LT-1\"], \"rating\": {\"attitude\": 5, \"trips\": 1},"
                      "\"components\": [{\"code\": \"to-khai\", \"copies\": 1, \"digitised\": true}]}}",
                      &submission, &problem));
    const Lienthong__V1__Facts *facts = submission.header.facts;
    assert_int_equal(submission.header.kind, KIND_FORWARD);
    assert_int_equal(submission.header.n_after, 1);
    assert_int_equal(facts->status, 2);
    assert_string_equal(facts->aliases[0], "LT-1");
    assert_int_equal(facts->rating->attitude, 5);
    assert_string_equal(facts->components[0]->code, "to-khai");
    assert_true(facts->components[0]->digitised);
    assert_true(span_equal(submission.payload, span_of_string("{\"a\":1}")));
    submission_done(&submission);
}

static void attachments_are_files_or_what_is_there(void **state)
{
    struct submission submission;
    struct problem problem = { 0 };
    char folder[] = "/tmp/lienthong-submission-XXXXXX", path[64], hash[HASH_TEXT_SIZE];
    const char *text = BEGIN "\"attachments\": ["
        "{\"file\": \"scan.pdf\", \"component\": \"GKS\", \"media_type\": \"application/pdf\"},"
        "{\"file\": \"./scan.pdf\", \"name\": \"bản chụp.pdf\"},"
        "{\"sha256\": \"" HASH "\", \"size\": 4}]}";

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/scan.pdf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_false(fclose(file));
    assert_false(submission_read(span_of_string(text), folder, &submission, &problem));
    assert_string_equal(problem.field, "attachments[0].file");         /* it is empty */
    submission_done(&submission);
    file = fopen(path, "w");
    assert_true(file && fputs("test", file) >= 0 && fclose(file) == 0);
    assert_true(submission_read(span_of_string(text), folder, &submission, &problem));
    Lienthong__V1__Attachment *const *attachments = submission.header.attachments;
    assert_int_equal(submission.header.n_attachments, 3);
    assert_string_equal(submission.files[0], path);
    assert_string_equal(attachments[0]->name, "scan.pdf");
    assert_string_equal(attachments[0]->component, "GKS");
    assert_string_equal(attachments[0]->media_type, "application/pdf");
    assert_string_equal(attachments[1]->name, "bản chụp.pdf");
    assert_string_equal(attachments[1]->media_type, "application/octet-stream");
    assert_null(submission.files[2]);
    assert_int_equal(attachments[2]->size, 4);
    struct hash sha256 = hash_of(span_of_string("test")), said;
    submission_uploaded(&submission, 0, &sha256, 4);
    assert_null(submission.files[0]);
    for (size_t i = 0; i < 3; i += 2) {                     /* what was uploaded, and what is said to be there */
        assert_int_equal(attachments[i]->sha256.len, HASH_SIZE);
        memcpy(said.bytes, attachments[i]->sha256.data, HASH_SIZE);
        hash_text(&said, hash);
        assert_string_equal(hash, HASH);
        assert_int_equal(attachments[i]->size, 4);
    }
    submission_done(&submission);
    assert_int_equal(unlink(path) | rmdir(folder), 0);
}

static void more_attachments_than_a_handoff_has_are_refused(void **state)
{
    struct submission submission;
    struct problem problem;

    (void)state;
    for (int count = ATTACHMENTS_MAX; count <= ATTACHMENTS_MAX + 1; count++) {
        char bytes[8192];
        struct text text = text_of(bytes, sizeof bytes);
        text_add(&text, BEGIN "\"attachments\": [");
        for (int i = 0; i < count; i++)
            text_add(&text, "%s{\"sha256\": \"" HASH "\", \"size\": 4}", i ? "," : "");
        text_add(&text, "]}");
        assert_int_equal(reads(bytes, &submission, &problem), count == ATTACHMENTS_MAX);
        assert_string_equal(problem.field, count == ATTACHMENTS_MAX ? "" : "attachments");
        submission_done(&submission);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_names_the_way_to_it), cmocka_unit_test(what_is_right_is_taken),
        cmocka_unit_test(attachments_are_files_or_what_is_there),
        cmocka_unit_test(more_attachments_than_a_handoff_has_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

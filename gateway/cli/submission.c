#include "gateway/cli/submission.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/clock.h"
#include "gateway/base/pool.h"
#include "gateway/base/words.h"
#include "gateway/cli/submission_items.h"

enum { ARENA_BYTES = 256 << 10, PATH_SIZE = 64 };

struct reading {
    struct submission *submission;
    const char *folder;
    struct problem *problem;
    bool bad;
    size_t attachments;                 /* that have been read */
    char within[PATH_SIZE];             /* the object that is being read: "facts.components[1]" */
};

/* The first one is what the person is told, with the way to it from the top of the file. */
static void fault(struct reading *reading, const char *field, const char *vi, const char *en)
{
    char path[2 * PATH_SIZE];
    struct text text = text_of(path, sizeof path);

    if (reading->bad)
        return;
    reading->bad = true;
    text_add(&text, "%s%s%s", reading->within, reading->within[0] && field[0] ? "." : "", field);
    problem_set(reading->problem, PROBLEM_INVALID_FIELD, path, "%s%.0s", "%.0s%s", vi, en);
}

/* What is read until leave() stands in `key` of what is read now; `index` below 0: it is no list. Gives the length to
 * go back to. */
static size_t enter(struct reading *reading, const char *key, int index)
{
    size_t before = strlen(reading->within);
    struct text text = text_of(reading->within + before, sizeof reading->within - before);

    text_add(&text, index < 0 ? "%s%s" : "%s%s[%d]", before ? "." : "", key, index);
    return before;
}

static void leave(struct reading *reading, size_t before)
{
    reading->within[before] = 0;
}

static void *take(struct reading *reading, size_t size)
{
    void *piece = arena_take(&reading->submission->arena, size);
    if (!piece)
        fault(reading, "", "quá nhiều phần tử", "too many elements");
    else
        memset(piece, 0, size);
    return piece;
}

/* ---- values; each key that is looked at is taken out, so that what is left over is unknown */

static char *text_at(struct reading *reading, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (value && !json_is_string(value))
        fault(reading, key, "phải là một chuỗi", "must be a string");
    if (!json_is_string(value))
        return (char *)(uintptr_t)"";
    size_t size = json_string_length(value);
    char *copy = take(reading, size + 1);
    if (copy)
        memcpy(copy, json_string_value(value), size);
    json_object_del(object, key);
    return copy ? copy : (char *)(uintptr_t)"";
}

static int64_t number_at(struct reading *reading, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (value && !json_is_integer(value))
        fault(reading, key, "phải là một số nguyên", "must be a whole number");
    int64_t number = json_integer_value(value);
    if (number < 0)
        fault(reading, key, "không được âm", "must not be negative");
    json_object_del(object, key);
    return number;
}

/* Not cut down to 32 bits: what is too large is no other number. */
static uint32_t number32_at(struct reading *reading, json_t *object, const char *key)
{
    int64_t number = number_at(reading, object, key);
    if (number > UINT32_MAX)
        fault(reading, key, "số quá lớn", "the number is too large");
    return (uint32_t)number;
}

static int64_t time_at(struct reading *reading, json_t *object, const char *key)
{
    int64_t time_ms = 0;
    json_t *value = json_object_get(object, key);
    if (json_is_string(value) && !clock_read(span_of_string(json_string_value(value)), &time_ms))
        fault(reading, key, "không phải là thời điểm (ví dụ 2023-04-25T09:30:00+07:00)",
              "not a time (such as 2023-04-25T09:30:00+07:00)");
    if (value && !json_is_string(value))
        fault(reading, key, "phải là một thời điểm dạng chuỗi", "must be a time as a string");
    json_object_del(object, key);
    return time_ms;
}

static bool bool_at(struct reading *reading, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (value && !json_is_boolean(value))
        fault(reading, key, "phải là true hoặc false", "must be true or false");
    bool result = json_is_true(value);
    json_object_del(object, key);
    return result;
}

static void nothing_left(struct reading *reading, json_t *object)
{
    void *left = json_object_iter(object);
    char key[PATH_SIZE];
    struct text text = text_of(key, sizeof key);

    if (!left)
        return;
    text_add(&text, "%s", json_object_iter_key(left));
    fault(reading, key, "không có trường này", "there is no such field");
}

/* ---- lists: an array of messages and pointers to them */

typedef void element_read(struct reading *reading, json_t *element, void *message);
static element_read read_after;         /* the one that may be a text, too */

static void **list_at(struct reading *reading, json_t *object, const char *key, size_t size, size_t *ret_count,
                      element_read *read)
{
    json_t *list = json_object_get(object, key);
    size_t count = json_array_size(list);
    if (list && !json_is_array(list))
        fault(reading, key, "phải là một danh sách", "must be a list");
    void **pointers = count ? take(reading, count * sizeof *pointers) : NULL;
    uint8_t *messages = pointers ? take(reading, count * size) : NULL;
    for (size_t i = 0; messages && i < count; i++) {
        size_t before = enter(reading, key, (int)i);
        pointers[i] = messages + i * size;
        if (!json_is_object(json_array_get(list, i)) && read != read_after)
            fault(reading, "", "phải là một đối tượng", "must be an object");
        read(reading, json_array_get(list, i), pointers[i]);
        leave(reading, before);
    }
    *ret_count = messages ? count : 0;
    json_object_del(object, key);
    return pointers;
}

static ProtobufCBinaryData uuid_data(struct reading *reading, const char *text, const char *field)
{
    struct uuid *uuid = take(reading, sizeof *uuid);
    if (!uuid)
        return (ProtobufCBinaryData){ 0 };
    if (!uuid_read(span_of_string(text), uuid))
        fault(reading, field, "phải là một UUID", "must be a UUID");
    return (ProtobufCBinaryData){ .len = sizeof uuid->bytes, .data = uuid->bytes };
}

static void read_after(struct reading *reading, json_t *element, void *message)
{
    Lienthong__V1__After *after = message;
    lienthong__v1__after__init(after);
    if (json_is_string(element)) {
        after->message_id = uuid_data(reading, json_string_value(element), "");
        after->until = UNTIL_RESULT;
        return;
    }
    if (!json_is_object(element))
        fault(reading, "", "phải là một UUID hoặc một đối tượng", "must be a UUID or an object");
    after->message_id = uuid_data(reading, text_at(reading, element, "message_id"), "message_id");
    const char *until = text_at(reading, element, "until");
    after->until = strcmp(until, until_name(UNTIL_DELIVERED)) == 0 ? UNTIL_DELIVERED : UNTIL_RESULT;
    if (until[0] && strcmp(until, until_name(after->until)) != 0)
        fault(reading, "until", "phải là RESULT hoặc DELIVERED", "must be RESULT or DELIVERED");
    nothing_left(reading, element);
}

static void read_money(struct reading *reading, json_t *element, void *message)
{
    Lienthong__V1__Money *money = message;
    lienthong__v1__money__init(money);
    money->component = text_at(reading, element, "component");
    money->owed = number_at(reading, element, "owed");
    money->paid = number_at(reading, element, "paid");
    nothing_left(reading, element);
}

static void read_component(struct reading *reading, json_t *element, void *message)
{
    Lienthong__V1__Component *component = message;
    lienthong__v1__component__init(component);
    component->code = text_at(reading, element, "code");
    component->copies = number32_at(reading, element, "copies");
    component->digitised = bool_at(reading, element, "digitised");
    component->reused = bool_at(reading, element, "reused");
    component->withdrawn = bool_at(reading, element, "withdrawn");
    nothing_left(reading, element);
}

static void read_texts(struct reading *reading, json_t *object, const char *key, char ***ret_list, size_t *ret_count)
{
    json_t *list = json_object_get(object, key);
    size_t count = json_array_size(list);
    if (list && !json_is_array(list))
        fault(reading, key, "phải là một danh sách", "must be a list");
    *ret_list = count ? take(reading, count * sizeof **ret_list) : NULL;
    for (size_t i = 0; *ret_list && i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text)
            fault(reading, key, "phải là các chuỗi", "must be strings");
        char *copy = take(reading, (text ? strlen(text) : 0) + 1);
        if (copy && text)
            memcpy(copy, text, strlen(text));
        (*ret_list)[i] = copy;
        *ret_count = copy ? i + 1 : *ret_count;
    }
    json_object_del(object, key);
}

/* NULL: none is given. */
static Lienthong__V1__Rating *read_rating(struct reading *reading, json_t *facts)
{
    json_t *object = json_object_get(facts, "rating");
    Lienthong__V1__Rating *rating = json_is_object(object) ? take(reading, sizeof *rating) : NULL;

    if (object && !json_is_object(object))
        fault(reading, "rating", "phải là một đối tượng", "must be an object");
    if (rating) {
        size_t before = enter(reading, "rating", -1);
        lienthong__v1__rating__init(rating);
        rating->attitude = number32_at(reading, object, "attitude");
        rating->cost = number32_at(reading, object, "cost");
        rating->trips = number32_at(reading, object, "trips");
        nothing_left(reading, object);
        leave(reading, before);
    }
    json_object_del(facts, "rating");
    return rating;
}

static Lienthong__V1__Facts *read_facts(struct reading *reading, json_t *object)
{
    Lienthong__V1__Facts *facts = take(reading, sizeof *facts);
    if (!facts)
        return NULL;
    size_t before = enter(reading, "facts", -1);
    lienthong__v1__facts__init(facts);
    facts->status = number32_at(reading, object, "status");
    facts->partner_status = text_at(reading, object, "partner_status");
    facts->channel = number32_at(reading, object, "channel");
    facts->area_code = text_at(reading, object, "area_code");
    facts->procedure_version = text_at(reading, object, "procedure_version");
    facts->received_ms = time_at(reading, object, "received");
    facts->due_ms = time_at(reading, object, "due");
    facts->due_source = text_at(reading, object, "due_source");
    facts->officer_from = text_at(reading, object, "officer_from");
    facts->officer_to = text_at(reading, object, "officer_to");
    facts->reason_code = text_at(reading, object, "reason_code");
    facts->answer_by_ms = time_at(reading, object, "answer_by");
    facts->rating = read_rating(reading, object);
    read_texts(reading, object, "aliases", &facts->aliases, &facts->n_aliases);
    read_texts(reading, object, "chosen_steps", &facts->chosen_steps, &facts->n_chosen_steps);
    facts->money = (Lienthong__V1__Money **)list_at(reading, object, "money", sizeof(Lienthong__V1__Money),
                                                    &facts->n_money, read_money);
    facts->components = (Lienthong__V1__Component **)list_at(reading, object, "components",
                                                             sizeof(Lienthong__V1__Component), &facts->n_components,
                                                             read_component);
    nothing_left(reading, object);
    leave(reading, before);
    return facts;
}

/* ---- attachments: each a file to be uploaded, or what is known to be there */

/* Where the file is, as its uploader will open it; NULL with a fault. */
static const char *read_file_of(struct reading *reading, const char *file)
{
    char path[CLI_PATH_SIZE];
    struct stat about;

    if (!cli_path(reading->folder, file, path) || stat(path, &about) != 0 || access(path, R_OK) != 0
        || !S_ISREG(about.st_mode)) {
        fault(reading, "file", "không đọc được tệp", "the file cannot be read");
        return NULL;
    }
    if (!about.st_size)
        fault(reading, "file", "tệp rỗng", "the file is empty");
    if (about.st_size > BLOB_BYTES_MAX)
        fault(reading, "file", "tệp lớn hơn 1 GiB", "the file is larger than 1 GiB");
    char *copy = take(reading, strlen(path) + 1);
    return copy ? memcpy(copy, path, strlen(path)) : NULL;
}

static void read_attachment(struct reading *reading, json_t *element, void *message)
{
    Lienthong__V1__Attachment *attachment = message;
    size_t index = reading->attachments++;
    bool sized = json_object_get(element, "size") != NULL;

    lienthong__v1__attachment__init(attachment);
    const char *file = text_at(reading, element, "file"), *sha256 = text_at(reading, element, "sha256");
    attachment->size = (uint64_t)number_at(reading, element, "size");
    attachment->name = text_at(reading, element, "name");
    attachment->media_type = text_at(reading, element, "media_type");
    attachment->component = text_at(reading, element, "component");
    if (!attachment->media_type[0])
        attachment->media_type = (char *)(uintptr_t)"application/octet-stream";
    attachment->sha256.data = take(reading, HASH_SIZE);
    if (!!file[0] == !!sha256[0])
        fault(reading, "file", "cần file, hoặc sha256 và size", "needs file, or sha256 and size");
    else if (file[0]) {
        const char *slash = strrchr(file, '/');
        reading->submission->files[index] = read_file_of(reading, file);
        if (!attachment->name[0])
            attachment->name = (char *)(uintptr_t)(slash ? slash + 1 : file);
        if (sized)
            fault(reading, "size", "size đi cùng sha256, không cùng file", "size goes with sha256, not with file");
    } else {
        if (attachment->sha256.data && hex_read(span_of_string(sha256), attachment->sha256.data, HASH_SIZE))
            attachment->sha256.len = HASH_SIZE;
        else
            fault(reading, "sha256", "phải là 64 chữ số hex", "must be 64 hex digits");
        if (!attachment->size || attachment->size > BLOB_BYTES_MAX)
            fault(reading, "size", "phải từ 1 byte đến 1 GiB", "must be 1 byte to 1 GiB");
    }
    nothing_left(reading, element);
}

static void read_attachments(struct reading *reading, json_t *root)
{
    Lienthong__V1__Header *header = &reading->submission->header;

    if (json_array_size(json_object_get(root, "attachments")) > ATTACHMENTS_MAX) {
        fault(reading, "attachments", "nhiều nhất 32 tệp đính kèm", "at most 32 attachments");
        json_object_del(root, "attachments");
    }
    header->attachments = (Lienthong__V1__Attachment **)list_at(reading, root, "attachments",
                                                                sizeof(Lienthong__V1__Attachment),
                                                                &header->n_attachments, read_attachment);
}
_Static_assert(ATTACHMENTS_MAX == 32, "as the sentence says");

void submission_uploaded(struct submission *submission, size_t index, const struct hash *sha256, uint64_t size)
{
    Lienthong__V1__Attachment *attachment = submission->header.attachments[index];

    memcpy(attachment->sha256.data, sha256->bytes, HASH_SIZE);
    attachment->sha256.len = HASH_SIZE;
    attachment->size = size;
    submission->files[index] = NULL;
}

/* ---- the payload: exactly one way of giving it, or none */

static void read_payload(struct reading *reading, json_t *root)
{
    struct submission *submission = reading->submission;
    json_t *tree = json_object_get(root, "payload"), *text = json_object_get(root, "payload_text"),
           *file = json_object_get(root, "payload_file");
    size_t size = 0;

    if (!!tree + !!text + !!file > 1)
        fault(reading, "payload", "chỉ một trong payload, payload_text, payload_file",
              "only one of payload, payload_text, payload_file");
    if ((text && !json_is_string(text)) || (file && !json_is_string(file)))
        fault(reading, text ? "payload_text" : "payload_file", "phải là một chuỗi", "must be a string");
    if (tree) {
        submission->payload_bytes = json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY);
        size = submission->payload_bytes ? strlen(submission->payload_bytes) : 0;
    } else if (json_is_string(text)) {
        size = json_string_length(text);
        submission->payload_bytes = strdup(json_string_value(text));
    } else if (json_is_string(file)) {
        char path[CLI_PATH_SIZE];
        if (cli_path(reading->folder, json_string_value(file), path))
            submission->payload_bytes = cli_read_file(path, BODY_BYTES_MAX, &size);
        if (!submission->payload_bytes)
            fault(reading, "payload_file", errno == EFBIG ? "tệp lớn hơn 256 KiB" : "không đọc được tệp",
                  errno == EFBIG ? "the file is larger than 256 KiB" : "the file cannot be read");
    }
    submission->payload = span_of(submission->payload_bytes, size);
    if (!submission->header.content_type[0] && tree)
        submission->header.content_type = (char *)(uintptr_t)"application/json";
    json_object_del(root, "payload");
    json_object_del(root, "payload_text");
    json_object_del(root, "payload_file");
}

/* ---- the whole */

static void read_header(struct reading *reading, json_t *root)
{
    Lienthong__V1__Header *header = &reading->submission->header;
    const char *id = text_at(reading, root, "message_id"), *kind = text_at(reading, root, "kind");
    json_t *facts = json_object_get(root, "facts");

    if (id[0])
        header->message_id = uuid_data(reading, id, "message_id");
    header->kind = kind_read(kind);
    if (!header->kind)
        fault(reading, "kind", "không biết loại này; ví dụ FORWARD, SUPPLEMENT, RESULT",
              "not a known kind; such as FORWARD, SUPPLEMENT, RESULT");
    header->sender = text_at(reading, root, "sender");
    header->recipient = text_at(reading, root, "recipient");
    header->dossier_code = text_at(reading, root, "dossier_code");
    header->procedure_code = text_at(reading, root, "procedure_code");
    header->step = text_at(reading, root, "step");
    header->source_time_ms = time_at(reading, root, "source_time");
    header->sequence = (uint64_t)number_at(reading, root, "sequence");
    header->parent = (uint64_t)number_at(reading, root, "parent");
    header->content_type = text_at(reading, root, "content_type");
    header->traceparent = text_at(reading, root, "traceparent");
    header->after = (Lienthong__V1__After **)list_at(reading, root, "after", sizeof(Lienthong__V1__After),
                                                     &header->n_after, read_after);
    read_attachments(reading, root);
    if (facts && !json_is_object(facts))
        fault(reading, "facts", "phải là một đối tượng", "must be an object");
    if (json_is_object(facts))
        header->facts = read_facts(reading, facts);
    json_object_del(root, "facts");
    read_payload(reading, root);
    nothing_left(reading, root);
}

bool submission_read(struct span text, const char *folder, struct submission *ret_submission,
                     struct problem *ret_problem)
{
    struct reading reading = { .submission = ret_submission, .folder = folder, .problem = ret_problem };
    json_error_t error;

    memset(ret_submission, 0, sizeof *ret_submission);
    lienthong__v1__header__init(&ret_submission->header);
    json_t *root = json_loadb((const char *)text.bytes, text.size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        problem_set(ret_problem, PROBLEM_MALFORMED, "", "không phải JSON hợp lệ, dòng %d: %s",
                    "not valid JSON, line %d: %s", root ? 1 : error.line, root ? "{ }" : error.text);
        json_decref(root);
        return false;
    }
    ret_submission->json = root;
    if (arena_init(&ret_submission->arena, ARENA_BYTES) != RESULT_OK) {
        problem_set(ret_problem, PROBLEM_BUSY, "", "hết bộ nhớ", "no memory");
        return false;
    }
    if (!submission_items(root, ret_problem))
        return false;
    read_header(&reading, root);
    return !reading.bad;
}

void submission_done(struct submission *submission)
{
    json_decref(submission->json);
    pool_free(submission->payload_bytes);        /* the heap's, or as jansson takes them */
    arena_done(&submission->arena);
    memset(submission, 0, sizeof *submission);
}

struct uuid submission_id(const char *sender, int64_t changed_ms, struct span text)
{
    struct hash hash = hash_of(text);
    return uuid_v8(changed_ms, span_of_string(sender), span_of(hash.bytes, HASH_SIZE));
}

void submission_set_id(struct submission *submission, const struct uuid *id)
{
    void *copy = arena_take(&submission->arena, sizeof id->bytes);
    must(copy);
    memcpy(copy, id->bytes, sizeof id->bytes);
    submission->header.message_id = (ProtobufCBinaryData){ .len = sizeof id->bytes, .data = copy };
}

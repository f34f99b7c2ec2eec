/* CURVE public keys: written out in Z85, or in a file of their own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "gateway/directory/inside.h"

enum { KEY_TEXT_LENGTH = 40 };

/* 40 characters of Z85 that are a number in each group of five, and not the key of nobody. */
static bool key_of_text(const char *text, uint8_t ret_key[CURVE_KEY_SIZE])
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   ".-:+=^!/*?&<>()[]{}@%$#";
    static const uint8_t nobody[CURVE_KEY_SIZE];
    uint8_t key[CURVE_KEY_SIZE];

    if (strlen(text) != KEY_TEXT_LENGTH || text[strspn(text, alphabet)] || !zmq_z85_decode(key, text)
        || memcmp(key, nobody, sizeof key) == 0)
        return false;
    memcpy(ret_key, key, sizeof key);
    return true;
}

/* The first line of the file, which must be all of it. '#' is a Z85 digit: a key file has no comments. */
static bool key_text_of_file(const struct yaml_node *node, const char *path, char ret_text[KEY_TEXT_LENGTH + 1])
{
    char bytes[128];
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);         /* a pipe must not stop us for ever */

    if (fd < 0 && errno == ENOENT) {
        yaml_fault(node, "there is no key file %s: 'lienthong init' makes all keys of a new folder, 'lienthong keygen' "
                   "one", path);
        return false;
    }
    ssize_t size = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? read(fd, bytes, sizeof bytes) : -1;
    int reason = fd < 0 || S_ISREG(about.st_mode) ? errno : EINVAL;
    if (fd >= 0)
        close(fd);
    if (size < 0) {
        yaml_fault(node, "the key file %s cannot be read: %s", path, strerror(reason));
        return false;
    }
    while (size > 0 && strchr(" \r\n", bytes[size - 1]))
        size--;
    if (span_to_string(span_of(bytes, (size_t)size), ret_text, KEY_TEXT_LENGTH + 1))
        return true;
    yaml_fault(node, "the key file %s must hold one public key of %d characters (Z85) and nothing else", path,
               KEY_TEXT_LENGTH);
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), ending = strlen(end);
    return length >= ending && strcmp(text + length - ending, end) == 0;
}

static bool key_read(const struct reader *reader, const struct yaml_node *node, uint8_t ret_key[CURVE_KEY_SIZE])
{
    const struct yaml_node *written = yaml_get(node, "public_key"), *named = yaml_get(node, "public_key_file");
    char text[KEY_TEXT_LENGTH + 1], path[DIRECTORY_PATH_SIZE], name[DIRECTORY_PATH_SIZE];

    if (!written == !named) {
        yaml_fault(node, "a key needs either 'public_key' or 'public_key_file'");
        return false;
    }
    if (written) {
        if (key_of_text(yaml_scalar(written), ret_key))
            return true;
        yaml_fault(written, "'public_key' must be a CURVE public key: %d characters of Z85, in quotes",
                   KEY_TEXT_LENGTH);
        return false;
    }
    if (!yaml_get_string(node, "public_key_file", true, name, sizeof name))
        return false;
    if (ends_with(name, ".secret")) {
        yaml_fault(named, "'%s' is the name of a secret key; the directory takes public keys only", name);
        return false;
    }
    if (!path_below(reader->folder, name, path)) {
        yaml_fault(named, "the path of the key file is longer than %d bytes", DIRECTORY_PATH_SIZE - 1);
        return false;
    }
    if (!key_text_of_file(named, path, text))
        return false;
    if (key_of_text(text, ret_key))
        return true;
    yaml_fault(named, "the key file %s does not hold a CURVE public key of %d characters (Z85)", path, KEY_TEXT_LENGTH);
    return false;
}

static uint32_t roles_read(const struct yaml_node *node)
{
    static const struct { const char *word; enum role role; } words[] = {
        { "sender", ROLE_SENDER }, { "receiver", ROLE_RECEIVER }, { "operator", ROLE_OPERATOR },
    };
    const struct yaml_node *roles = yaml_get(node, "roles");
    uint32_t bits = 0;

    if (!yaml_is_sequence(roles) || !yaml_count(roles)) {
        yaml_fault(roles ? roles : node, "'roles' must say what the key may do: [sender, receiver]");
        return 0;
    }
    for (size_t i = 0; i < yaml_count(roles); i++) {
        const char *word = yaml_scalar(yaml_item(roles, i));
        uint32_t bit = 0;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (strcmp(words[w].word, word) == 0)
                bit = words[w].role;
        if (!bit)
            yaml_fault(yaml_item(roles, i), "unknown role '%s'; known: sender, receiver, operator", word);
        bits |= bit;
    }
    return bits;
}

void keys_read(struct reader *reader, const struct yaml_node *node, struct draft *draft)
{
    const struct yaml_node *keys = yaml_get(node, "keys");
    struct agency *agency = &draft->agency;
    uint32_t valid = 0;

    if (keys && (!yaml_is_sequence(keys) || yaml_count(keys) > KEYS_LISTED_MAX)) {
        yaml_fault(keys, "'keys' must be a list of at most %d keys", KEYS_LISTED_MAX);
        entries_skip(keys);
        return;
    }
    for (size_t i = 0; i < yaml_count(keys); i++) {
        struct listed_key *listed = &draft->keys[draft->key_count];
        listed->node = yaml_item(keys, i);
        if (!entry_is_mapping(listed->node, "a key"))
            continue;
        listed->key.roles = roles_read(listed->node);
        period_read(listed->node, "from", "to", &listed->key.from_ms, &listed->key.to_ms);
        if (key_read(reader, listed->node, listed->key.bytes))
            draft->key_count++;
        if (listed->key.to_ms && listed->key.to_ms <= reader->now_ms)
            continue;                               /* expired: opens no door, stays in the canonical bytes */
        if (++valid > AGENCY_KEYS_MAX)
            yaml_fault(listed->node, "more than %d keys that have not expired: end one with 'to'", AGENCY_KEYS_MAX);
        else
            agency->keys[agency->key_count++] = listed->key;
    }
}

/* ---------------------------------------------------------------- no key twice */

struct key_mark { const struct listed_key *listed; const struct draft *draft; size_t order; };

static int compare_marks(const void *a, const void *b)
{
    const struct key_mark *left = a, *right = b;
    int order = memcmp(left->listed->key.bytes, right->listed->key.bytes, CURVE_KEY_SIZE);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

/* The key decides who speaks: one that two agencies have would let one speak for the other. */
void keys_check(struct reader *reader)
{
    size_t count = 0;
    struct key_mark *marks = calloc(reader->draft_count * KEYS_LISTED_MAX + 1, sizeof *marks);

    if (!marks) {
        reader_no_memory(reader);
        return;
    }
    for (size_t d = 0; d < reader->draft_count; d++)
        for (uint32_t k = 0; k < reader->drafts[d].key_count; k++, count++)
            marks[count] = (struct key_mark){ &reader->drafts[d].keys[k], &reader->drafts[d],
                                              reader->drafts[d].order * (size_t)KEYS_LISTED_MAX + k };
    qsort(marks, count, sizeof *marks, compare_marks);
    for (size_t i = 1; i < count; i++)
        if (memcmp(marks[i - 1].listed->key.bytes, marks[i].listed->key.bytes, CURVE_KEY_SIZE) == 0)
            yaml_fault(marks[i].listed->node, "this key is already one of '%s' (%s:%d)",
                       marks[i - 1].draft->agency.code, yaml_name(marks[i - 1].listed->node),
                       yaml_line(marks[i - 1].listed->node));
    free(marks);
}

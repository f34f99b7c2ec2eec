#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { NAME_SIZE = 64, FILES_PER_INPUT = 16, FOLDER_SIZE = 256, LONG_SIZE = 1024 };

static char folder[FOLDER_SIZE];
static pid_t owner;

static int remove_one(const char *path, const struct stat *status, int what, struct FTW *walk)
{
    (void)status;
    (void)what;
    (void)walk;
    return remove(path);
}

static void remove_all(void)
{
    if (getpid() == owner)
        nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *shelf_path(void)
{
    const char *given = getenv("FUZZ_SHELF"), *wanted = getenv("TMPDIR");

    if (folder[0])
        return folder;
    struct text text = text_of(folder, sizeof folder);
    text_add(&text, "%s/lienthong-fuzz-XXXXXX",
             given ? given : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : wanted ? wanted : "/tmp");
    must(!text.cut && mkdtemp(folder) != NULL);
    owner = getpid();
    must(atexit(remove_all) == 0);
    return folder;
}

const char *shelf_below(const char *name)
{
    static char path[LONG_SIZE];
    struct text text = text_of(path, sizeof path);

    text_add(&text, "%s/%s", shelf_path(), name);
    must(!text.cut);
    return path;
}

static void make_above(char *path)
{
    for (char *slash = path + strlen(shelf_path()) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        must(mkdir(path, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void shelf_write(const char *name, struct span content)
{
    char path[LONG_SIZE];
    struct text text = text_of(path, sizeof path);

    text_add(&text, "%s", shelf_below(name));
    must(!text.cut);
    make_above(path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(file >= 0 && write(file, content.size ? (const void *)content.bytes : "", content.size) ==
                          (ssize_t)content.size);
    close(file);
}

void shelf_link(const char *name, const char *target)
{
    char *whole = realpath(target, NULL);       /* the harnesses run at the repository's root */

    must(whole != NULL && symlink(whole, shelf_below(name)) == 0);
    free(whole);
}

void shelf_remove(const char *name)
{
    nftw(shelf_below(name), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- files out of an input */

static bool name_is_plain(const char *name)
{
    const char *slash = strchr(name, '/');
    size_t size = strlen(name);

    return size && size == strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_./") && !strstr(name, "..") &&
           name[0] != '/' && name[0] != '.' && (!slash || (!strchr(slash + 1, '/') && slash[1] && slash[1] != '.'));
}

struct part { char name[NAME_SIZE]; struct span content; };

/* The file that begins at *at; false at the end. */
static bool next_part(struct span input, size_t *at, struct part *ret_part)
{
    if (*at >= input.size)
        return false;
    ret_part->name[0] = 0;
    const uint8_t *line = input.bytes + *at, *end = memchr(line, '\n', input.size - *at);
    bool headed = input.size - *at >= 4 && memcmp(line, "=== ", 4) == 0 && end;
    if (headed) {
        if (!span_to_string(span_of(line + 4, (size_t)(end - line) - 4), ret_part->name, NAME_SIZE))
            ret_part->name[0] = 0;
        *at = (size_t)(end + 1 - input.bytes);
    }
    size_t begin = *at;
    const uint8_t *next = begin < input.size ? memmem(input.bytes + begin, input.size - begin, "\n=== ", 5) : NULL;
    if (headed && begin + 4 <= input.size && memcmp(input.bytes + begin, "=== ", 4) == 0)
        *at = begin;                                            /* an empty file */
    else
        *at = next ? (size_t)(next + 1 - input.bytes) : input.size;
    ret_part->content = span_of(*at > begin ? input.bytes + begin : NULL, *at - begin);
    return true;
}

unsigned shelf_of_input(const char *below, const uint8_t *bytes, size_t size)
{
    struct span input = span_of(bytes, size);
    struct part part;
    unsigned count = 0;

    for (size_t at = 0; count < FILES_PER_INPUT && next_part(input, &at, &part);) {
        char name[LONG_SIZE];
        struct text text = text_of(name, sizeof name);
        struct stat status;
        if (!name_is_plain(part.name))
            continue;
        text_add(&text, "%s/%s", below, part.name);
        if (stat(shelf_below(name), &status) == 0)
            continue;                                           /* a second one of this name, or a folder */
        char *slash = strrchr(name, '/');
        *slash = 0;
        bool blocked = stat(shelf_below(name), &status) == 0 && !S_ISDIR(status.st_mode);
        *slash = '/';
        if (blocked)
            continue;
        shelf_write(name, part.content);
        count++;
    }
    return count;
}

bool shelf_part(const uint8_t *bytes, size_t size, const char *name, struct span *ret_part)
{
    struct span input = span_of(bytes, size);
    struct part part;

    for (size_t at = 0; next_part(input, &at, &part);)
        if (strcmp(part.name, name) == 0) {
            *ret_part = part.content;
            return true;
        }
    return false;
}

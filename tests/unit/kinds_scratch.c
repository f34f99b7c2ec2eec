#include "tests/unit/kinds_scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void scratch_open(struct scratch *scratch)
{
    struct text text = text_of(scratch->folder, sizeof scratch->folder);
    text_add(&text, "/tmp/kinds-test-XXXXXX");
    must(mkdtemp(scratch->folder) != NULL);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

/* Links are removed, not followed. */
void scratch_done(struct scratch *scratch)
{
    nftw(scratch->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(struct scratch *scratch, const char *name)
{
    static char path[400];
    struct text text = text_of(path, sizeof path);
    text_add(&text, "%s/%s", scratch->folder, name);
    return path;
}

const char *scratch_file(struct scratch *scratch, const char *name, const char *content)
{
    char folder[400];
    const char *slash = strchr(name, '/');
    struct text text = text_of(folder, sizeof folder);

    if (slash) {
        text_add(&text, "%s/%.*s", scratch->folder, (int)(slash - name), name);
        mkdir(folder, 0700);
    }
    const char *path = scratch_path(scratch, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    must(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    must(fchmod(fd, 0600) == 0 && close(fd) == 0);
    return path;
}

void scratch_link(struct scratch *scratch, const char *name, const char *target)
{
    char here[300], whole[400];
    struct text text = text_of(whole, sizeof whole);

    must(getcwd(here, sizeof here) != NULL);
    text_add(&text, "%s/%s", here, target);
    must(symlink(whole, scratch_path(scratch, name)) == 0);
}

char *readme_block(const char *path, const char *name)
{
    char begin[100], *whole = calloc(1, 1 << 18);
    FILE *file = fopen(path, "r");
    struct text text = text_of(begin, sizeof begin);

    must(file && whole && fread(whole, 1, (1 << 18) - 1, file) > 0);
    fclose(file);
    text_add(&text, "```yaml\n# %s\n", name);
    char *from = strstr(whole, begin);
    must(from != NULL);
    from += strlen("```yaml\n");
    char *to = strstr(from, "\n```");
    must(to != NULL);
    to[1] = 0;
    char *block = strdup(from);
    must(block != NULL);
    free(whole);
    return block;
}

bool faults_have(const struct faults *faults, const char *where, const char *words)
{
    for (size_t i = 0; i < faults->kept; i++)
        if (strncmp(faults->lines[i], where, strlen(where)) == 0 && strstr(faults->lines[i], words))
            return true;
    return false;
}

void faults_print(const struct faults *faults)
{
    for (size_t i = 0; i < faults->kept; i++)
        fprintf(stderr, "    %s\n", faults->lines[i]);
}

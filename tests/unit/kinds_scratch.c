#include "tests/unit/kinds_scratch.h"

#include <dirent.h>
#include <fcntl.h>
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

void scratch_done(struct scratch *scratch)
{
    DIR *folder = opendir(scratch->folder);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlink(scratch_path(scratch, entry->d_name));
    if (folder)
        closedir(folder);
    rmdir(scratch->folder);
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
    const char *path = scratch_path(scratch, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    must(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    must(fchmod(fd, 0600) == 0 && close(fd) == 0);
    return path;
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

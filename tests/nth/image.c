#include "tests/nth/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/base/result.h"

enum { FILES_MAX = 512, PATH_ROOM = 512 };

struct image {
    bool there;
    int  count;
    struct { char name[PATH_ROOM]; bool folder; uint8_t *bytes; size_t size; } files[FILES_MAX];
};

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_lock(const char *name)
{
    return strcmp(name, "lock.mdb") == 0 || strcmp(name, "writer.lock") == 0;
}

static void path_of(char path[PATH_ROOM], const char *folder, const char *name)
{
    int size = snprintf(path, PATH_ROOM, "%s%s%s", folder, folder[0] && name[0] ? "/" : "", name);
    must(size >= 0 && size < PATH_ROOM);
}

static void take_file(struct image *image, const char *path, const char *name)
{
    struct stat is;
    int i = image->count++;

    must(i < FILES_MAX && stat(path, &is) == 0);
    snprintf(image->files[i].name, PATH_ROOM, "%s", name);
    image->files[i].folder = S_ISDIR(is.st_mode);
    if (image->files[i].folder)
        return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    image->files[i].size = (size_t)is.st_size;
    image->files[i].bytes = malloc(image->files[i].size + 1);
    must(file >= 0 && image->files[i].bytes);
    for (size_t at = 0; at < image->files[i].size;) {
        ssize_t size = read(file, image->files[i].bytes + at, image->files[i].size - at);
        must(size > 0);
        at += (size_t)size;
    }
    close(file);
}

static void take(struct image *image, const char *top, const char *below)
{
    char path[PATH_ROOM], name[PATH_ROOM];
    struct dirent *entry;

    path_of(path, top, below);
    DIR *folder = opendir(path);
    must(folder || errno == ENOENT);
    image->there |= folder != NULL;
    while (folder && (entry = readdir(folder)) != NULL) {
        if (is_dots(entry->d_name) || is_lock(entry->d_name))
            continue;
        path_of(name, below, entry->d_name);
        path_of(path, top, name);
        take_file(image, path, name);
        if (image->files[image->count - 1].folder)
            take(image, top, name);
    }
    if (folder)
        closedir(folder);
}

struct image *image_take(const char *folder)
{
    struct image *image = calloc(1, sizeof *image);
    must(image != NULL);
    take(image, folder, "");
    return image;
}

static void empty(const char *path)
{
    char below[PATH_ROOM];
    struct dirent *entry;
    DIR *folder = opendir(path);

    while (folder && (entry = readdir(folder)) != NULL) {
        if (is_dots(entry->d_name))
            continue;
        path_of(below, path, entry->d_name);
        if (unlink(below) != 0) {
            empty(below);
            must(rmdir(below) == 0);
        }
    }
    if (folder)
        closedir(folder);
}

void image_put(const struct image *image, const char *folder)
{
    char path[PATH_ROOM];

    empty(folder);
    must(image->there ? mkdir(folder, 0700) == 0 || errno == EEXIST : rmdir(folder) == 0 || errno == ENOENT);
    for (int i = 0; i < image->count; i++) {
        path_of(path, folder, image->files[i].name);
        if (image->files[i].folder) {
            must(mkdir(path, 0700) == 0);
            continue;
        }
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        must(file >= 0);
        for (size_t at = 0; at < image->files[i].size;) {
            ssize_t size = write(file, image->files[i].bytes + at, image->files[i].size - at);
            must(size > 0);
            at += (size_t)size;
        }
        must(close(file) == 0);
    }
}

bool image_names_differ(const struct image *image, const char *folder)
{
    struct image *now = image_take(folder);
    bool differ = now->count != image->count;
    image_free(now);
    return differ;
}

void image_free(struct image *image)
{
    for (int i = 0; image && i < image->count; i++)
        free(image->files[i].bytes);
    free(image);
}

int image_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    must(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += !is_dots(entry->d_name);
    closedir(folder);
    return count - 1;                           /* this one */
}

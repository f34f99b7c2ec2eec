/* replay.c - a harness without libFuzzer: every file named, or found in a folder named, once. What stops at a fault
 * stops here too; the file's name is the last line before it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_BYTES_MAX = 4 << 20 };

static unsigned passed, failed;

static void one(const char *path)
{
    static uint8_t whole[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(whole, 1, sizeof whole, file) : 0;
    bool read = file && !ferror(file) && feof(file);

    printf("%s\n", path);
    fflush(stdout);
    if (file)
        fclose(file);
    if (!read) {
        printf("  cannot be read\n");
        failed++;
        return;
    }
    uint8_t *bytes = malloc(size ? size : 1);                   /* a block of its own: reads past its end are seen */
    must(bytes != NULL);
    memcpy(bytes, whole, size);
    must(LLVMFuzzerTestOneInput(bytes, size) == 0);
    free(bytes);
    passed++;
}

static void folder(const char *path)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char name[1024];
        struct text text = text_of(name, sizeof name);
        text_add(&text, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            one(name);
        free(names[i]);
    }
    free(names);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        struct stat status;
        if (stat(arguments[i], &status) == 0 && S_ISDIR(status.st_mode))
            folder(arguments[i]);
        else
            one(arguments[i]);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed;
}

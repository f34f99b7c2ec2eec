/* store_site.c - the store's folder: opened, walked whole (store_check), removed. Day keys come from the seed, so that
 * the chain, whose salts hang on them, is the same in every run. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/seal.h"
#include "tests/sim/gateway.h"

void site_open(struct world *world)
{
    struct gateway *gateway = world->gateway;
    char why[300];
    struct text text = text_of(why, sizeof why);

    if (store_open(&gateway->store, &gateway->options, &text) == RESULT_OK)
        return;
    fprintf(stderr, "sim: no store in %s: %s\n", gateway->folder, why);
    must(false);
}

static void hear_fault(void *context, const char *fault)
{
    world_fail(context, 0, "store_check: %s", fault);
}

void site_check(struct world *world)
{
    struct gateway *gateway = world->gateway;
    struct store_options options = gateway->options;
    struct store_check check = { 0 };
    struct store *store = NULL;

    options.read_only = true;
    enum result result = store_open(&store, &options, NULL);
    must(result == RESULT_OK);
    result = store_check(store, hear_fault, world, &check);
    if (result != RESULT_OK)
        world_fail(world, 0, "store_check: %s", result_name(result));
    store_close(store);
}

void site_day_key(const struct world *world, const char *folder, int64_t now_ms)
{
    char path[200];
    uint32_t day = seal_day(now_ms);
    struct stat there;
    struct hash_fields fields;

    snprintf(path, sizeof path, "%s/keys/day-%08u.key", folder, day);
    if (stat(path, &there) == 0)
        return;
    hash_fields_begin(&fields, "a day's key of the simulator");
    hash_fields_add_u64(&fields, 1, world->seed);
    hash_fields_add_u64(&fields, 2, day);
    struct hash key = hash_fields_end(&fields);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(file >= 0 && write(file, key.bytes, sizeof key.bytes) == (ssize_t)sizeof key.bytes && close(file) == 0);
}

void site_remove(const char *path)
{
    char below[512];
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0)
            site_remove(below);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

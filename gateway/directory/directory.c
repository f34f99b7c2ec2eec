#include "gateway/directory/directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/directory/inside.h"

void reader_no_memory(struct reader *reader)
{
    faults_add(reader->faults, reader->folder, 0, "there is no memory to read it");
}

bool path_below(const char *folder, const char *name, char ret_path[DIRECTORY_PATH_SIZE])
{
    struct text path = text_of(ret_path, DIRECTORY_PATH_SIZE);

    if (name[0] == '/')
        text_add(&path, "%s", name);
    else
        text_add(&path, "%s/%s", folder, name);
    return !path.cut;
}

const struct yaml_node *reader_open(struct reader *reader, const char *name, bool required)
{
    char path[DIRECTORY_PATH_SIZE];

    if (!path_below(reader->folder, name, path) || reader->file_count == FILES_MAX) {
        faults_add(reader->faults, name, 0, reader->file_count == FILES_MAX ? "too many files in this folder"
                                                                            : "the path is too long");
        return NULL;
    }
    if (!required && access(path, F_OK) != 0 && errno == ENOENT)
        return NULL;
    struct yaml_file *file = yaml_open(path, name, reader->faults);
    if (!file)
        return NULL;
    reader->files[reader->file_count++] = file;
    return yaml_root(file);
}

void reader_done(struct reader *reader)
{
    for (size_t i = 0; i < reader->file_count; i++)
        yaml_close(reader->files[i]);
    free(reader->drafts);
    free(reader->successor_nodes);
    free(reader->procedure_nodes);
    free(reader->route_nodes);
}

/* A file that is never read because its name is misspelt must not go unnoticed. */
static bool check_file_names(struct reader *reader)
{
    static const char *const known[] = { "gateway.yaml", "agencies.yaml", "permits.yaml", "routes.yaml",
                                         "procedures.yaml", "fields.yaml", "hours.yaml", "statuses.yaml" };
    DIR *folder = opendir(reader->folder);
    struct dirent *entry;

    if (!folder) {
        faults_add(reader->faults, reader->folder, 0, "the folder cannot be read: %s", strerror(errno));
        return false;
    }
    while ((entry = readdir(folder))) {
        const char *end = strrchr(entry->d_name, '.');
        bool is_known = entry->d_name[0] == '.' || !end || (strcmp(end, ".yaml") != 0 && strcmp(end, ".yml") != 0);
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known = is_known || strcmp(entry->d_name, known[i]) == 0;
        if (!is_known)
            faults_add(reader->faults, entry->d_name, 0, "is no file of a directory; those are gateway.yaml, "
                       "agencies.yaml, agencies/*.yaml, permits.yaml, routes.yaml, procedures.yaml, fields.yaml, "
                       "hours.yaml, statuses.yaml and calendar/*.yaml");
    }
    closedir(folder);
    return true;
}

/* The faults are counted by the caller, as those of every file. */
static void calendar_and_hours_read(struct reader *reader)
{
    char path[DIRECTORY_PATH_SIZE];
    struct directory *directory = reader->directory;

    directory->tables.calendar = directory->calendar = calendar_new();
    if (!directory->calendar)
        reader_no_memory(reader);
    else if (path_below(reader->folder, "calendar", path))
        (void)!calendar_read_folder(path, "calendar", directory->calendar, reader->faults);
    if (path_below(reader->folder, "hours.yaml", path))
        (void)!hours_read_file(path, "hours.yaml", &directory->hours, reader->faults);
}

static void check_size(struct reader *reader)
{
    if (reader->directory->size > DIRECTORY_BYTES_MAX)
        faults_add(reader->faults, reader->folder, 0, "the directory is too large to take force in one turn: %zu bytes "
                   "in canonical form, at most %d", reader->directory->size, DIRECTORY_BYTES_MAX);
}

static void read_all(struct reader *reader)
{
    size_t before = reader->faults->count;

    if (!check_file_names(reader))
        return;
    calendar_and_hours_read(reader);
    gateway_read(reader);
    agencies_read(reader);
    roster_build(reader);
    fields_read(reader);
    if (reader->served)
        adapters_check(reader);
    size_t faults = reader->faults->count;
    procedures_read(reader);
    permits_read(reader);
    if (reader->faults->count == faults)            /* else it may be one of those that is in the way */
        steps_permits_check(reader);
    routes_read(reader);
    statuses_read(reader);
    for (size_t i = 0; i < reader->file_count; i++)
        yaml_check_unused(yaml_root(reader->files[i]));
    if (reader->faults->count != before)
        return;
    if (canonical_build(reader))
        check_size(reader);
    else
        reader_no_memory(reader);
}

struct directory *directory_read(const char *folder, int64_t now_ms, struct faults *faults)
{
    return directory_read_served(folder, now_ms, NULL, 0, faults);
}

struct directory *directory_read_served(const char *folder, int64_t now_ms, const struct served *served,
                                        size_t served_count, struct faults *faults)
{
    size_t before = faults->count;
    struct reader reader = { .folder = folder, .now_ms = now_ms, .faults = faults, .served = served,
                             .served_count = served_count,
                             .directory = calloc(1, sizeof(struct directory)) };

    if (reader.directory)
        read_all(&reader);
    else
        reader_no_memory(&reader);
    reader_done(&reader);
    if (faults->count == before)
        return reader.directory;
    directory_free(reader.directory);
    return NULL;
}

void directory_free(struct directory *directory)
{
    if (!directory)
        return;
    free(directory->tables.agencies);
    free(directory->tables.permits);
    free(directory->tables.routes);
    free(directory->tables.names);
    free(directory->successors);
    free(directory->exceptions);
    for (uint32_t i = 0; i < directory->tables.procedure_count; i++) {
        free(directory->tables.procedures[i].components);
        free(directory->tables.procedures[i].fees);
        free(directory->tables.procedures[i].steps);
    }
    free(directory->tables.procedures);
    free(directory->tables.fields);
    free(directory->tables.status_maps);
    free(directory->tables.due_movers);
    calendar_free(directory->calendar);
    hours_list_free(&directory->hours);
    free(directory->bytes);
    free(directory);
}

const struct tables *directory_tables(const struct directory *directory)
{
    return &directory->tables;
}

struct span directory_bytes(const struct directory *directory)
{
    return span_of(directory->bytes, directory->size);
}

const struct calendar *directory_calendar(const struct directory *directory)
{
    return directory->calendar;
}

const struct hours *directory_hours(const struct directory *directory, const char *name)
{
    return hours_list_find(&directory->hours, name);
}

void directory_version_set(struct directory *directory, uint32_t version)
{
    directory->tables.version = version;
}

/* network.c - the example network, as `lienthong init` would set it up, and what the offices know of it. What is
 * changed in the copy that is read here:
 *   - the catalogue has the decrees of 2024 for interlinked births, deaths and land, the half year is that of 2023:
 *     their versions are in force from 2018 on, otherwise nobody would know when they are due;
 *   - an answer comes with the next turn, which is minutes later here, so the lease is longer, and more may be out at
 *     one agency: what an adapter would do in those minutes, not in a second;
 *   - of more dossiers than the default the brake on requests for apologies grows with them. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/city/city.h"

enum { FILE_BYTES_MAX = 1 << 20, PATH_SIZE = 600, FEW_DOSSIERS = 20000,
       BRAKE_DOSSIERS = DEFAULT_DOSSIERS / 60 };

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    must(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void put_piece(char *at, size_t size, const char *piece)
{
    memmove(at + strlen(piece), at + size, strlen(at + size) + 1);
    memcpy(at, piece, strlen(piece));
}

static void change(char *text)
{
    static const struct { const char *from, *to; } changes[] = {
        { "valid_from: 2024-07-01", "valid_from: 2018-01-01" }, { "valid_from: 2024-08-01", "valid_from: 2018-01-01" },
        { "lease: 90s", "lease: 15m" }, { "in_flight: 8\n", "in_flight: 64\n" },
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        for (char *at = text; (at = strstr(at, changes[i].from)) != NULL; at++)
            put_piece(at, strlen(changes[i].from), changes[i].to);
}

static void copy_file(const char *from, const char *to)
{
    static char text[FILE_BYTES_MAX];
    FILE *file = fopen(from, "r");

    must(file != NULL);
    size_t size = fread(text, 1, sizeof text - 1, file);
    must(size < sizeof text / 2 && fclose(file) == 0);
    text[size] = 0;
    change(text);
    put_file(to, text);
}

static void copy_folder(const char *from, const char *to)
{
    DIR *folder = opendir(from);
    struct dirent *entry;

    must(folder && mkdir(to, 0700) == 0);
    while ((entry = readdir(folder)) != NULL) {
        char below[PATH_SIZE], target[PATH_SIZE];
        struct stat status;
        must(snprintf(below, sizeof below, "%s/%s", from, entry->d_name) < PATH_SIZE);
        must(snprintf(target, sizeof target, "%s/%s", to, entry->d_name) < PATH_SIZE);
        if (entry->d_name[0] == '.' || stat(below, &status))
            continue;
        if (S_ISDIR(status.st_mode))
            copy_folder(below, target);
        else
            copy_file(below, target);
    }
    closedir(folder);
}

/* Requests for apologies to one agency in an hour are braked at a number that fits a hundredth of the city. */
static void scale_brake(const struct city *city, const char *folder)
{
    char path[PATH_SIZE];

    must(snprintf(path, sizeof path, "%s/gateway.yaml", folder) < PATH_SIZE);
    FILE *file = fopen(path, "a");
    must(file && fprintf(file, "late:\n  brake_per_hour: %u\n", city->options.dossiers / BRAKE_DOSSIERS) > 0 &&
         fclose(file) == 0);
}

static void make_key(void *context, const char *agency, const char *path)
{
    struct dice *dice = context;
    char text[42];
    uint8_t key[32];

    (void)agency;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(dice_throw(dice) >> 32);
    must(zmq_z85_encode(text, key, sizeof key) != NULL);
    memcpy(text + 40, "\n", 2);
    put_file(path, text);
}

static bool read_directory(struct city *city, const char *folder)
{
    struct dice dice = { city->options.seed };
    struct faults faults;

    must(faults_init(&faults) == RESULT_OK);
    if (directory_key_files(folder, &faults, make_key, &dice) == RESULT_OK)
        city->directory = directory_read(folder, BEGIN_MS, &faults);
    for (size_t i = 0; i < faults.kept; i++)
        fprintf(stderr, "city: %s\n", faults.lines[i]);
    faults_done(&faults);
    return city->directory != NULL;
}

static const struct week *week_of(struct city *city, const struct hours *hours)
{
    if (!hours)
        hours = directory_hours(city->directory, "std");
    must(hours != NULL);
    for (uint32_t i = 0; i < city->week_count; i++)
        if (city->weeks[i].hours == hours)
            return &city->weeks[i];
    must(city->week_count < WEEKS_MAX);
    week_build(&city->weeks[city->week_count], hours, directory_calendar(city->directory));
    return &city->weeks[city->week_count++];
}

static uint8_t place_of(const struct city *city, const char *code)
{
    const struct agency *agency = tables_agency(city->tables, code);
    must(agency != NULL);
    return (uint8_t)(agency - city->tables->agencies);
}

static void find_places(struct city *city)
{
    static const char *const districts[DISTRICTS] = { "H29.07", "H29.16", "H29.23" };
    char code[AGENCY_CODE_SIZE];

    city->place_count = city->tables->agency_count;
    must(city->place_count <= PLACES_MAX);
    for (uint32_t i = 0; i < city->place_count; i++) {
        const struct agency *agency = &city->tables->agencies[i];
        city->places[i] = (struct place){ .agency = agency, .week = week_of(city, agency->hours),
                                          .hangs_from = NEVER, .down_from = NEVER, .down_to = NEVER };
        for (uint32_t k = 0; k < DISTRICTS; k++)
            if (agency->kind == AGENCY_WARD && strcmp(agency->parent, districts[k]) == 0) {
                must(city->ward_counts[k] < WARDS_MAX);
                city->wards[k][city->ward_counts[k]++] = (uint8_t)i;
            }
    }
    for (uint32_t k = 0; k < DISTRICTS; k++) {
        snprintf(code, sizeof code, "%s.00", districts[k]);
        city->one_stops[k] = place_of(city, code);
        must(city->ward_counts[k] > 0);
    }
    /* Social insurance of Quận 7, two days from Tuesday 14 March, 9:30: there is no answer at all. For an hour before
     * that, of few dossiers for a day, it took what came without an answer. */
    struct place *insurance = &city->places[place_of(city, "G24.29.07")];
    insurance->down_from = 72 * DAY + 9 * HOUR + HOUR / 2;
    insurance->down_to = insurance->down_from + 2 * DAY;
    insurance->hangs_from = insurance->down_from - (city->options.dossiers < FEW_DOSSIERS ? DAY : HOUR);
}

bool network_open(struct city *city)
{
    char folder[PATH_SIZE], keys[PATH_SIZE];

    must(snprintf(folder, sizeof folder, "%s/directory", city->options.folder) < PATH_SIZE);
    must(snprintf(keys, sizeof keys, "%s/keys", city->options.folder) < PATH_SIZE);
    copy_folder(city->options.network, folder);
    if (city->options.dossiers > 2 * DEFAULT_DOSSIERS)
        scale_brake(city, folder);
    must(mkdir(keys, 0700) == 0);
    if (!read_directory(city, folder))
        return false;
    city->tables = directory_tables(city->directory);
    find_places(city);
    return true;
}

void network_close(struct city *city)
{
    directory_free(city->directory);
}

/* verb_restore.c - a backup becomes the store again, while no gateway runs; what it holds is judged, and what was held
 * back is told. The store is held until `lienthong release gateway`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/base/clock.h"
#include "gateway/cli/left_out.h"
#include "gateway/cli/print.h"
#include "gateway/core/core.h"
#include "gateway/directory/directory.h"
#include "gateway/store/store.h"

enum { STEPS_PER_TURN = 32, WHY_SIZE = 1024 };

/* What became of the handoffs to one agency. */
struct held_back {
    char code[AGENCY_CODE_SIZE];
    enum agency_class agency_class;
    uint64_t ready, asked, unsure, waiting, failed;     /* asked: of the ready ones, those asked about first */
};

struct restore {
    struct cli *cli;
    const char *backup, *folder;
    struct directory *directory;
    struct store *store;
    struct core core;
    struct effects effects;
    int64_t  now_ms;
    bool     again;
    struct held_back *agencies;                         /* by the store's number */
    uint32_t agencies_size;
    uint32_t epoch;
    uint64_t seq;
    struct restored restored;
    json_t  *faults;
    struct left_out_list left_out;
};

/* ---- counting */

static struct held_back *held_back_of(struct restore *restore, uint32_t number)
{
    if (number >= restore->agencies_size) {
        uint32_t size = number + 64;
        struct held_back *agencies = realloc(restore->agencies, size * sizeof *agencies);
        if (!agencies)
            return NULL;
        for (uint32_t i = restore->agencies_size; i < size; i++)
            agencies[i] = (struct held_back){ 0 };
        restore->agencies = agencies;
        restore->agencies_size = size;
    }
    return &restore->agencies[number];
}

static bool count(struct restore *restore, const struct effect *effect)
{
    struct held_back *agency = held_back_of(restore, effect->agency);

    if (!agency)
        return false;
    agency->agency_class = effect->restored.agency_class;
    switch (effect->restored.to) {
    case STATE_READY:
        agency->ready++;
        agency->asked += effect->restored.ask_first;
        break;
    case STATE_UNSURE:
        agency->unsure++;
        break;
    case STATE_HELD:
        agency->waiting++;
        break;
    default:
        agency->failed++;
    }
    return true;
}

static void name_agencies(struct turn *turn, void *context)
{
    struct restore *restore = context;
    for (uint32_t i = 1; i < restore->agencies_size; i++)
        if (restore->agencies[i].agency_class)
            (void)turn_agency_code(turn, i, restore->agencies[i].code);
    (void)turn_restored(turn, &restore->restored);
}

/* ---- judging */

static void judge(struct turn *turn, void *context)
{
    struct restore *restore = context;
    struct command command = { .kind = COMMAND_RESTORE };

    effects_reset(&restore->effects);
    restore->again = true;
    for (int i = 0; i < STEPS_PER_TURN && restore->again && effects_has_room(&restore->effects); i++) {
        uint32_t from = restore->effects.count;
        restore->again = false;
        core_step(&restore->core, turn, restore->now_ms, &command, &restore->effects);
        for (; from < restore->effects.count; from++)
            restore->again |= restore->effects.list[from].kind == EFFECT_AGAIN;
    }
}

static enum result judge_all(struct restore *restore)
{
    struct turn_end end;
    enum result result = RESULT_OK;

    for (restore->again = true; restore->again && result == RESULT_OK;) {
        result = store_turn(restore->store, restore->now_ms, judge, restore, &end);
        for (uint32_t i = 0; result == RESULT_OK && i < restore->effects.count; i++)
            if (restore->effects.list[i].kind == EFFECT_RESTORED && !count(restore, &restore->effects.list[i]))
                result = RESULT_FULL;
    }
    return result == RESULT_OK ? store_read(restore->store, name_agencies, restore) : result;
}

/* The store is in place already: whatever goes wrong here, the gateway goes on with it at its start. */
static enum exit_code judge_store(struct restore *restore)
{
    char words[WHY_SIZE] = "";
    struct text why = text_of(words, sizeof words);
    /* The gateway lays its own ballast. */
    struct store_options options = { .folder = restore->folder, .ballast_bytes = 1 };

    enum result result = store_open(&restore->store, &options, &why);
    if (result == RESULT_OK && core_init(&restore->core) == RESULT_OK && effects_init(&restore->effects) == RESULT_OK) {
        restore->core.tables = directory_tables(restore->directory);
        if (restore->now_ms < store_last_ms(restore->store))
            restore->now_ms = store_last_ms(restore->store);
        result = judge_all(restore);
    } else if (result == RESULT_OK)
        result = RESULT_FULL;
    if (result == RESULT_OK)
        return EXIT_DONE;
    cli_complain(restore->cli, "kho %s đã phục hồi và đang được giữ, nhưng chưa xét hết các lượt: %s (%s); "
                 "lienthongd sẽ xét tiếp khi khởi động",
                 "the store %s is restored and held, but not all its handoffs have been judged: %s (%s); "
                 "lienthongd goes on with it when it starts", restore->folder, words, result_name(result));
    return EXIT_BROKEN;
}

/* ---- telling */

static void add(struct held_back *sum, const struct held_back *agency)
{
    sum->ready += agency->ready;
    sum->asked += agency->asked;
    sum->unsure += agency->unsure;
    sum->waiting += agency->waiting;
    sum->failed += agency->failed;
}

static void print_agencies_held(const struct restore *restore, struct held_back *ret_sum)
{
    const struct cli *cli = restore->cli;

    print_padded(cli_say(cli, "  CƠ QUAN", "  AGENCY"), 19);
    print_padded(cli_say(cli, "LOẠI", "CLASS"), 12);
    print_padded("READY", 8);
    print_padded(cli_say(cli, "HỎI TRƯỚC", "ASK FIRST"), 11);
    printf("UNSURE  HELD    FAILED\n");
    for (uint32_t i = 1; i < restore->agencies_size; i++) {
        const struct held_back *agency = &restore->agencies[i];
        if (!agency->agency_class)
            continue;
        add(ret_sum, agency);
        printf("  %-16s %-11s %-7" PRIu64 " %-10" PRIu64 " %-7" PRIu64 " %-7" PRIu64 " %" PRIu64 "\n", agency->code,
               agency_class_name(agency->agency_class), agency->ready - agency->asked, agency->asked, agency->unsure,
               agency->waiting, agency->failed);
    }
}

static void print_reasons(const struct cli *cli, const struct held_back *sum)
{
    if (sum->ready > sum->asked)
        printf("%s\n", cli_say(cli, "READY: cơ quan chống trùng theo khóa; gửi lại với cùng khóa không thành hai lần.",
                               "READY: the agency dedupes by key; sent again under the same key it acts once."));
    if (sum->asked)
        printf("%s\n", cli_say(cli, "Hỏi trước: cơ quan hỏi lại được; bộ kết nối hỏi đã có chưa rồi mới gửi.",
                               "Ask first: the agency can be asked; the adapter asks whether it has it, then sends."));
    if (sum->unsure)
        printf("%s\n", cli_say(cli,
            "UNSURE: có thể đã giao sau bản sao lưu, và không có cách nào để cổng tự biết: không bao giờ tự gửi lại.\n"
            "        Hỏi cơ quan, rồi lienthong replay hoặc close từng lượt: lienthong list --state UNSURE",
            "UNSURE: perhaps delivered after the backup, and the gateway cannot find out: never sent again by itself.\n"
            "        Ask the agency, then lienthong replay or close each: lienthong list --state UNSURE"));
    if (sum->waiting)
        printf("%s\n", cli_say(cli, "HELD: vẫn chờ lượt trước hoặc người thả; khi đi tiếp thì theo quy tắc trên.",
                               "HELD: still waits for another or for a person; then by the rules above."));
    if (sum->failed)
        printf("%s\n", cli_say(cli, "FAILED: vẫn trong danh sách hỏng; có thể đã được gửi lại sau bản sao lưu.",
                               "FAILED: still in the failed list; perhaps it was replayed after the backup."));
}

static void print_told(const struct restore *restore)
{
    const struct cli *cli = restore->cli;
    struct held_back sum = { 0 };
    char time[CLOCK_TEXT_SIZE];

    clock_text_local(restore->restored.backup_ms, time);
    printf(cli_say(cli, "%s: đã phục hồi từ %s, thời kỳ %" PRIu32 ".\nBản sao lưu gồm mọi thứ đến commit_seq %" PRIu64
                        " (%s). Những lượt chưa kết thúc trong đó:\n",
                   "%s: restored from %s, epoch %" PRIu32 ".\nThe backup holds everything up to commit_seq %" PRIu64
                   " (%s). Those that had not ended in it:\n"),
           restore->folder, restore->backup, restore->epoch, restore->seq, time);
    print_agencies_held(restore, &sum);
    print_reasons(cli, &sum);
    if (json_array_size(restore->left_out.list))
        printf(cli_say(cli, "Không có %zu tệp đính kèm ở trên; lượt nêu chúng vẫn đi, ai lấy thì bị từ chối cho đến "
                            "khi người còn giữ tải lên lại.\n",
                       "Without the %zu attachments above: handoffs that name them go on, and who fetches one is "
                       "refused until somebody who has it uploads it again.\n"),
               json_array_size(restore->left_out.list));
    printf("%s\n", cli_say(cli,
        "Cổng đang được giữ: không nhận, không giao gì. Tiếp theo:\n"
        "  1. khởi động lienthongd\n"
        "  2. xem lại: lienthong status, lienthong list --state UNSURE\n"
        "  3. cho chạy: lienthong release gateway --reason ...\n"
        "Những gì được tiếp nhận sau bản sao lưu, bên gửi sẽ tự gửi lại khi kết nối.",
        "The gateway is held: it takes nothing in and gives nothing out. Next:\n"
        "  1. start lienthongd\n"
        "  2. look: lienthong status, lienthong list --state UNSURE\n"
        "  3. let it go: lienthong release gateway --reason ...\n"
        "What was accepted after the backup, its senders hand off again when they come back."));
}

static void print_json(const struct restore *restore)
{
    json_t *agencies = json_array();

    for (uint32_t i = 1; i < restore->agencies_size; i++) {
        const struct held_back *agency = &restore->agencies[i];
        if (agency->agency_class)
            json_array_append_new(agencies, json_pack(
                "{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "agency", agency->code, "class",
                agency_class_name(agency->agency_class), "ready", (json_int_t)(agency->ready - agency->asked),
                "ask_first", (json_int_t)agency->asked, "unsure", (json_int_t)agency->unsure, "held",
                (json_int_t)agency->waiting, "failed", (json_int_t)agency->failed));
    }
    cli_print_json(json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:b, s:O, s:o}", "store", restore->folder, "backup",
                             restore->backup, "epoch", (json_int_t)restore->epoch, "covered_seq",
                             (json_int_t)restore->seq, "backup_time", json_time(restore->restored.backup_ms),
                             "restored", json_time(restore->restored.restored_ms), "gateway_held", true, "left_out",
                             restore->left_out.list, "agencies", agencies));
}

/* ---- the verb */

static void tell_fault(void *context, const char *fault)
{
    struct restore *restore = context;
    if (!restore->cli->json)
        fprintf(stderr, "%s\n", fault);
    json_array_append_new(restore->faults, json_string(fault));
}

static enum exit_code bring_back(struct restore *restore, uint32_t epoch_after)
{
    char words[WHY_SIZE] = "";
    struct text why = text_of(words, sizeof words);
    struct store_restore wanted = { .backup = restore->backup, .folder = restore->folder, .now_ms = restore->now_ms,
                                    .epoch_after = epoch_after, .each_fault = tell_fault, .context = restore,
                                    .left_out = left_out_told(&restore->left_out) };

    enum result result = store_restore(&wanted, &restore->epoch, &restore->seq, &why);
    if (result == RESULT_OK)
        return EXIT_DONE;
    cli_complain(restore->cli, "không phục hồi được: %s (%s)", "the restore failed: %s (%s)", words,
                 result_name(result));
    if (json_array_size(restore->faults) && restore->cli->json)
        cli_print_json(json_pack("{s:O}", "faults", restore->faults));
    return json_array_size(restore->faults) ? EXIT_FAULTS : EXIT_BROKEN;
}

/* The classes of agencies decide what becomes of each handoff. NULL with a message. */
static struct directory *read_directory(const struct cli *cli, const struct site *site)
{
    struct faults faults;
    if (faults_init(&faults) != RESULT_OK)
        return NULL;
    struct directory *directory = directory_read(site->directory, clock_wall_ms(), &faults);
    cli_print_faults(&faults);
    faults_done(&faults);
    if (!directory)
        cli_complain(cli, "danh bạ %s có lỗi: phục hồi cần biết loại của từng cơ quan",
                     "the directory %s has faults: a restore needs the class of each agency", site->directory);
    return directory;
}

enum exit_code verb_restore(struct cli *cli)
{
    struct site site;
    uint64_t epoch_after = 0;
    const char *to = cli_option(cli, "to");

    if (!site_read(cli, &site))
        return EXIT_BROKEN;
    if (!cli_number_within(cli, "after-epoch", 0, EPOCH_MAX, &epoch_after))
        return EXIT_USAGE;
    struct restore restore = { .cli = cli, .backup = cli->arguments[0], .folder = to ? to : site.store,
                               .now_ms = clock_wall_ms(), .directory = read_directory(cli, &site),
                               .faults = json_array(), .left_out = left_out_begin(cli) };
    enum exit_code code = restore.directory ? bring_back(&restore, (uint32_t)epoch_after) : EXIT_FAULTS;
    if (code == EXIT_DONE)
        code = judge_store(&restore);
    store_close(restore.store);
    if (code == EXIT_DONE && cli->json)
        print_json(&restore);
    else if (code == EXIT_DONE)
        print_told(&restore);
    if (code == EXIT_DONE)
        code = left_out_code(&restore.left_out);
    core_done(&restore.core);
    effects_done(&restore.effects);
    directory_free(restore.directory);
    json_decref(restore.faults);
    json_decref(restore.left_out.list);
    free(restore.agencies);
    return code;
}

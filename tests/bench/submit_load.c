/* submit_load.c - one client of the benchmark: hands off many small dossiers over CURVE, as fast as the window allows
 * or at a fixed rate, and says how long answers took. Uses nothing but the library.
 *
 *     submit_load ENDPOINT GATEWAY.public SECRET AGENCY TO[,TO...] COUNT BYTES RATE FOLLOW
 *
 * RATE 0: as fast as possible. FOLLOW 1: waits for the notice that each was delivered, too. Recipients in turn.
 * Prints "name value" lines: accepted, seconds, accept_p50_us, accept_p99_us, e2e_p50_us, e2e_p99_us, cpu_us.
 */
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <lienthong.h>

enum { RECIPIENTS_MAX = 16, UNANSWERED_MAX = 1024 };

struct load {
    struct lienthong *lienthong;
    char    *recipients[RECIPIENTS_MAX];
    unsigned recipient_count;
    uint64_t count, bytes, submitted, answered, accepted, delivered;
    double   rate;
    bool     follow;
    /* by ticket - first ticket: they rise by one; handoffs rise too, but others' stand in between */
    uint64_t first_ticket, *handoffs;
    double  *begun_s, *accept_s, *deliver_s;
    char    *payload;
    double   start_s;
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_answer(void *context, const struct lienthong_answer *answer)
{
    struct load *load = context;
    uint64_t index = answer->ticket - load->first_ticket;
    load->answered++;
    if (!answer->accepted) {
        fprintf(stderr, "refused: %s\n", answer->problem.sentence_en);
        exit(1);
    }
    load->handoffs[index] = answer->handoff_id;
    load->accepted++;
    load->accept_s[index] = now_s() - load->begun_s[index];
}

/* load->count: none of this run. */
static uint64_t index_of_handoff(const struct load *load, uint64_t handoff)
{
    uint64_t low = 0, high = load->answered;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (load->handoffs[middle] < handoff)
            low = middle + 1;
        else
            high = middle;
    }
    return low < load->answered && load->handoffs[low] == handoff ? low : load->count;
}

static void on_notice(void *context, const Lienthong__V1__Notice *notice)
{
    struct load *load = context;
    uint64_t index = index_of_handoff(load, notice->handoff_id);
    if (notice->state == STATE_DELIVERED && index < load->count && load->deliver_s[index] == 0) {
        load->deliver_s[index] = now_s() - load->begun_s[index];
        load->delivered++;
    }
    if (lienthong_notice_ack(load->lienthong, notice->event_seq) != RESULT_OK)
        exit(1);
}

static void on_refused(void *context, const struct problem *problem)
{
    (void)context;
    fprintf(stderr, "refused: %s\n", problem->sentence_en);
}

/* Every handoff a dossier of its own: the order inside a dossier is not what is measured. False: not now. */
static bool submit_one(struct load *load, const char *sender)
{
    Lienthong__V1__Header header = LIENTHONG__V1__HEADER__INIT;
    char dossier[64];
    uint64_t ticket;
    struct problem problem;

    snprintf(dossier, sizeof dossier, "%s-230425-%07llu", sender, (unsigned long long)load->submitted);
    header.sender = (char *)sender;
    header.recipient = load->recipients[load->submitted % load->recipient_count];
    header.dossier_code = dossier;
    header.procedure_code = "2.000986";
    header.kind = KIND_FORWARD;
    header.content_type = "application/json";
    struct span payload = { .bytes = (const uint8_t *)load->payload, .size = load->bytes };
    load->begun_s[load->submitted] = now_s();
    enum result result = lienthong_submit(load->lienthong, &header, payload, NULL, &ticket, &problem);
    if (result == RESULT_BUSY)
        return false;
    if (result != RESULT_OK) {
        fprintf(stderr, "submit: %s %s\n", lienthong_result_name(result), problem.sentence_en);
        exit(1);
    }
    if (!load->submitted)
        load->first_ticket = ticket;
    load->submitted++;
    return true;
}

/* As lienthong_wait() does, but to the microsecond: the next message is to leave when it is due. */
static void wait_until(struct load *load, double due_s)
{
    struct pollfd file = { .fd = lienthong_fd(load->lienthong), .events = POLLIN };
    double library_s = (double)lienthong_due_ms(load->lienthong) / 1000, wait_s;

    wait_s = (library_s < due_s ? library_s : due_s) - now_s();
    wait_s = wait_s < 0 ? 0 : wait_s > 0.1 ? 0.1 : wait_s;
    struct timespec timeout = { .tv_nsec = (long)(wait_s * 1e9) };
    if (ppoll(&file, 1, &timeout, NULL) < 0 || lienthong_process(load->lienthong) != RESULT_OK)
        exit(1);
}

static void run(struct load *load, const char *sender)
{
    while (load->answered < load->count || (load->follow && load->delivered < load->count)) {
        double elapsed_s = now_s() - load->start_s;
        uint64_t due = load->rate > 0 ? (uint64_t)(elapsed_s * load->rate) + 1 : load->count;
        while (load->submitted < load->count && load->submitted < due
               && load->submitted - load->answered < UNANSWERED_MAX && submit_one(load, sender))
            ;
        if (load->rate > 0 && load->submitted < load->count)
            wait_until(load, load->start_s + (double)load->submitted / load->rate);
        else if (lienthong_wait(load->lienthong, 100) != RESULT_OK)
            exit(1);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The library keeps what was accepted, up to 64 MiB, and a client that has run for a while has that memory: here it is
 * asked of the kernel, page by page, before the clock runs, and not given back. */
static void warm_heap(void)
{
    enum { PIECES = 96, PIECE_BYTES = 1 << 20 };
    void *pieces[PIECES];

    mallopt(M_MMAP_THRESHOLD, 2 * PIECE_BYTES);
    mallopt(M_TRIM_THRESHOLD, 2 * PIECES * PIECE_BYTES);
    for (size_t i = 0; i < PIECES; i++)
        if ((pieces[i] = malloc(PIECE_BYTES)))
            memset(pieces[i], 1, PIECE_BYTES);
    for (size_t i = 0; i < PIECES; i++)
        free(pieces[i]);
}

static int64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec
           + usage.ru_stime.tv_usec;
}

static void print_quantiles(const char *name, double *values, uint64_t count)
{
    qsort(values, count, sizeof *values, by_value);
    printf("%s_p50_us %.0f\n%s_p99_us %.0f\n", name, values[count / 2] * 1e6, name, values[count * 99 / 100] * 1e6);
}

int main(int argc, char **argv)
{
    struct load load = { 0 };
    struct lienthong_options options = { 0 };
    char words[256];
    struct text why = lienthong_text(words, sizeof words);

    if (argc != 10) {
        fprintf(stderr, "submit_load ENDPOINT GATEWAY.public SECRET AGENCY TO[,TO...] COUNT BYTES RATE FOLLOW\n");
        return 2;
    }
    options.endpoint = argv[1];
    if (lienthong_keys_read(argv[2], argv[3], &options.keys, &why) != RESULT_OK) {
        fprintf(stderr, "%s\n", words);
        return 1;
    }
    for (char *list = argv[5], *at; (at = strsep(&list, ",")) && load.recipient_count < RECIPIENTS_MAX;)
        load.recipients[load.recipient_count++] = at;
    load.count = strtoull(argv[6], NULL, 10);
    load.bytes = strtoull(argv[7], NULL, 10);
    load.rate = strtod(argv[8], NULL);
    load.follow = argv[9][0] == '1';
    load.handoffs = calloc(load.count, sizeof *load.handoffs);
    load.begun_s = calloc(load.count, sizeof *load.begun_s);
    load.accept_s = calloc(load.count, sizeof *load.accept_s);
    load.deliver_s = calloc(load.count, sizeof *load.deliver_s);
    load.payload = malloc(load.bytes + 1);
    if (!load.handoffs || !load.begun_s || !load.accept_s || !load.deliver_s || !load.payload || load.bytes < 8)
        return 1;
    memset(load.payload, 'x', load.bytes);                      /* {"p":"xxx..."}: JSON of exactly so many bytes */
    memcpy(load.payload, "{\"p\":\"", 6);
    memcpy(load.payload + load.bytes - 2, "\"}", 2);
    options.agency = argv[4];
    options.roles = ROLE_SENDER;
    options.software = "submit_load";
    options.callbacks = (struct lienthong_callbacks){ .on_answer = on_answer, .on_notice = on_notice,
                                                      .on_refused = on_refused };
    options.context = &load;
    if (lienthong_open(&load.lienthong, &options, &why) != RESULT_OK) {
        fprintf(stderr, "%s\n", words);
        return 1;
    }
    struct lienthong_status status = { 0 };
    while (!status.connected) {
        if (lienthong_wait(load.lienthong, 100) != RESULT_OK)
            return 1;
        lienthong_status(load.lienthong, &status);
    }
    if (load.follow && lienthong_follow(load.lienthong, 0) != RESULT_OK)
        return 1;
    warm_heap();
    int64_t cpu_begin_us = cpu_us();
    load.start_s = now_s();
    run(&load, argv[4]);
    printf("cpu_us %lld\n", (long long)(cpu_us() - cpu_begin_us));
    printf("accepted %llu\nseconds %.6f\nfirst_submit_s %.6f\n", (unsigned long long)load.accepted,
           now_s() - load.start_s, load.begun_s[0]);
    print_quantiles("accept", load.accept_s, load.count);
    if (load.follow)
        print_quantiles("e2e", load.deliver_s, load.count);
    lienthong_close(load.lienthong);
    return 0;
}

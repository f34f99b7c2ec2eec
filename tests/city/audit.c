/* audit.c - was anything lost, doubled, changed, overtaken; was every late one accounted for. From the agencies' own
 * books alone, dossier by dossier. A fault is told with the history of its dossier, as far as FAULTS_SHOWN goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/city/audit.h"

const char *const check_names[CHECKS] = {
    [CHECK_ACCEPTED] = "what was sent was accepted, once",
    [CHECK_LOST] = "nothing lost: each arrived, or its sender was told that it ended",
    [CHECK_DOUBLED] = "nothing doubled: no office acted twice on one letter",
    [CHECK_STRANGE] = "nothing that nobody sent, nothing at the wrong office",
    [CHECK_CHANGED] = "nothing changed on the way",
    [CHECK_ORDER] = "order kept: per dossier and office as it was sent",
    [CHECK_GATES] = "a step waits for those before it, and gets their results",
    [CHECK_KEYS] = "an idempotency key belongs to one letter",
    [CHECK_TOLD] = "each sender was told how his letter ended",
    [CHECK_ENDED] = "every dossier came to its end",
    [CHECK_LATE] = "every late one has its apology, and nobody else has one",
    [CHECK_REMINDED] = "nobody is urged twice a day about one dossier",
    [CHECK_SUM] = "received = resolved + withdrawn + in process",
    [CHECK_STATUS] = "the gateway's status is that of the one-stop's register",
    [CHECK_DUE] = "the gateway's due date is the one on the citizen's paper",
    [CHECK_REPORT] = "the gateway's report says what the registers add up to, by one-stop and by procedure",
};

/* ---- lines of each dossier, found once */

static uint32_t *offsets_of(uint32_t dossiers)
{
    uint32_t *offsets = calloc(dossiers + 2, sizeof *offsets);
    must(offsets != NULL);
    return offsets;
}

static void sort_lines(struct audit *audit)
{
    const struct books *books = audit->books;

    audit->sent_from = offsets_of(books->dossier_count);
    audit->received_from = offsets_of(books->dossier_count);
    audit->sent_lines = calloc(books->sent_count + 1, sizeof *audit->sent_lines);
    audit->received_lines = calloc(books->received_count + 1, sizeof *audit->received_lines);
    must(audit->sent_lines && audit->received_lines);
    for (uint32_t i = 0; i < books->sent_count; i++)
        audit->sent_from[books->sent[i].dossier + 2]++;
    for (uint32_t i = 0; i < books->received_count; i++)
        audit->received_from[books->received[i].dossier + 2]++;
    for (uint32_t i = 1; i < books->dossier_count + 2; i++) {
        audit->sent_from[i] += audit->sent_from[i - 1];
        audit->received_from[i] += audit->received_from[i - 1];
    }
    for (uint32_t i = 0; i < books->sent_count; i++)
        audit->sent_lines[audit->sent_from[books->sent[i].dossier + 1]++] = i;
    for (uint32_t i = 0; i < books->received_count; i++)
        audit->received_lines[audit->received_from[books->received[i].dossier + 1]++] = i;
}

/* ---- telling */

static void print_history(const struct audit *audit, uint32_t dossier)
{
    const struct dossier_book *book = &audit->books->dossiers[dossier];
    const struct place *places = audit->city->places;
    uint32_t s = audit->sent_from[dossier], r = audit->received_from[dossier];
    char when[24], due[24], end[24];

    printf("    dossier %u: received %s, due %s, %s %s\n", dossier, minute_text(book->received, when),
           book->due ? minute_text(book->due, due) : "-", book->outcome ? "ended" : "open",
           book->outcome ? minute_text(book->ended, end) : "");
    while (s < audit->sent_from[dossier + 1] || r < audit->received_from[dossier + 1]) {
        const struct sent *sent = s < audit->sent_from[dossier + 1] ? &audit->books->sent[audit->sent_lines[s]] : NULL;
        const struct received *received =
            r < audit->received_from[dossier + 1] ? &audit->books->received[audit->received_lines[r]] : NULL;
        if (sent && (!received || sent->minute <= received->minute)) {
            printf("    %s  %s sends letter %u, %s, to %s: handoff %u, told %s\n", minute_text(sent->minute, when),
                   places[sent->from].agency->code, sent->number, kind_name(sent->kind),
                   sent->to == WHOLE ? "whoever has it" : places[sent->to].agency->code, sent->handoff,
                   sent->told ? state_name(sent->told) : "nothing");
            s++;
        } else if (received->number == BY_GATEWAY) {
            printf("    %s  %s has a letter of the gateway: %s\n", minute_text(received->minute, when),
                   places[received->at].agency->code, kind_name(received->step));
            r++;
        } else {
            printf("    %s  %s has letter %u, step %u, with %u inputs, key %016llx\n",
                   minute_text(received->minute, when), places[received->at].agency->code, received->number,
                   received->step, received->inputs, (unsigned long long)received->key);
            r++;
        }
    }
}

void audit_fault(struct audit *audit, enum check check, uint32_t dossier, const char *what)
{
    if (audit->faults[check]++ < FAULTS_SHOWN && audit->shown++ < 4 * FAULTS_SHOWN) {
        printf("  FAULT in '%s': %s\n", check_names[check], what);
        print_history(audit, dossier);
    }
}

/* ---- one dossier */

struct case_file {
    uint32_t dossier, count;
    struct cast cast;
    const struct sent *sent[BOOK_LETTERS_PER_DOSSIER];              /* by number */
    uint32_t came[BOOK_LETTERS_PER_DOSSIER];                        /* times; of one to WHOLE: bits of steps */
    uint32_t steps[BOOK_STEPS];                                     /* times that each step of a flow came */
};

static void open_case(const struct audit *audit, uint32_t dossier, struct case_file *file)
{
    *file = (struct case_file){ .dossier = dossier, .cast = cast_of(audit->city, dossier) };
    for (uint32_t i = audit->sent_from[dossier]; i < audit->sent_from[dossier + 1]; i++) {
        const struct sent *sent = &audit->books->sent[audit->sent_lines[i]];
        file->sent[sent->number] = sent;
        file->count++;
    }
}

static bool is_result_before(const struct case_file *file, uint32_t step, uint32_t minute)
{
    for (uint32_t i = 0; i < file->count; i++)
        if (file->sent[i]->kind == KIND_RESULT && file->sent[i]->step == step && file->sent[i]->minute <= minute)
            return true;
    return false;
}

/* A step of a flow: at its own office, once, after the results that it waits for, and with them. */
static void check_step(struct audit *audit, struct case_file *file, const struct sent *sent,
                       const struct received *received)
{
    const struct plan_step *at = &plan_infos[file->cast.plan].steps[received->step];
    uint32_t after = at->after & sent->steps;

    if (!(sent->steps >> received->step & 1) ||
        received->at != plan_place(audit->city, &file->cast, received->step)) {
        audit_fault(audit, CHECK_STRANGE, file->dossier, "an office has a step that is not its own");
        return;
    }
    if (file->steps[received->step]++)
        audit_fault(audit, CHECK_DOUBLED, file->dossier, "an office got its step twice");
    for (uint32_t step = 0; step < BOOK_STEPS; step++)
        if (after >> step & 1 && !is_result_before(file, step, received->minute))
            audit_fault(audit, CHECK_GATES, file->dossier, "a step came before the result that it waits for");
    if (received->inputs != (uint32_t)__builtin_popcount(after) + at->paid)
        audit_fault(audit, CHECK_GATES, file->dossier, "a step came with other inputs than those it waits for");
}

/* To the whole dossier: whoever holds a step of it, each once. */
static void check_whole(struct audit *audit, struct case_file *file, const struct sent *sent,
                        const struct received *received)
{
    bool holds = false;
    for (uint8_t step = 0; step < BOOK_STEPS; step++)
        if (file->cast.steps >> step & 1 && received->at == plan_place(audit->city, &file->cast, step)) {
            holds = true;
            if (file->came[sent->number] & 1u << step)
                audit_fault(audit, CHECK_DOUBLED, file->dossier, "an office was told twice of one withdrawal");
            file->came[sent->number] |= 1u << step;
        }
    if (!holds)
        audit_fault(audit, CHECK_STRANGE, file->dossier, "an office was told that has nothing of it");
}

/* The gateway reminds nobody of one dossier twice a day. */
static void check_reminders(struct audit *audit, const struct case_file *file)
{
    for (uint32_t i = audit->received_from[file->dossier]; i < audit->received_from[file->dossier + 1]; i++) {
        const struct received *one = &audit->books->received[audit->received_lines[i]];
        for (uint32_t k = i + 1; one->number == BY_GATEWAY && k < audit->received_from[file->dossier + 1]; k++) {
            const struct received *other = &audit->books->received[audit->received_lines[k]];
            if (other->number == BY_GATEWAY && other->at == one->at && other->step == one->step &&
                one->step == KIND_URGE && other->minute / DAY == one->minute / DAY)
                audit_fault(audit, CHECK_REMINDED, file->dossier, "the gateway urged an office twice on one day");
        }
    }
}

static void check_came(struct audit *audit, struct case_file *file)
{
    uint32_t last[PLACES_MAX] = { 0 };

    for (uint32_t i = audit->received_from[file->dossier]; i < audit->received_from[file->dossier + 1]; i++) {
        const struct received *received = &audit->books->received[audit->received_lines[i]];
        const struct sent *sent = received->number < file->count ? file->sent[received->number] : NULL;
        if (received->number == BY_GATEWAY)
            continue;
        if (!sent || (received->at != sent->to && sent->to != WHOLE && !sent->steps)) {
            audit_fault(audit, CHECK_STRANGE, file->dossier, "an office has what nobody sent to it");
            continue;
        }
        if (received->content != sent->content)
            audit_fault(audit, CHECK_CHANGED, file->dossier, "what came is not what was sent");
        if (sent->steps) {
            check_step(audit, file, sent, received);
            continue;                       /* its place in the order is that of its gate */
        }
        if (sent->to == WHOLE)
            check_whole(audit, file, sent, received);
        else if (file->came[received->number]++)
            audit_fault(audit, CHECK_DOUBLED, file->dossier, "an office acted twice on one letter");
        if (received->number + 1u < last[received->at])
            audit_fault(audit, CHECK_ORDER, file->dossier, "a letter was overtaken by a later one");
        last[received->at] = received->number + 1u;
    }
}

/* Each step came, or the dossier ended before and its one-stop was told. */
static void check_steps(struct audit *audit, const struct case_file *file, const struct sent *sent)
{
    const struct dossier_book *book = &audit->books->dossiers[file->dossier];
    bool broken_off = book->outcome == OUT_REFUSED || book->outcome == OUT_WITHDRAWN;

    for (uint32_t step = 0; step < BOOK_STEPS; step++) {
        if (!(sent->steps >> step & 1))
            continue;
        if (!file->steps[step] && !broken_off)
            audit_fault(audit, CHECK_LOST, file->dossier, "a step never arrived");
        if (book->told[step] != (file->steps[step] ? STATE_DELIVERED : STATE_CLOSED))
            audit_fault(audit, CHECK_TOLD, file->dossier, "the one-stop was told something else of a step");
    }
}

static void check_sent(struct audit *audit, const struct case_file *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        const struct sent *sent = file->sent[i];
        if (!sent->handoff)
            audit_fault(audit, CHECK_ACCEPTED, file->dossier, "a letter was never accepted");
        if (sent->steps) {
            check_steps(audit, file, sent);
            continue;
        }
        bool closed = sent->told == STATE_CLOSED;
        if (!file->came[i] && !closed)
            audit_fault(audit, CHECK_LOST, file->dossier, "a letter never arrived");
        if (!closed && sent->told != STATE_DELIVERED)
            audit_fault(audit, CHECK_TOLD, file->dossier, "its sender was never told that it was delivered");
        if (closed && file->came[i])
            audit_fault(audit, CHECK_TOLD, file->dossier, "its sender was told that it ended, and it came");
    }
}

static void check_late(struct audit *audit, const struct case_file *file)
{
    const struct dossier_book *book = &audit->books->dossiers[file->dossier];
    uint32_t apologies = 0;

    for (uint32_t i = 0; i < file->count; i++)
        apologies += file->sent[i]->kind == KIND_APOLOGY && file->came[i];
    if (book->outcome == OUT_OPEN) {
        audit_fault(audit, CHECK_ENDED, file->dossier, "it never came to an end");
        return;
    }
    bool late = dossier_is_late(book);
    if (late && apologies > 1)
        audit_fault(audit, CHECK_LATE, file->dossier, "late, with several apologies");
    if (!late && apologies)
        audit_fault(audit, CHECK_LATE, file->dossier, "an apology for a dossier that was in time");
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void check_keys(struct audit *audit)
{
    const struct books *books = audit->books;
    uint64_t *keys = calloc(books->received_count + 1, sizeof *keys);

    must(keys != NULL);
    for (uint32_t i = 0; i < books->received_count; i++)
        keys[i] = books->received[i].key;
    qsort(keys, books->received_count, sizeof *keys, compare_keys);
    for (uint32_t i = 1; i < books->received_count; i++)
        if (keys[i] == keys[i - 1])
            audit_fault(audit, CHECK_KEYS, books->received[i].dossier, "two letters came under one key");
    free(keys);
}

bool dossier_is_late(const struct dossier_book *book)
{
    return book->due && (book->outcome == OUT_RESULT || book->outcome == OUT_REFUSED) && book->ended > book->due;
}

uint64_t audit(struct city *city)
{
    struct audit audit = { .city = city, .books = &city->books };
    uint32_t failed = 0;

    sort_lines(&audit);
    for (uint32_t dossier = 0; dossier < city->books.dossier_count; dossier++) {
        struct case_file file;
        open_case(&audit, dossier, &file);
        check_came(&audit, &file);
        check_sent(&audit, &file);
        check_late(&audit, &file);
        check_reminders(&audit, &file);
    }
    check_keys(&audit);
    audit_gateway(&audit);
    audit_sum(&audit);
    audit_report(&audit);
    for (int check = 0; check < CHECKS; check++) {
        printf("  %s  %s", audit.faults[check] ? "FAILED" : "ok    ", check_names[check]);
        if (audit.faults[check])
            printf(": %llu", (unsigned long long)audit.faults[check]);
        printf("\n");
        failed += audit.faults[check] != 0;
    }
    free(audit.sent_from);
    free(audit.received_from);
    free(audit.sent_lines);
    free(audit.received_lines);
    return failed;
}

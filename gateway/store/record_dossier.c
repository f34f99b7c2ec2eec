#include "gateway/store/record_dossier.h"

#include "gateway/store/bytes.h"

enum { DOSSIER_VERSION = 1, MONEY_VERSION = 1 };

enum {
    LINE_BYTES = 3 + 4 + 8 + 8, BRANCH_BYTES = 8 + 3 * 4 + 3 * 8 + LINE_BYTES, PAUSE_BYTES = 8 + 8 + 1,
    FIXED_BYTES = 1 + 14 * 4 + 10 * 8 + LINE_BYTES + 3 + 2 + PROCEDURE_CODE_SIZE + VERSION_TEXT_SIZE,
};
_Static_assert(FIXED_BYTES + BRANCHES_MAX * BRANCH_BYTES + PAUSES_MAX * PAUSE_BYTES <= DOSSIER_BYTES_MAX,
               "the largest dossier fits");
_Static_assert((int)BRANCHES_MAX < (int)BRANCH_OUTSIDE && VERSION_TEXT_SIZE <= 256, "one byte is enough");

static void write_line(struct pen *pen, const struct status_line *line)
{
    pen_u8(pen, line->status);
    pen_u8(pen, line->gap);
    pen_u8(pen, line->recalled);
    pen_u32(pen, line->by);
    pen_i64(pen, line->source_ms);
    pen_u64(pen, line->sequence);
}

static void scan_line(struct scan *scan, struct status_line *ret_line)
{
    ret_line->status = scan_word(scan, 0, STATUS_END);
    ret_line->gap = scan_bool(scan);
    ret_line->recalled = scan_bool(scan);
    ret_line->by = scan_u32(scan);
    ret_line->source_ms = scan_i64(scan);
    ret_line->sequence = scan_u64(scan);
}

static void write_branch(struct pen *pen, const struct branch *branch)
{
    pen_u64(pen, branch->handoff);
    pen_u32(pen, branch->sender);
    pen_u32(pen, branch->holder);
    pen_u32(pen, branch->flags);
    pen_i64(pen, branch->delivered_ms);
    pen_i64(pen, branch->due_ms);
    pen_i64(pen, branch->receipt_ms);
    write_line(pen, &branch->line);
}

static void scan_branch(struct scan *scan, struct branch *ret_branch)
{
    ret_branch->handoff = scan_u64(scan);
    ret_branch->sender = scan_u32(scan);
    ret_branch->holder = scan_u32(scan);
    ret_branch->flags = scan_u32(scan);
    ret_branch->delivered_ms = scan_i64(scan);
    ret_branch->due_ms = scan_i64(scan);
    ret_branch->receipt_ms = scan_i64(scan);
    scan_line(scan, &ret_branch->line);
}

static void write_due(struct pen *pen, const struct dossier *dossier)
{
    pen_i64(pen, dossier->received_ms);
    pen_i64(pen, dossier->due_ms);
    pen_u8(pen, dossier->due_source);
    pen_u32(pen, dossier->due_by);
    pen_i64(pen, dossier->due_said_ms);
    pen_i64(pen, dossier->computed_ms);
    pen_i64(pen, dossier->committed_ms);
    pen_i64(pen, dossier->statutory_ms);
    pen_u32(pen, dossier->unknown_year);
    pen_i64(pen, dossier->claimed_due_ms);
    pen_u32(pen, dossier->claimed_due_by);
}

static void scan_due(struct scan *scan, struct dossier *ret_dossier)
{
    ret_dossier->received_ms = scan_i64(scan);
    ret_dossier->due_ms = scan_i64(scan);
    ret_dossier->due_source = scan_word(scan, 0, DUE_SOURCE_END);
    ret_dossier->due_by = scan_u32(scan);
    ret_dossier->due_said_ms = scan_i64(scan);
    ret_dossier->computed_ms = scan_i64(scan);
    ret_dossier->committed_ms = scan_i64(scan);
    ret_dossier->statutory_ms = scan_i64(scan);
    ret_dossier->unknown_year = scan_u32(scan);
    ret_dossier->claimed_due_ms = scan_i64(scan);
    ret_dossier->claimed_due_by = scan_u32(scan);
}

size_t dossier_write(const struct dossier *dossier, uint8_t bytes[DOSSIER_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    must(dossier->branch_count <= BRANCHES_MAX && dossier->pause_count <= PAUSES_MAX);
    pen_u8(&pen, DOSSIER_VERSION);
    pen_u32(&pen, dossier->opener);
    pen_u32(&pen, dossier->owner);
    write_line(&pen, &dossier->line);
    pen_u32(&pen, dossier->kept);
    pen_u32(&pen, dossier->unknown);
    pen_u64(&pen, dossier->last_event);
    pen_u32(&pen, dossier->channel);
    write_due(&pen, dossier);
    pen_text(&pen, dossier->procedure_code, sizeof dossier->procedure_code);
    pen_text(&pen, dossier->procedure_version, sizeof dossier->procedure_version);
    pen_u8(&pen, dossier->branch_count);
    for (uint32_t i = 0; i < dossier->branch_count; i++)
        write_branch(&pen, &dossier->branches[i]);
    pen_u32(&pen, dossier->branches_lost);
    pen_u8(&pen, dossier->pause_count);
    for (uint32_t i = 0; i < dossier->pause_count; i++) {
        pen_i64(&pen, dossier->pauses[i].from_ms);
        pen_i64(&pen, dossier->pauses[i].to_ms);
        pen_u8(&pen, dossier->pauses[i].branch);
    }
    pen_u32(&pen, dossier->pauses_lost);
    pen_u32(&pen, dossier->money_count);
    return (size_t)(pen.at - bytes);
}

static void scan_pauses(struct scan *scan, struct dossier *ret_dossier)
{
    ret_dossier->pause_count = scan_word(scan, 0, PAUSES_MAX + 1);
    for (uint32_t i = 0; !scan->bad && i < ret_dossier->pause_count; i++) {
        struct pause *pause = &ret_dossier->pauses[i];
        pause->from_ms = scan_i64(scan);
        pause->to_ms = scan_i64(scan);
        pause->branch = scan_u8(scan);
        scan->bad |= pause->branch < BRANCH_OUTSIDE && pause->branch >= ret_dossier->branch_count;
    }
}

bool dossier_parse(struct span bytes, struct dossier *ret_dossier)
{
    struct scan scan = scan_of(bytes);
    struct dossier dossier = { 0 };

    scan_version(&scan, DOSSIER_VERSION);
    dossier.opener = scan_u32(&scan);
    dossier.owner = scan_u32(&scan);
    scan_line(&scan, &dossier.line);
    dossier.kept = scan_u32(&scan);
    dossier.unknown = scan_u32(&scan);
    dossier.last_event = scan_u64(&scan);
    dossier.channel = scan_u32(&scan);
    scan_due(&scan, &dossier);
    scan_text(&scan, dossier.procedure_code, sizeof dossier.procedure_code);
    scan_text(&scan, dossier.procedure_version, sizeof dossier.procedure_version);
    dossier.branch_count = scan_word(&scan, 0, BRANCHES_MAX + 1);
    for (uint32_t i = 0; !scan.bad && i < dossier.branch_count; i++)
        scan_branch(&scan, &dossier.branches[i]);
    dossier.branches_lost = scan_u32(&scan);
    scan_pauses(&scan, &dossier);
    dossier.pauses_lost = scan_u32(&scan);
    dossier.money_count = scan_u32(&scan);
    if (!scan_end(&scan))
        return false;
    *ret_dossier = dossier;
    return true;
}

size_t money_write(const struct money *money, uint8_t bytes[RECORD_BYTES_MAX])
{
    struct pen pen = { .at = bytes };
    pen_u8(&pen, MONEY_VERSION);
    pen_i64(&pen, money->owed);
    pen_i64(&pen, money->paid);
    pen_i64(&pen, money->source_ms);
    pen_u32(&pen, money->by);
    return (size_t)(pen.at - bytes);
}

bool money_parse(struct span bytes, struct money *ret_money)
{
    struct scan scan = scan_of(bytes);
    struct money money = { 0 };

    scan_version(&scan, MONEY_VERSION);
    money.owed = scan_i64(&scan);
    money.paid = scan_i64(&scan);
    money.source_ms = scan_i64(&scan);
    money.by = scan_u32(&scan);
    if (!scan_end(&scan))
        return false;
    *ret_money = money;
    return true;
}

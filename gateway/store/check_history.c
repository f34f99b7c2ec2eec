/* check_history.c - events in order, each in the list of its handoff, their words, and the chain computed again. */
#include "gateway/store/chain.h"
#include "gateway/store/check.h"

/* ---- the list of a handoff, from its last event back to its first */

static void list_fault(struct check *check, uint64_t handoff, uint64_t event, const char *vi, const char *en)
{
    check->lists_broken = true;
    check_fault(check, vi, en, "handoff %" PRIu64 ", event %" PRIu64, handoff, event);
}

static void row_list(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    struct event event;
    struct span record;

    must(check_handoff_parse(key, value, &handoff));
    enum state state = handoff.state;       /* what the events before must lead to; 0: they do not say */
    uint64_t seq = handoff.last_event, after = check->turn->counters.events + 1;
    if (!seq)
        list_fault(check, handoff.id, seq, "không có lịch sử", "it has no history");
    for (; seq; after = seq, seq = event.previous) {
        if (seq >= after) {
            list_fault(check, handoff.id, seq, "móc nối không lùi", "its list does not go back");
            return;
        }
        if (!check_event(check, seq, &event, &record)) {
            check->lists_broken = true;     /* said where events are walked */
            return;
        }
        if (event.handoff != handoff.id) {
            list_fault(check, handoff.id, seq, "sự kiện của lượt khác", "an event of another in its list");
            return;
        }
        check->listed_events++;
        if (event.to && state && event.to != state)
            list_fault(check, handoff.id, seq, "không dẫn tới trạng thái sau đó",
                       "does not lead to the state after it");
        if (event.to)
            state = event.from;
    }
}

/* ---- events by themselves */

static void row_event(struct check *check, struct span key, struct span value)
{
    struct handoff handoff;
    struct event event;
    uint64_t seq = key_read_u64(key, 0);

    must(event_parse(value, &event));
    check->result.events++;
    if (!number_follows(check->turn->counters.epoch, check->last, seq))
        check_fault(check, "thiếu sự kiện đứng trước", "events before it are missing",
                    "event %" PRIu64 " after %" PRIu64, seq, check->last);
    check->last = seq;
    check->dossier_events += event.of_dossier.dossier != 0;
    if (event.handoff) {
        check->handoff_events++;
        if (!check_handoff(check, event.handoff, &handoff))
            check_fault(check, "lượt giao–nhận không có", "its handoff is not there", "event %" PRIu64, seq);
    }
    if ((event.agency && !check_agency(check, event.agency)) ||
        (event.actor_agency && !check_agency(check, event.actor_agency)))
        check_fault(check, "cơ quan không có", "names an agency that is not there", "event %" PRIu64, seq);
}

static void check_events(struct check *check)
{
    const struct counters *counters = &check->turn->counters;
    check->last = 0;
    check_walk(check, TABLE_EVENT, row_event);
    bool none_yet = counters->epoch > 1 && counters->events == NUMBERS_BEFORE(counters->epoch);
    if (check->last != counters->events && !(none_yet && check->last < counters->events))
        check_fault(check, "không phải sự kiện cuối theo bộ đếm", "is not the last one that the counters speak of",
                    "event %" PRIu64 ", counters %" PRIu64, check->last, counters->events);
    if (!check->lists_broken && check->listed_events != check->handoff_events)
        check_fault(check, "có sự kiện không nằm trong lịch sử nào", "some events hang in no list",
                    "events, %" PRIu64 " of %" PRIu64 " are listed", check->listed_events, check->handoff_events);
    if (!check->dossier_lists_broken && check->listed_dossier_events != check->dossier_events)
        check_fault(check, "có sự kiện hồ sơ không nằm trong lịch sử hồ sơ nào",
                    "some events of dossiers hang in no list of a dossier",
                    "events of dossiers, %" PRIu64 " of %" PRIu64 " are listed", check->listed_dossier_events,
                    check->dossier_events);
}

/* ---- words */

static void row_detail(struct check *check, struct span key, struct span value)
{
    uint64_t seq = key_read_u64(key, 0);
    struct event event;
    struct span record, words;
    uint32_t day;

    if (!check_event(check, seq, &event, &record)) {
        check_fault(check, "sự kiện không có", "its event is not there", "detail of event %" PRIu64, seq);
        return;
    }
    enum result result = check_unseal(check, TABLE_DETAIL, key, value, &words);
    if (result == RESULT_NOT_FOUND)
        return;
    if (result != RESULT_OK || !seal_row_day(value, &day)) {
        check_fault(check, "lời niêm phong không mở được", "its sealed words do not open", "detail of event %" PRIu64,
                    seq);
        return;
    }
    struct hash digest = seal_digest(check->turn->store->seal, day, seq, words);
    if (!hash_equal(&digest, &event.detail_digest))
        check_fault(check, "lời không khớp dấu trong sự kiện", "the words are not those that the event commits to",
                    "detail of event %" PRIu64, seq);
}

/* ---- the chain */

/* The Merkle root of leaves that come one by one, in memory that does not grow with them: at most one whole subtree of
 * each size is open; RFC 9162's split at the largest power of two joins them from the right. */
struct tree {
    uint64_t    leaves;
    struct hash open[64];                   /* [n]: of 2^n leaves, when bit n of `leaves` is set */
};

static struct hash tree_node(const struct hash *left, const struct hash *right)
{
    uint8_t bytes[1 + 2 * HASH_SIZE] = { 1 };
    memcpy(bytes + 1, left->bytes, HASH_SIZE);
    memcpy(bytes + 1 + HASH_SIZE, right->bytes, HASH_SIZE);
    return hash_of(span_of(bytes, sizeof bytes));
}

static void tree_add(struct tree *tree, struct hash leaf)
{
    unsigned n = 0;
    for (; tree->leaves >> n & 1; n++)
        leaf = tree_node(&tree->open[n], &leaf);
    tree->open[n] = leaf;
    tree->leaves++;
}

static struct hash tree_root(const struct tree *tree)
{
    struct hash root = hash_of((struct span){ 0 });
    bool any = false;
    for (unsigned n = 0; n < 64; n++) {
        if (!(tree->leaves >> n & 1))
            continue;
        root = any ? tree_node(&tree->open[n], &root) : tree->open[n];
        any = true;
    }
    return root;
}

/* The events of a turn. One that is not there was reported where events are walked. */
static void check_root(struct check *check, const struct chain_link *link)
{
    struct tree tree = { 0 };
    struct event event;
    struct span record;

    for (uint64_t i = 0; i < link->events; i++) {
        if (!check_event(check, link->first_event + i, &event, &record))
            return;
        tree_add(&tree, chain_leaf(event.seq, record));
        if (event.turn_seq != link->seq)
            check_fault(check, "thuộc lượt khác", "says that it is of another turn",
                        "event %" PRIu64 ", turn %" PRIu64, event.seq, link->seq);
    }
    struct hash root = tree_root(&tree);
    if (!hash_equal(&root, &link->root))
        check_fault(check, "gốc Merkle không khớp các sự kiện", "its root is not that of its events", "turn %" PRIu64,
                    link->seq);
}

static void row_link(struct check *check, struct span key, struct span value)
{
    const struct counters *counters = &check->turn->counters;
    struct chain_link *before = &check->link, link;

    must(chain_link_parse(value, &link));
    link.seq = key_read_u64(key, 0);
    check->result.turns++;
    bool follows = number_follows(counters->epoch, before->seq, link.seq);
    if (!follows)
        check_fault(check, "thiếu lượt đứng trước", "turns before it are missing", "turn %" PRIu64 " after %" PRIu64,
                    link.seq, before->seq);
    else if (!number_follows(counters->epoch, before->first_event + before->events - 1, link.first_event) ||
             link.events > counters->events + 1 - link.first_event)
        check_fault(check, "sự kiện không nối tiếp lượt trước", "its events do not follow those of the turn before",
                    "turn %" PRIu64, link.seq);
    else
        check_root(check, &link);
    if (link.now_ms < before->now_ms && before->seq)
        check_fault(check, "giờ lùi lại", "its time goes backwards", "turn %" PRIu64, link.seq);
    struct hash computed = chain_next(&before->link, link.seq, link.now_ms, &link.root);
    if (follows && !hash_equal(&computed, &link.link))
        check_fault(check, "mắt xích không khớp", "its link is not the hash of what it binds", "turn %" PRIu64,
                    link.seq);
    check->link = link;
}

static void check_chain(struct check *check)
{
    const struct counters *counters = &check->turn->counters;
    const struct chain_link *last = &check->link;

    check->link = (struct chain_link){ .first_event = 1 };
    check_walk(check, TABLE_CHAIN, row_link);
    if (last->seq != counters->seq)
        check_fault(check, "không phải lượt cuối theo bộ đếm", "is not the last one that the counters speak of",
                    "turn %" PRIu64 ", counters %" PRIu64, last->seq, counters->seq);
    else if (!hash_equal(&last->link, &counters->link) || last->now_ms != counters->last_ms)
        check_fault(check, "mắt xích cuối không khớp bộ đếm", "the last link is not that of the counters",
                    "turn %" PRIu64, last->seq);
    else if (last->first_event + last->events != counters->events + 1)
        check_fault(check, "sự kiện cuối không thuộc lượt nào", "the last events belong to no turn", "turn %" PRIu64,
                    last->seq);
}

void check_history(struct check *check)
{
    check_walk(check, TABLE_HANDOFF, row_list);
    check_events(check);
    check_walk(check, TABLE_DETAIL, row_detail);
    check_chain(check);
}

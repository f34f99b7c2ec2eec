#include "gateway/broker/session.h"

#include <stdlib.h>
#include <string.h>

enum { BEGUN_BITS = 20 };
#define NUMBER_MAX (UINT64_MAX >> 2)    /* the top bit is for operators; a store's numbers get large with its epoch */

enum result sessions_init(struct sessions *sessions, uint32_t sessions_max, uint64_t store_seq)
{
    /* Between two turns each session may end and begin anew once per command; so many numbers wait at most. */
    uint32_t lost_max = sessions_max + 2 * TURN_COMMANDS_MAX;
    struct sessions made = { .slots_count = sessions_max, .lost_max = lost_max };

    must(sessions_max > 0 && sessions_max <= SESSIONS_MAX);
    made.slots = calloc(sessions_max, sizeof *made.slots);
    made.free_slots = calloc(sessions_max, sizeof *made.free_slots);
    made.lost = calloc(lost_max, sizeof *made.lost);
    if (!made.slots || !made.free_slots || !made.lost || map_init(&made.by_routing, sessions_max) != RESULT_OK ||
        map_init(&made.by_number, sessions_max) != RESULT_OK || map_init(&made.by_file, sessions_max) != RESULT_OK) {
        sessions_done(&made);
        return RESULT_FULL;
    }
    for (uint32_t i = 0; i < sessions_max; i++)
        made.free_slots[i] = sessions_max - 1 - i;
    made.free_count = sessions_max;
    made.base = (store_seq + 1) << BEGUN_BITS & NUMBER_MAX;
    *sessions = made;
    return RESULT_OK;
}

void sessions_done(struct sessions *sessions)
{
    free(sessions->slots);
    free(sessions->free_slots);
    free(sessions->lost);
    map_done(&sessions->by_routing);
    map_done(&sessions->by_number);
    map_done(&sessions->by_file);
    *sessions = (struct sessions){ 0 };
}

static struct session *found(struct sessions *sessions, const struct map *map, uint64_t key)
{
    uint32_t slot;
    return map_get(map, key, &slot) ? &sessions->slots[slot] : NULL;
}

struct session *session_of_routing(struct sessions *sessions, uint32_t routing)
{
    return found(sessions, &sessions->by_routing, routing);
}

struct session *session_of_number(struct sessions *sessions, uint64_t number)
{
    struct session *last = &sessions->slots[sessions->last];
    if (last->number == number && number)
        return last;
    struct session *session = found(sessions, &sessions->by_number, number);
    if (session)
        sessions->last = session_slot(sessions, session);
    return session;
}

struct session *session_of_file(struct sessions *sessions, int file)
{
    return file >= 0 ? found(sessions, &sessions->by_file, (uint64_t)file) : NULL;
}

uint32_t session_slot(const struct sessions *sessions, const struct session *session)
{
    return (uint32_t)(session - sessions->slots);
}

struct session *session_begin(struct sessions *sessions, uint32_t routing, int file, int64_t steady_ms)
{
    if (!sessions->free_count || sessions->lost_count + sessions->count >= sessions->lost_max)
        return NULL;
    uint32_t slot = sessions->free_slots[--sessions->free_count];
    struct session *session = &sessions->slots[slot];
    memset(session, 0, sizeof *session);
    session->number = sessions->base + sessions->begun++;
    session->routing = routing;
    session->file = file;
    session->heard_ms = steady_ms;
    session->next = session->previous = session->first_out = session->last_out = SESSION_NONE;
    map_put(&sessions->by_routing, routing, slot);
    map_put(&sessions->by_number, session->number, slot);
    if (file >= 0)
        map_put(&sessions->by_file, (uint64_t)file, slot);
    sessions->count++;
    return session;
}

void session_end(struct sessions *sessions, struct session *session)
{
    must(session->number && sessions->lost_count < sessions->lost_max);
    if (session->was_offered)
        sessions->lost[sessions->lost_count++] = session->number;
    must(map_delete(&sessions->by_routing, session->routing) && map_delete(&sessions->by_number, session->number));
    if (session_of_file(sessions, session->file) == session)
        (void)map_delete(&sessions->by_file, (uint64_t)session->file);
    sessions->free_slots[sessions->free_count++] = session_slot(sessions, session);
    sessions->count--;
    session->number = 0;
}

void sessions_lost_told(struct sessions *sessions, uint32_t count)
{
    must(count <= sessions->lost_count);
    sessions->lost_count -= count;
    memmove(sessions->lost, sessions->lost + count, sessions->lost_count * sizeof *sessions->lost);
}

void session_pace(struct session *session, int64_t steady_ms)
{
    int64_t since_ms = steady_ms - session->pace_ms;
    if (since_ms >= PACE_MS) {
        session->pace_before = since_ms < 2 * PACE_MS ? session->pace : 0;
        session->pace = 0;
        session->pace_ms = steady_ms;
    }
    session->pace++;
}

bool session_in_bulk(const struct session *session, int64_t steady_ms)
{
    return steady_ms - session->pace_ms < 2 * PACE_MS && session->pace + session->pace_before >= BULK;
}

void follow_begin(struct follow *follow, uint64_t from_seq)
{
    *follow = (struct follow){ .on = true, .woken = true, .from_cursor = from_seq == 0,
                               .after = from_seq ? from_seq - 1 : 0 };
}

uint32_t follow_room(const struct follow *follow)
{
    return follow->on && follow->woken ? NOTICE_WINDOW - follow->open_count : 0;
}

void follow_given(struct follow *follow, uint64_t event_seq)
{
    must(follow->open_count < NOTICE_WINDOW);
    follow->open[follow->open_count++] = event_seq;
}

void follow_acknowledged(struct follow *follow, uint64_t event_seq)
{
    uint32_t gone = 0;
    while (gone < follow->open_count && follow->open[gone] <= event_seq)
        gone++;
    follow->open_count -= gone;
    memmove(follow->open, follow->open + gone, follow->open_count * sizeof *follow->open);
}

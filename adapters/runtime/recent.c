#include "adapters/runtime/recent.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/kinds/rules.h"

/* Keyed by chance, so that nobody can choose codes that push each other out. */
uint64_t recent_digest(struct recent *recent, const char *dossier_code)
{
    uint64_t digest;

    if (!recent->keyed)
        crypto_shorthash_keygen(recent->key);
    recent->keyed = true;
    _Static_assert(sizeof digest == crypto_shorthash_BYTES && sizeof recent->key == crypto_shorthash_KEYBYTES,
                   "SipHash-2-4");
    crypto_shorthash((uint8_t *)&digest, (const uint8_t *)dossier_code, strlen(dossier_code), recent->key);
    return digest ? digest : 1;
}

static bool is_live(const struct recent_entry *entry, int64_t now_ms)
{
    return entry->digest && now_ms - entry->at_ms < ORPHAN_GRACE_MS;
}

static struct recent_entry *find(const struct recent *recent, uint64_t digest, int64_t now_ms)
{
    struct recent_entry *set = recent->entries + digest % RECENT_SETS * RECENT_WAYS;

    for (int i = 0; i < RECENT_WAYS; i++)
        if (set[i].digest == digest && is_live(&set[i], now_ms))
            return &set[i];
    return NULL;
}

void recent_done(struct recent *recent)
{
    free(recent->entries);
    recent->entries = NULL;
}

void recent_move(struct recent *into, struct recent *from)
{
    recent_done(into);
    *into = *from;
    *from = (struct recent){ 0 };
}

void recent_add(struct recent *recent, uint64_t digest, int64_t now_ms)
{
    if (!recent->entries)
        recent->entries = calloc(RECENT_SETS * RECENT_WAYS, sizeof *recent->entries);
    if (!recent->entries)
        return;
    struct recent_entry *entry = find(recent, digest, now_ms);
    if (!entry) {
        struct recent_entry *set = recent->entries + digest % RECENT_SETS * RECENT_WAYS;
        entry = set;
        for (int i = 1; i < RECENT_WAYS; i++)
            if (is_live(entry, now_ms) && (!is_live(&set[i], now_ms) || set[i].at_ms < entry->at_ms))
                entry = &set[i];
    }
    *entry = (struct recent_entry){ digest, now_ms };
}

bool recent_has(const struct recent *recent, uint64_t digest, int64_t now_ms)
{
    return recent->entries && find(recent, digest, now_ms);
}

/* gcm.h - AES-256-GCM (NIST SP 800-38D), the cipher of seal.h's scheme 2.
 *
 * Fast       with the processor's own instructions (libsodium); a key is expanded once, into memory of the caller's.
 *            Where the processor has none, nothing is sealed with this cipher.
 * Anywhere   what was sealed opens on every processor (OpenSSL), slower, and then takes memory for a moment.
 * Nonces     12 bytes, never the same twice under one key: a repeated one gives both texts away. Random ones are good
 *            for 2^32 seals under one key (section 8.3).
 * Place      `bytes` is sealed where it stands, and GCM_TAG_BYTES of room behind it become the tag.
 */
#ifndef GATEWAY_STORE_GCM_H
#define GATEWAY_STORE_GCM_H

#include <sodium.h>

#include "gateway/base/result.h"
#include "gateway/base/span.h"

enum { GCM_KEY_BYTES = 32, GCM_NONCE_BYTES = 12, GCM_TAG_BYTES = 16 };

struct gcm_key {
    crypto_aead_aes256gcm_state state;      /* aligned to 16 bytes */
};

/* As long as the process lives. hash_start() first. */
bool gcm_is_fast(void);

/* The three below: only where it is fast. */
void gcm_key_set(struct gcm_key *key, const uint8_t bytes[GCM_KEY_BYTES]);
void gcm_seal(const struct gcm_key *key, const uint8_t nonce[GCM_NONCE_BYTES], struct span bound, uint8_t *bytes,
              size_t size);
/* Writes sealed.size - GCM_TAG_BYTES bytes. INVALID: not sealed like this, ret_plain holds zeros. */
MUST_USE enum result gcm_open(const struct gcm_key *key, const uint8_t nonce[GCM_NONCE_BYTES], struct span bound,
                              struct span sealed, uint8_t *ret_plain);

/* The same anywhere. FULL: no memory, ret_plain holds zeros. */
MUST_USE enum result gcm_open_anywhere(const uint8_t key[GCM_KEY_BYTES], const uint8_t nonce[GCM_NONCE_BYTES],
                                       struct span bound, struct span sealed, uint8_t *ret_plain);

#endif

#include "gateway/store/gcm.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

_Static_assert(GCM_KEY_BYTES == crypto_aead_aes256gcm_KEYBYTES, "key");
_Static_assert(GCM_NONCE_BYTES == crypto_aead_aes256gcm_NPUBBYTES, "nonce");
_Static_assert(GCM_TAG_BYTES == crypto_aead_aes256gcm_ABYTES, "tag");

bool gcm_is_fast(void)
{
    return crypto_aead_aes256gcm_is_available();
}

void gcm_key_set(struct gcm_key *key, const uint8_t bytes[GCM_KEY_BYTES])
{
    must(crypto_aead_aes256gcm_beforenm(&key->state, bytes) == 0);
}

void gcm_seal(const struct gcm_key *key, const uint8_t nonce[GCM_NONCE_BYTES], struct span bound, uint8_t *bytes,
              size_t size)
{
    must(crypto_aead_aes256gcm_encrypt_detached_afternm(bytes, bytes + size, NULL, bytes, size, bound.bytes, bound.size,
                                                        NULL, nonce, &key->state) == 0);
}

enum result gcm_open(const struct gcm_key *key, const uint8_t nonce[GCM_NONCE_BYTES], struct span bound,
                     struct span sealed, uint8_t *ret_plain)
{
    must(sealed.size >= GCM_TAG_BYTES);
    size_t size = sealed.size - GCM_TAG_BYTES;
    if (crypto_aead_aes256gcm_decrypt_detached_afternm(ret_plain, NULL, sealed.bytes, size, sealed.bytes + size,
                                                       bound.bytes, bound.size, nonce, &key->state) == 0)
        return RESULT_OK;
    memset(ret_plain, 0, size);
    return RESULT_INVALID;
}

/* ---- anywhere */

static enum result open_with(EVP_CIPHER_CTX *context, const uint8_t key[GCM_KEY_BYTES],
                             const uint8_t nonce[GCM_NONCE_BYTES], struct span bound, struct span sealed,
                             uint8_t *ret_plain)
{
    int size = (int)sealed.size - GCM_TAG_BYTES, done;
    uint8_t tag[GCM_TAG_BYTES], none[1];

    memcpy(tag, sealed.bytes + size, sizeof tag);
    if (!EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) ||
        !EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, tag) ||
        !EVP_DecryptUpdate(context, NULL, &done, bound.bytes, (int)bound.size) ||
        !EVP_DecryptUpdate(context, ret_plain, &done, sealed.bytes, size))
        return RESULT_FULL;
    return EVP_DecryptFinal_ex(context, none, &done) > 0 ? RESULT_OK : RESULT_INVALID;
}

enum result gcm_open_anywhere(const uint8_t key[GCM_KEY_BYTES], const uint8_t nonce[GCM_NONCE_BYTES],
                              struct span bound, struct span sealed, uint8_t *ret_plain)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    must(sealed.size >= GCM_TAG_BYTES && sealed.size <= INT_MAX && bound.size <= INT_MAX);
    enum result result = context ? open_with(context, key, nonce, bound, sealed, ret_plain) : RESULT_FULL;
    EVP_CIPHER_CTX_free(context);                       /* wipes the key; takes NULL */
    if (result != RESULT_OK)
        memset(ret_plain, 0, sealed.size - GCM_TAG_BYTES);
    return result;
}

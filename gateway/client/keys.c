#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/client/inside.h"

enum { Z85_SIZE = LIENTHONG_KEY_BYTES * 5 / 4 };

/* The first line of the file. */
static enum result key_read(const char *path, bool secret, uint8_t ret_key[LIENTHONG_KEY_BYTES], struct text *why)
{
    char line[Z85_SIZE + 3] = { 0 };                    /* a key and what must not follow it on its line */
    uint8_t key[LIENTHONG_KEY_BYTES];
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &about) != 0) {
        text_add(why, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_INVALID;
    }
    ssize_t size = S_ISREG(about.st_mode) ? read(fd, line, sizeof line - 1) : -1;
    close(fd);
    if (secret && about.st_mode & 077) {
        sodium_memzero(line, sizeof line);
        text_add(why, "%s: a secret key that others can read is none: chmod 600 %s, and better make a new one", path,
                 path);
        return RESULT_INVALID;
    }
    size_t end = size > 0 ? strcspn(line, "\r\n \t") : 0;
    line[end] = 0;
    bool is_key = end == Z85_SIZE && zmq_z85_decode(key, line);
    sodium_memzero(line, sizeof line);
    if (!is_key) {
        text_add(why, "%s: the first line is no key of %d Z85 characters", path, Z85_SIZE);
        return RESULT_INVALID;
    }
    memcpy(ret_key, key, sizeof key);
    sodium_memzero(key, sizeof key);
    return RESULT_OK;
}

enum result lienthong_keys_read(const char *gateway_public_file, const char *secret_file,
                                struct lienthong_keys *ret_keys, struct text *why)
{
    struct lienthong_keys keys;
    enum result result = key_read(gateway_public_file, false, keys.gateway_public, why);

    if (result == RESULT_OK)
        result = key_read(secret_file, true, keys.secret, why);
    if (result == RESULT_OK)
        *ret_keys = keys;
    sodium_memzero(&keys, sizeof keys);
    return result;
}

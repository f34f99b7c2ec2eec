#include "gateway/cli/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { Z85_SIZE = 41 };

bool folder_ready(const struct cli *cli, const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    cli_complain(cli, "không tạo được thư mục %s: %s", "cannot make the folder %s: %s", path, strerror(errno));
    return false;
}

static bool write_all(int file, const char *text)
{
    for (size_t left = strlen(text); left;) {
        ssize_t size = write(file, text, left);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return false;
        text += size;
        left -= (size_t)size;
    }
    return fsync(file) == 0;
}

bool file_make(const struct cli *cli, const char *path, const char *text, unsigned mode, bool force)
{
    if (force)
        (void)unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool good = file >= 0 && fchmod(file, mode) == 0 && write_all(file, text);
    if (!good && errno == EEXIST)
        cli_complain(cli, "%s đã có; dùng --force để thay", "%s is there already; --force replaces it", path);
    else if (!good)
        cli_complain(cli, "không ghi được %s: %s", "cannot write %s: %s", path, strerror(errno));
    if (file >= 0)
        close(file);
    return good;
}

enum exit_code keyfile_make(const struct cli *cli, const char *stem, bool force)
{
    char public_text[Z85_SIZE + 1], secret_text[Z85_SIZE + 1], path[CLI_PATH_SIZE];
    struct text text = text_of(path, sizeof path);

    if (zmq_curve_keypair(public_text, secret_text)) {
        cli_complain(cli, "thư viện ZeroMQ ở đây không có CURVE", "this machine's ZeroMQ has no CURVE");
        return EXIT_BROKEN;
    }
    memcpy(public_text + Z85_SIZE - 1, "\n", 2);
    memcpy(secret_text + Z85_SIZE - 1, "\n", 2);
    text_add(&text, "%s.secret", stem);
    bool good = !text.cut && file_make(cli, path, secret_text, 0600, force);
    memset(secret_text, 0, sizeof secret_text);
    text = text_of(path, sizeof path);
    text_add(&text, "%s.public", stem);
    return good && file_make(cli, path, public_text, 0644, force) ? EXIT_DONE : EXIT_BROKEN;
}

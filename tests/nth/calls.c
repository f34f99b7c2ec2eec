/* calls.c - what stands between us and LMDB and ZeroMQ: linked with --wrap, so that our own calls come here and those
 * inside the libraries do not. A failure leaves behind what the real one would: a commit that fails has ended its
 * transaction, a failed put has marked it, so that it cannot be committed. */
#include <errno.h>
#include <lmdb.h>
#include <zmq.h>

#include "tests/nth/fail.h"

#define CALL(result, name, parameters, arguments, room, disk)                                       \
    result __real_##name parameters;                                                                \
    result __wrap_##name parameters;                                                                \
    result __wrap_##name parameters                                                                 \
    {                                                                                               \
        bool no_room = fail_now(FAIL_ROOM, #name), no_disk = fail_now(FAIL_DISK, #name);            \
        return no_room ? (room) : no_disk ? (disk) : __real_##name arguments;                       \
    }

CALL(int, mdb_env_create, (MDB_env **env), (env), ENOMEM, EIO)
CALL(int, mdb_env_set_maxdbs, (MDB_env *env, MDB_dbi dbs), (env, dbs), ENOMEM, EINVAL)
CALL(int, mdb_env_set_mapsize, (MDB_env *env, size_t size), (env, size), ENOMEM, EIO)
CALL(int, mdb_env_open, (MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode), (env, path, flags, mode),
     ENOSPC, EIO)
CALL(int, mdb_env_get_fd, (MDB_env *env, mdb_filehandle_t *fd), (env, fd), ENOMEM, EIO)
CALL(int, mdb_txn_begin, (MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn), (env, parent, flags, txn),
     flags & MDB_RDONLY ? MDB_READERS_FULL : ENOMEM, EIO)
CALL(int, mdb_dbi_open, (MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi), (txn, name, flags, dbi),
     MDB_MAP_FULL, EIO)
CALL(int, mdb_cursor_open, (MDB_txn *txn, MDB_dbi dbi, MDB_cursor **cursor), (txn, dbi, cursor), ENOMEM, EIO)
CALL(int, mdb_get, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), (txn, dbi, key, value), ENOMEM,
     MDB_CORRUPTED)
CALL(int, mdb_cursor_get, (MDB_cursor *cursor, MDB_val *key, MDB_val *value, MDB_cursor_op op),
     (cursor, key, value, op), ENOMEM, MDB_PAGE_NOTFOUND)
CALL(int, mdb_put, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags),
     (txn, dbi, key, value, flags), MDB_MAP_FULL, EIO)
CALL(int, mdb_cursor_put, (MDB_cursor *cursor, MDB_val *key, MDB_val *value, unsigned flags),
     (cursor, key, value, flags), MDB_MAP_FULL, EIO)
CALL(int, mdb_cursor_del, (MDB_cursor *cursor, unsigned flags), (cursor, flags), MDB_TXN_FULL, EIO)
CALL(int, mdb_del, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value), (txn, dbi, key, value), MDB_TXN_FULL, EIO)
CALL(int, mdb_env_copyfd2, (MDB_env *env, mdb_filehandle_t fd, unsigned flags), (env, fd, flags), ENOSPC, EIO)

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    bool no_room = fail_now(FAIL_ROOM, "mdb_txn_commit"), no_disk = fail_now(FAIL_DISK, "mdb_txn_commit");
    bool lies = fail_now(FAIL_COMMIT, "mdb_txn_commit");

    if (no_room || no_disk) {
        mdb_txn_abort(txn);
        return no_disk ? EIO : ENOSPC;
    }
    int code = __real_mdb_txn_commit(txn);
    return lies && !code ? EIO : code;
}

/* ---- sends */

/* Both ways in which a ROUTER or a DEALER says no. */
static int no_send(void)
{
    errno = fail_count(FAIL_SENDS) % 2 ? EAGAIN : EHOSTUNREACH;
    return -1;
}

int __real_zmq_msg_send(zmq_msg_t *frame, void *socket, int flags);
int __wrap_zmq_msg_send(zmq_msg_t *frame, void *socket, int flags);
int __wrap_zmq_msg_send(zmq_msg_t *frame, void *socket, int flags)
{
    return fail_now(FAIL_SENDS, "zmq_msg_send") ? no_send() : __real_zmq_msg_send(frame, socket, flags);
}

int __real_zmq_send(void *socket, const void *bytes, size_t size, int flags);
int __wrap_zmq_send(void *socket, const void *bytes, size_t size, int flags);
int __wrap_zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
    return fail_now(FAIL_SENDS, "zmq_send") ? no_send() : __real_zmq_send(socket, bytes, size, flags);
}

int __real_zmq_msg_init_size(zmq_msg_t *frame, size_t size);
int __wrap_zmq_msg_init_size(zmq_msg_t *frame, size_t size);
int __wrap_zmq_msg_init_size(zmq_msg_t *frame, size_t size)
{
    if (!fail_now(FAIL_MEMORY, "zmq_msg_init_size"))
        return __real_zmq_msg_init_size(frame, size);
    errno = ENOMEM;
    return -1;
}

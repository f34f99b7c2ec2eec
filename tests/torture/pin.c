/* pin.c - a reader that overstays: opens a store read-only, begins a read transaction and holds it until its standard
 * input ends. "pinned" on standard output says that it stands. What the console does when it has a fault. */
#include <lmdb.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    MDB_env *env;
    MDB_txn *txn;

    if (count != 2 || mdb_env_create(&env) || mdb_env_set_maxdbs(env, 64) || mdb_env_set_mapsize(env, 1ULL << 40) ||
        mdb_env_open(env, arguments[1], MDB_RDONLY | MDB_NOTLS, 0600) || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn)) {
        fprintf(stderr, "pin: a store's folder is wanted\n");
        return 1;
    }
    printf("pinned\n");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return 0;
}

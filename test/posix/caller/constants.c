/*
 * The constants that commands name.
 */
#include "caller.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define C(name) {#name, name}

const struct constant constants[] = {
    C(O_RDONLY), C(O_WRONLY), C(O_RDWR), C(O_CREAT), C(O_EXCL), C(O_TRUNC), C(O_APPEND), C(O_NOFOLLOW),
    C(O_DIRECTORY), C(O_PATH), C(O_DIRECT), C(O_SYNC), C(O_DSYNC), C(O_NONBLOCK), C(O_NOATIME), C(O_TMPFILE),
    C(O_CLOEXEC), C(O_NOCTTY),
    C(S_IFREG), C(S_IFDIR), C(S_IFLNK), C(S_IFIFO), C(S_IFSOCK), C(S_IFCHR), C(S_IFBLK),
    C(F_OK), C(R_OK), C(W_OK), C(X_OK),
    C(AT_FDCWD), C(AT_REMOVEDIR), C(AT_EACCESS), C(AT_EMPTY_PATH), C(AT_SYMLINK_FOLLOW), C(AT_SYMLINK_NOFOLLOW),
    C(RENAME_NOREPLACE), C(RENAME_EXCHANGE), C(RENAME_WHITEOUT),
    C(UTIME_NOW), C(UTIME_OMIT),
    C(SEEK_SET), C(SEEK_CUR), C(SEEK_END), C(SEEK_DATA), C(SEEK_HOLE),
    C(XATTR_CREATE), C(XATTR_REPLACE),
    C(FALLOC_FL_KEEP_SIZE), C(FALLOC_FL_PUNCH_HOLE), C(FALLOC_FL_ZERO_RANGE), C(FALLOC_FL_COLLAPSE_RANGE),
    C(FALLOC_FL_INSERT_RANGE), C(FALLOC_FL_UNSHARE_RANGE),
    C(PROT_READ), C(PROT_WRITE), C(PROT_EXEC), C(PROT_NONE), C(MAP_SHARED), C(MAP_PRIVATE),
    C(LOCK_SH), C(LOCK_EX), C(LOCK_UN), C(LOCK_NB),
    C(F_SETLK), C(F_SETLKW), C(F_GETLK), C(F_OFD_SETLK), C(F_OFD_SETLKW), C(F_OFD_GETLK), C(F_RDLCK), C(F_WRLCK),
    C(F_UNLCK),
    C(POLLIN), C(POLLOUT),
    C(RWF_APPEND), C(RWF_DSYNC), C(RWF_SYNC),
    C(STATX_BASIC_STATS), C(STATX_BTIME), C(STATX_ALL),
    C(FS_APPEND_FL), C(FS_IMMUTABLE_FL), C(FS_NODUMP_FL), C(FS_NOATIME_FL),
    C(_PC_NAME_MAX), C(_PC_PATH_MAX), C(_PC_LINK_MAX), C(_PC_NO_TRUNC), C(_PC_CHOWN_RESTRICTED),
    C(DT_REG), C(DT_DIR), C(DT_LNK), C(DT_FIFO), C(DT_SOCK), C(DT_CHR), C(DT_BLK),
    {NULL, 0},
};

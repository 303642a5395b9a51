#define _GNU_SOURCE
#include "CLinux.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

int clinux_stamp(int folder, const char *name, struct clinux_stamp *out) {
    struct stat found;
    int flags = AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH);
    if (fstatat(folder, name, &found, flags) < 0) return -1;
    out->device = found.st_dev, out->inode = found.st_ino;
    out->size = (uint64_t)found.st_size, out->blocks = (uint64_t)found.st_blocks;
    out->mtime_s = found.st_mtim.tv_sec, out->mtime_ns = (uint32_t)found.st_mtim.tv_nsec;
    out->ctime_s = found.st_ctim.tv_sec, out->ctime_ns = (uint32_t)found.st_ctim.tv_nsec;
    out->mode = found.st_mode, out->links = (uint32_t)found.st_nlink;
    out->owner = found.st_uid, out->group = found.st_gid;
    return 0;
}

int clinux_own(int folder, const char *name, int64_t user, int64_t group) {
    return fchownat(folder, name, (uid_t)user, (gid_t)group, AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH));
}

int clinux_openat(int folder, const char *name, int flags, unsigned mode) { return openat(folder, name, flags, mode); }

int clinux_rename_noreplace(int from, const char *name, int to, const char *new_name) {
    return renameat2(from, name, to, new_name, RENAME_NOREPLACE);
}

int clinux_rename_exchange(int from, const char *name, int to, const char *new_name) {
    return renameat2(from, name, to, new_name, RENAME_EXCHANGE);
}

int clinux_clone(int from, int to) { return ioctl(to, FICLONE, from); }
int clinux_sync_all(int descriptor) { return syncfs(descriptor); }

/* The kernel tells of a writer that waits for the lease by SIGIO, which ends a program that does not expect it. */
static void ignore_breaks(void) { signal(SIGIO, SIG_IGN); }

int clinux_lease(int descriptor, int take) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ignore_breaks);
    return fcntl(descriptor, F_SETLEASE, take ? F_RDLCK : F_UNLCK);
}

int clinux_lease_kept(int descriptor) { return fcntl(descriptor, F_GETLEASE) == F_RDLCK; }
int clinux_lock(int descriptor) { return flock(descriptor, LOCK_EX | LOCK_NB); }
int clinux_lock_shared(int descriptor) { return flock(descriptor, LOCK_SH | LOCK_NB); }

/* The number stays taken until its owner closes it: another thread's file must not get it meanwhile. */
int clinux_let_go(int descriptor) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0) return -1;
    int answer = dup3(nothing, descriptor, O_CLOEXEC);
    close(nothing);
    return answer;
}

int clinux_unlock(int descriptor) { return flock(descriptor, LOCK_UN); }

int clinux_has_entries(int folder) {
    char buffer[4096] __attribute__((aligned(8)));
    if (lseek(folder, 0, SEEK_SET) < 0) return -1;
    for (;;) {
        ssize_t got = getdents64(folder, buffer, sizeof buffer);
        if (got <= 0) return (int)got;
        for (char *at = buffer; at < buffer + got; at += ((struct dirent64 *)at)->d_reclen) {
            const char *name = ((struct dirent64 *)at)->d_name;
            int is_dot = name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
            if (!is_dot) return 1;
        }
    }
}

int64_t clinux_filesystem(int descriptor) {
    struct statfs found;
    return fstatfs(descriptor, &found) < 0 ? -1 : (int64_t)(uint32_t)found.f_type;
}

int64_t clinux_free_bytes(int descriptor) {
    struct statfs found;
    return fstatfs(descriptor, &found) < 0 ? -1 : (int64_t)found.f_bavail * (int64_t)found.f_bsize;
}

/* What Swift cannot say itself: variadic calls, composite macros, and the child side of a spawn.
 * Everything here returns what the system call returns and leaves errno set, or returns the errno where it says so. */
#ifndef CLINUX_H
#define CLINUX_H

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* --- files (callers: the room Files) --- */

struct clinux_stamp {
    uint64_t device, inode, size, blocks;
    int64_t mtime_s, ctime_s;
    uint32_t mtime_ns, ctime_ns;
    uint32_t mode, links, owner, group;
};

/* fstatat(2) without following a link. An empty name means the descriptor itself. */
int clinux_stamp(int folder, const char *name, struct clinux_stamp *out);

int clinux_openat(int folder, const char *name, int flags, unsigned mode);

/* renameat2(2) with RENAME_NOREPLACE. */
int clinux_rename_noreplace(int from, const char *name, int to, const char *new_name);

/* renameat2(2) with RENAME_EXCHANGE: each gets the name of the other in one step. */
int clinux_rename_exchange(int from, const char *name, int to, const char *new_name);

/* ioctl FICLONE: the whole content of one open file in another, by reference. */
int clinux_clone(int from, int to);

/* syncfs(2): everything on the file system of a descriptor. */
int clinux_sync_all(int descriptor);

/* SHA-256 (FIPS 180-4), piece by piece. */
struct clinux_sha256 { uint32_t state[8]; uint64_t length; uint8_t rest[64]; };
void clinux_sha256_begin(struct clinux_sha256 *hash);
void clinux_sha256_add(struct clinux_sha256 *hash, const void *bytes, size_t count);
void clinux_sha256_end(struct clinux_sha256 *hash, uint8_t digest[32]);

/* fcntl F_SETLEASE: 1 takes a read lease, 0 drops it. Ignores SIGIO for the process. */
int clinux_lease(int descriptor, int take);

/* fcntl F_GETLEASE: 0 when somebody waits until a read lease is dropped, and when there is none. */
int clinux_lease_kept(int descriptor);

/* fchownat(2), not through a link; -1 = as it is. An empty name means the descriptor itself. */
int clinux_own(int folder, const char *name, int64_t user, int64_t group);

/* flock(2), non-blocking: exclusive, or a share of it; and its release. */
int clinux_lock(int descriptor);
int clinux_lock_shared(int descriptor);
int clinux_unlock(int descriptor);

/* Has a descriptor stand for /dev/null from now on. */
int clinux_let_go(int descriptor);

/* 1 when the open folder has entries, 0 when it is empty. Uses and resets the descriptor's own position. */
int clinux_has_entries(int folder);

/* statfs f_type of an open folder, or -1. */
int64_t clinux_filesystem(int descriptor);

/* Free bytes for ordinary users, or -1. */
int64_t clinux_free_bytes(int descriptor);

/* --- processes (callers: the room Execution) --- */

struct clinux_limit { int resource; uint64_t soft, hard; };

struct clinux_ids { uid_t user; gid_t group; const gid_t *groups; int group_count; };

struct clinux_start {
    const char *program;         /* absolute, or relative to the folder */
    char *const *arguments;
    char *const *environment;
    int input, output, error;    /* become descriptors 0, 1, 2; -1 = /dev/null */
    int keep[2];                 /* stay open in the child under their own numbers, for the locks on them; 0 = none */
    int folder;                  /* descriptor of the working directory, -1 = inherit */
    int umask;                   /* -1 = inherit */
    int nice;                    /* added to the current value */
    const struct clinux_limit *limits; /* of several for one resource the last holds */
    int limit_count;
    const struct clinux_ids *ids; /* whom to become; NULL = nobody else */
    int pidfd;                   /* out: descriptor of the child, close-on-exec */
    int failed_step;             /* out, on failure: see clinux_step_name */
};

/* Starts a program in a session of its own, with no descriptor above 2 and default signal handling.
 * Returns the pid, or -errno; failed_step then tells what failed. The child borrows the parent's memory until it
 * has become the program (CLONE_VM|CLONE_VFORK), so the cost does not grow with the size of the caller. */
pid_t clinux_spawn(struct clinux_start *start);
const char *clinux_step_name(int step);

/* Whether clinux_spawn has started this process and clinux_forget has not been told of its end. */
int clinux_is_own(pid_t pid);
void clinux_forget(pid_t pid);
/* Grows with each start; -1 while one is under way and its pid is not known yet. */
int64_t clinux_spawn_mark(void);

/* Lets orphans below us become our children (PR_SET_CHILD_SUBREAPER), so that they can be found and ended. */
int clinux_become_subreaper(void);
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_signal(int pidfd, int signal);

/* Collects a child that has ended: 1 and its exit code (signalled = 0) or signal (signalled = 1), 0 while it runs, -1. */
int clinux_reap(int pidfd, int *signalled, int *value);

/* A pipe, close-on-exec, whose reading end does not block. */
int clinux_output_pipe(int ends[2]);

/* --- waiting (the room Threads) --- */
#define CLINUX_WRITING 1
#define CLINUX_EDGE 2
#define CLINUX_ONCE 4
#define CLINUX_URGENT 8
int clinux_poller(void);
int clinux_bell(void);
/* A timer on the clock that counts from boot; 0 nanoseconds stop it. */
int clinux_timer(void);
void clinux_timer_set(int timer, int64_t nanoseconds);
/* Waits for a descriptor to be readable (or writable: CLINUX_WRITING), or its other end to be gone; with CLINUX_ONCE
 * until it is told of, then not before clinux_poller_again. */
int clinux_poller_watch(int poller, int descriptor, uint64_t token, int how);
int clinux_poller_again(int poller, int descriptor, uint64_t token, int how);
int clinux_poller_unwatch(int poller, int descriptor);
/* Fills `tokens` with what is ready; timeout in ms, -1 = for ever. */
int clinux_poller_wait(int poller, uint64_t *tokens, int count, int timeout);

/* Makes a mutex whose waiters first try for a moment before they sleep. */
void clinux_mutex(pthread_mutex_t *mutex);

/* sem_wait(3) for so many milliseconds at most, on the monotonic clock: 0, or -1 (ETIMEDOUT). */
int clinux_wait(sem_t *semaphore, int milliseconds);

/* A descriptor that tells of signals, which must be blocked; and the next of them, 0 = none has come. */
int clinux_signals(const sigset_t *signals);
int clinux_next_signal(int descriptor);

/* Raises the limit of open descriptors to the hard limit; tells the limits as they were. */
int clinux_raise_descriptor_limit(struct clinux_limit *before);

/* Ignores the signals that end a program which does not expect them and mean nothing to this one: a vanished reader, a
 * script that signals its parent, a limit of file sizes must not end it. Programs started by clinux_spawn do not inherit it. */
void clinux_ignore_signals(void);

/* --- bobbin-watch, and the room Watching that starts it --- */

/* A pipe whose ends are close-on-exec: ends[0] reads, ends[1] writes. */
int clinux_pipe(int ends[2]);

/* Has the kernel kill this process when the thread that started it ends (PR_SET_PDEATHSIG). */
int clinux_end_with_parent(void);

#endif

#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The thread sanitizer cannot have two processes in one memory: with it a child gets a copy, and tells of a failure through a
 * page that both have. */
#define BORROWS_MEMORY 1
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#undef BORROWS_MEMORY
#define BORROWS_MEMORY 0
#endif
#endif

enum step { STEP_CLONE, STEP_STACK, STEP_SESSION, STEP_DESCRIPTORS, STEP_FOLDER, STEP_LIMITS, STEP_IDENTITY, STEP_EXEC };

const char *clinux_step_name(int step) {
    switch (step) {
    case STEP_CLONE: return "creating the process";
    case STEP_STACK: return "getting memory for the process";
    case STEP_SESSION: return "starting a session";
    case STEP_DESCRIPTORS: return "connecting input and output";
    case STEP_FOLDER: return "entering the working folder";
    case STEP_LIMITS: return "setting limits";
    case STEP_IDENTITY: return "becoming the user";
    default: return "starting the program";
    }
}

struct start {
    struct clinux_start *spawn;
    sigset_t mask;
    volatile int error, step;
};

static int fail(struct start *start, int step) {
    start->error = errno;
    start->step = step;
    _exit(127);
}

/* A descriptor that is above 2, so that the dup2 calls below cannot overwrite one another's source. */
static int raised(int descriptor) {
    if (descriptor < 0) descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    return descriptor < 0 || descriptor > 2 ? descriptor : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

/* They end a program that does not expect them. */
static int means_nothing(int number) {
    static const int numbers[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPWR, SIGSTKFLT, SIGXFSZ};
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++)
        if (numbers[index] == number) return 1;
    return 0;
}

/* Signals that are handled or ignored here, which a program must not inherit. Looked up once: asking for all 64 anew
 * costs a twentieth of a small run. */
static int changed[NSIG], changed_count;
static pthread_once_t changed_once = PTHREAD_ONCE_INIT;

static void find_changed(void) {
    struct sigaction action;
    for (int number = 1; number < NSIG; number++)
        if (means_nothing(number) || number == SIGIO || (!sigaction(number, NULL, &action) && action.sa_handler != SIG_DFL))
            changed[changed_count++] = number;
}

/* Runs in the parent's memory, on its own stack: only calls that are safe after vfork(2). */
static int child(void *argument) {
    struct start *start = argument;
    struct clinux_start *spawn = start->spawn;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int index = 0; index < changed_count; index++) sigaction(changed[index], &action, NULL);
    if (setsid() < 0) fail(start, STEP_SESSION);
    int input = raised(spawn->input), output = raised(spawn->output), error = raised(spawn->error);
    if (input < 0 || output < 0 || error < 0) fail(start, STEP_DESCRIPTORS);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) fail(start, STEP_DESCRIPTORS);
    if (spawn->folder >= 0 && fchdir(spawn->folder) < 0) fail(start, STEP_FOLDER);
    /* Descriptors of libraries may lack close-on-exec: none may leak into a job. */
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0 && errno != ENOSYS) fail(start, STEP_DESCRIPTORS);
    for (int index = 0; index < 2; index++)
        if (spawn->keep[index] > 2 && fcntl(spawn->keep[index], F_SETFD, 0) < 0) fail(start, STEP_DESCRIPTORS);
    if (spawn->umask >= 0) umask((mode_t)spawn->umask);
    errno = 0;
    if (spawn->nice && nice(spawn->nice) == -1 && errno) fail(start, STEP_LIMITS);
    for (int index = 0; index < spawn->limit_count; index++) {
        struct rlimit limit = {spawn->limits[index].soft, spawn->limits[index].hard};
        if (setrlimit(spawn->limits[index].resource, &limit) < 0) fail(start, STEP_LIMITS);
    }
    /* The calls themselves: those of the C library would have all threads of the caller, whose memory this is, change too. */
    const struct clinux_ids *ids = spawn->ids;
    if (ids
        && (syscall(SYS_setgroups, ids->group_count, ids->groups) < 0 || syscall(SYS_setresgid, ids->group, ids->group, ids->group) < 0
            || syscall(SYS_setresuid, ids->user, ids->user, ids->user) < 0))
        fail(start, STEP_IDENTITY);
    sigprocmask(SIG_SETMASK, &start->mask, NULL);
    execve(spawn->program, spawn->arguments, spawn->environment);
    fail(start, STEP_EXEC);
    return 127;
}

/* The processes started here. Whoever adopts orphans has to tell them from these, also while one is just being made. */
static pthread_mutex_t own_lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t *own;
static size_t own_count, own_room;
static int beginning;
static int64_t begun;

static void begin(void) {
    pthread_mutex_lock(&own_lock);
    beginning++, begun++;
    pthread_mutex_unlock(&own_lock);
}

static void finish(pid_t pid) {
    pthread_mutex_lock(&own_lock);
    beginning--;
    if (pid > 0 && own_count == own_room) {
        size_t room = own_room ? own_room * 2 : 64;
        pid_t *larger = realloc(own, room * sizeof *own);
        if (larger) own = larger, own_room = room;
    }
    if (pid > 0 && own_count < own_room) own[own_count++] = pid;
    pthread_mutex_unlock(&own_lock);
}

int clinux_is_own(pid_t pid) {
    int found = 0;
    pthread_mutex_lock(&own_lock);
    for (size_t index = 0; index < own_count && !found; index++) found = own[index] == pid;
    pthread_mutex_unlock(&own_lock);
    return found;
}

void clinux_forget(pid_t pid) {
    pthread_mutex_lock(&own_lock);
    for (size_t index = 0; index < own_count; index++)
        if (own[index] == pid) {
            own[index] = own[--own_count];
            break;
        }
    pthread_mutex_unlock(&own_lock);
}

int64_t clinux_spawn_mark(void) {
    pthread_mutex_lock(&own_lock);
    int64_t mark = beginning ? -1 : begun;
    pthread_mutex_unlock(&own_lock);
    return mark;
}

/* One stack per spawning thread: mapping one anew for each process would cost more than the clone itself. */
#define STACK_SIZE (64 * 1024)
static __thread char *stack;

pid_t clinux_spawn(struct clinux_start *spawn) {
    struct start own_start, *start = &own_start;
    if (!BORROWS_MEMORY) start = mmap(NULL, sizeof *start, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    start->spawn = spawn, start->error = 0;
    pthread_once(&changed_once, find_changed);
    spawn->pidfd = -1;
    if (!stack) {
        stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (stack == MAP_FAILED) {
            stack = NULL;
            spawn->failed_step = STEP_STACK;
            return -errno;
        }
    }
    sigset_t all;
    sigfillset(&all);
    /* No handler of ours may run in the child while it borrows our memory. The child itself starts with nothing
     * blocked: a script that inherits a blocked SIGTERM could not be asked to stop. */
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sigemptyset(&start->mask);
    int pidfd = -1;
    begin();
    int flags = (BORROWS_MEMORY ? CLONE_VM : 0) | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    pid_t pid = clone(child, stack + STACK_SIZE, flags, start, &pidfd);
    int failure = pid < 0 ? errno : start->error;
    spawn->failed_step = failure ? start->step : 0;
    if (!BORROWS_MEMORY) munmap(start, sizeof *start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    finish(failure ? -1 : pid);
    if (pid < 0) {
        spawn->failed_step = STEP_CLONE;
        return -failure;
    }
    if (failure) {
        siginfo_t info;
        if (pidfd >= 0) close(pidfd);
        while (syscall(SYS_waitid, P_PID, pid, &info, WEXITED, NULL) < 0 && errno == EINTR) {}
        return -failure;
    }
    spawn->pidfd = pidfd;
    return pid;
}

int clinux_reap(int pidfd, int *signalled, int *value) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -1;
    if (info.si_pid == 0) return 0;
    *signalled = info.si_code != CLD_EXITED;
    *value = info.si_status;
    return 1;
}

int clinux_output_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int clinux_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int clinux_pidfd_signal(int pidfd, int number) { return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0); }

int clinux_raise_descriptor_limit(struct clinux_limit *before) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    before->resource = RLIMIT_NOFILE, before->soft = limit.rlim_cur, before->hard = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

void clinux_ignore_signals(void) {
    for (int number = 1; number < NSIG; number++)
        if (means_nothing(number)) signal(number, SIG_IGN);
}

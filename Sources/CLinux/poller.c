#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int clinux_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }
int clinux_bell(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
int clinux_timer(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

void clinux_timer_set(int timer, int64_t nanoseconds) {
    struct itimerspec time = {.it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    timerfd_settime(timer, 0, &time, 0);
}

static int control(int poller, int operation, int descriptor, uint64_t token, int how) {
    uint32_t flags = (how & CLINUX_WRITING ? EPOLLOUT : how & CLINUX_URGENT ? EPOLLPRI : EPOLLIN) | (how & CLINUX_EDGE ? EPOLLET : 0) |
                     (how & CLINUX_ONCE ? EPOLLONESHOT : 0);
    struct epoll_event event = {.events = flags, .data.u64 = token};
    return epoll_ctl(poller, operation, descriptor, &event);
}

int clinux_poller_watch(int poller, int descriptor, uint64_t token, int how) {
    return control(poller, EPOLL_CTL_ADD, descriptor, token, how);
}

int clinux_poller_again(int poller, int descriptor, uint64_t token, int how) {
    return control(poller, EPOLL_CTL_MOD, descriptor, token, how);
}

int clinux_poller_unwatch(int poller, int descriptor) { return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, 0); }

int clinux_poller_wait(int poller, uint64_t *tokens, int count, int timeout) {
    struct epoll_event events[64];
    int got = epoll_wait(poller, events, count < 64 ? count : 64, timeout);
    for (int index = 0; index < got; index++) tokens[index] = events[index].data.u64;
    return got;
}

int clinux_signals(const sigset_t *signals) { return signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC); }

int clinux_next_signal(int descriptor) {
    struct signalfd_siginfo info;
    return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int clinux_wait(sem_t *semaphore, int milliseconds) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += milliseconds / 1000, end.tv_nsec += milliseconds % 1000 * 1000000L;
    if (end.tv_nsec >= 1000000000L) end.tv_sec++, end.tv_nsec -= 1000000000L;
    int answer;
    while ((answer = sem_clockwait(semaphore, CLOCK_MONOTONIC, &end)) < 0 && errno == EINTR) {}
    return answer;
}

void clinux_mutex(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

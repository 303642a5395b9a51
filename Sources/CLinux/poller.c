#define _GNU_SOURCE
#include "CLinux.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

int clinux_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }
int clinux_bell(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_poller_add(int poller, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int clinux_poller_remove(int poller, int descriptor) { return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, 0); }

int clinux_poller_wait(int poller, int *ready, int count, int timeout) {
    struct epoll_event events[64];
    int got = epoll_wait(poller, events, count < 64 ? count : 64, timeout);
    for (int index = 0; index < got; index++) ready[index] = events[index].data.fd;
    return got;
}

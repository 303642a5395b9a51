/* The floor: the least that "a file arrives, a program runs on it" can cost.
 *
 *   floor INBOX CLAIMED DONE CHILDREN COUNT PROGRAM [STATUS]
 *
 * inotify -> rename into CLAIMED -> posix_spawn -> wait -> rename into DONE, with at most CHILDREN programs at a
 * time; ends after COUNT files. No readiness, no lock, no record, no log, no retry: everything Bobbin adds is
 * measured against this in the same run (Benchmarks/run.py).
 *
 * With STATUS, a folder, each file also gets what the contract says an item leaves on the disk: a folder of its own with a
 * record and an outcome, and the outcome as its status file. What Bobbin needs beyond that is its own work. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct { pid_t pid; char name[256]; } children[64];
static int running, finished, limit, expected;
static const char *inbox, *claimed, *done, *program, *status;

static void path(char *out, const char *folder, const char *name) { snprintf(out, 4096, "%s/%s", folder, name); }

static void move(const char *name, const char *from, const char *to) {
    char before[4096], after[4096];
    path(before, from, name);
    path(after, to, name);
    if (rename(before, after)) { perror(before); exit(1); }
}

static void check(int result, const char *what) {
    if (result < 0) { perror(what); exit(1); }
}

/* As long as Bobbin's documents of a run that said nothing. */
static void document(const char *place, int size) {
    static const char text[1024];
    int file = open(place, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    check(file, place);
    check(write(file, text, size), place);
    close(file);
}

/* CLAIMED/NAME/ with payload/NAME and item.json. */
static void claim(const char *name, char *payload) {
    char item[2048], place[3072], before[4096];
    snprintf(item, sizeof item, "%s/%s", claimed, name);
    check(mkdir(item, 0750), item);
    snprintf(place, sizeof place, "%s/payload", item);
    check(mkdir(place, 0750), place);
    path(before, inbox, name);
    path(payload, place, name);
    check(rename(before, payload), before);
    snprintf(place, sizeof place, "%s/item.json", item);
    document(place, 530);
}

/* outcome.json, the status file, and the move of the folder to DONE. */
static void settle(const char *name) {
    char draft[4200], outcome[4200], link_name[4200], shown[4200];
    snprintf(draft, sizeof draft, "%s/%s/.outcome.json.new", claimed, name);
    snprintf(outcome, sizeof outcome, "%s/%s/outcome.json", claimed, name);
    snprintf(link_name, sizeof link_name, "%s/.%s.new", status, name);
    snprintf(shown, sizeof shown, "%s/%s.json", status, name);
    document(draft, 660);
    check(rename(draft, outcome), draft);
    check(link(outcome, link_name), outcome);
    check(rename(link_name, shown), link_name);
    move(name, claimed, done);
}

/* Files what has ended; how = 0 waits for one child, WNOHANG takes only what is there. */
static void reap(int how) {
    pid_t pid;
    while (running && (pid = waitpid(-1, NULL, how)) > 0) {
        int i = 0;
        while (children[i].pid != pid) i++;
        if (status) settle(children[i].name); else move(children[i].name, claimed, done);
        children[i].pid = 0;
        running--, finished++;
        how = WNOHANG;
    }
}

static void start(const char *name) {
    char payload[4096];
    if (status) claim(name, payload); else move(name, inbox, claimed), path(payload, claimed, name);
    if (running == limit) reap(0);
    int i = 0;
    while (children[i].pid) i++;
    char *arguments[] = {(char *)program, payload, NULL};
    int failed = posix_spawn(&children[i].pid, program, NULL, NULL, arguments, environ);
    if (failed) { fprintf(stderr, "%s: %s\n", program, strerror(failed)); exit(1); }
    strcpy(children[i].name, name);
    running++;
}

static void wake(int number) { (void)number; }

int main(int count, char **arguments) {
    if (count != 7 && count != 8) { fprintf(stderr, "usage: floor INBOX CLAIMED DONE CHILDREN COUNT PROGRAM [STATUS]\n"); return 64; }
    inbox = arguments[1], claimed = arguments[2], done = arguments[3], program = arguments[6];
    status = arguments[7];
    limit = atoi(arguments[4]), expected = atoi(arguments[5]);
    if (limit < 1 || limit > 64) { fprintf(stderr, "floor: CHILDREN is 1 to 64\n"); return 64; }

    /* SIGCHLD arrives only inside ppoll, so a child that ends is filed at once and none is missed. */
    sigset_t ended, during;
    struct sigaction action = {.sa_handler = wake};
    sigemptyset(&ended), sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, &during);
    sigaction(SIGCHLD, &action, NULL);

    int watcher = inotify_init1(IN_CLOEXEC);
    if (inotify_add_watch(watcher, inbox, IN_MOVED_TO) < 0) { perror(inbox); return 1; }
    puts("ready"), fflush(stdout);

    static char buffer[65536] __attribute__((aligned(8)));
    while (finished < expected) {
        reap(WNOHANG);
        struct pollfd waiting = {.fd = watcher, .events = POLLIN};
        if (finished == expected || ppoll(&waiting, 1, NULL, &during) < 0) continue;
        ssize_t got = read(watcher, buffer, sizeof buffer);
        if (got <= 0) { perror("inotify"); return 1; }
        for (char *at = buffer; at < buffer + got;) {
            struct inotify_event *event = (struct inotify_event *)at;
            if (event->mask & IN_Q_OVERFLOW) { fprintf(stderr, "floor: queue overflow\n"); return 1; }
            if (event->len) start(event->name);
            at += sizeof *event + event->len;
        }
    }
    return 0;
}

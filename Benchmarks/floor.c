/* The floor: the least that "a file arrives, a program runs on it" can cost.
 *
 *   floor INBOX CLAIMED DONE CHILDREN COUNT PROGRAM
 *
 * inotify -> rename into CLAIMED -> posix_spawn -> wait -> rename into DONE, with at most CHILDREN programs at a
 * time; ends after COUNT files. No readiness, no lock, no record, no log, no retry: everything Bobbin adds is
 * measured against this in the same run (Benchmarks/run.py). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct child { pid_t pid; char name[256]; };

static struct child children[64];
static int running, finished, limit, expected;
static const char *inbox, *claimed, *done, *program;

static void path(char *out, const char *folder, const char *name) { snprintf(out, 4096, "%s/%s", folder, name); }

static void reap(void) {
    char from[4096], to[4096];
    pid_t pid = waitpid(-1, NULL, 0);
    for (int i = 0; i < limit; i++) {
        if (children[i].pid != pid) continue;
        path(from, claimed, children[i].name);
        path(to, done, children[i].name);
        if (rename(from, to)) perror("rename to done");
        children[i].pid = 0;
        running--, finished++;
        return;
    }
}

static void start(const char *name) {
    char from[4096], to[4096];
    path(from, inbox, name);
    path(to, claimed, name);
    if (rename(from, to)) return;
    while (running >= limit) reap();
    for (int i = 0; i < limit; i++) {
        if (children[i].pid) continue;
        char *arguments[] = {(char *)program, to, NULL};
        int failed = posix_spawn(&children[i].pid, program, NULL, NULL, arguments, environ);
        if (failed) { fprintf(stderr, "posix_spawn: %s\n", strerror(failed)); exit(1); }
        strcpy(children[i].name, name);
        running++;
        return;
    }
}

int main(int count, char **arguments) {
    if (count != 7) { fprintf(stderr, "usage: floor INBOX CLAIMED DONE CHILDREN COUNT PROGRAM\n"); return 64; }
    inbox = arguments[1], claimed = arguments[2], done = arguments[3], program = arguments[6];
    limit = atoi(arguments[4]), expected = atoi(arguments[5]);
    int watcher = inotify_init1(IN_CLOEXEC);
    if (inotify_add_watch(watcher, inbox, IN_MOVED_TO | IN_CLOSE_WRITE) < 0) { perror(inbox); return 1; }
    puts("ready"), fflush(stdout);
    static char buffer[65536] __attribute__((aligned(8)));
    int seen = 0;
    while (seen < expected) {
        ssize_t got = read(watcher, buffer, sizeof buffer);
        for (char *at = buffer; at < buffer + got;) {
            struct inotify_event *event = (struct inotify_event *)at;
            if (event->len) start(event->name), seen++;
            at += sizeof *event + event->len;
        }
        while (running && seen < expected) {  /* reap what has ended while waiting for the next event */
            char from[4096], to[4096];
            pid_t pid = waitpid(-1, NULL, WNOHANG);
            if (pid <= 0) break;
            for (int i = 0; i < limit; i++)
                if (children[i].pid == pid) {
                    path(from, claimed, children[i].name), path(to, done, children[i].name);
                    rename(from, to), children[i].pid = 0, running--, finished++;
                }
        }
    }
    while (running) reap();
    return finished == expected ? 0 : 1;
}

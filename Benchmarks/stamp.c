/* Says when it started: the program that the latency measurement runs on each file.
 *
 *   STAMP_FILE=PATH stamp FILE        appends "NAME NANOSECONDS" to PATH
 *
 * The clock is read before anything else, so what follows is not part of the figure. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const char *to = getenv("STAMP_FILE");
    if (count < 2 || !to) { fprintf(stderr, "usage: STAMP_FILE=PATH stamp FILE\n"); return 64; }
    const char *name = strrchr(arguments[1], '/');
    char line[512];
    int length = snprintf(line, sizeof line, "%s %lld\n", name ? name + 1 : arguments[1],
                          now.tv_sec * 1000000000LL + now.tv_nsec);
    int file = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    return file < 0 || write(file, line, length) != length;   /* one append: lines of two programs never mix */
}

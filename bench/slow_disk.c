/* Makes every flush take BENCH_FSYNC_US microseconds longer, as on an ordinary cloud disk. Preloaded into PostgreSQL. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_a_little(void)
{
    static long us = -1;
    if (us < 0) {
        const char *given = getenv("BENCH_FSYNC_US");
        us = given ? atol(given) : 0;
    }
    struct timespec pause = { us / 1000000, us % 1000000 * 1000 };
    while (us > 0 && nanosleep(&pause, &pause) != 0)
        ;
}

int fdatasync(int descriptor)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    int result = real(descriptor);
    wait_a_little();
    return result;
}

int fsync(int descriptor)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int)) dlsym(RTLD_NEXT, "fsync");
    int result = real(descriptor);
    wait_a_little();
    return result;
}

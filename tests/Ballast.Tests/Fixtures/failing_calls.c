// Preloaded into a process, lets one system call on files below a folder fail as a full disk makes it fail:
// FAIL_BELOW is the folder, FAIL_CALL the call and its number from 1 on ("fsync:2"; "fallocate:0" lets every one fail as where the file
// system cannot reserve space), FAIL_ERRNO the reason (ENOSPC where it is absent).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int calls;

static int fails(const char *call, const char *path) {
    const char *wanted = getenv("FAIL_CALL"), *below = getenv("FAIL_BELOW"), *reason = getenv("FAIL_ERRNO");
    size_t length = strlen(call);
    if (!wanted || !below || strncmp(wanted, call, length) != 0 || wanted[length] != ':' || strncmp(path, below, strlen(below)) != 0) {
        return 0;
    }

    int number = atoi(wanted + length + 1);
    if (number != 0 && atomic_fetch_add(&calls, 1) + 1 != number) {
        return 0;
    }

    errno = reason ? atoi(reason) : number == 0 ? EOPNOTSUPP : ENOSPC;
    return 1;
}

static int fails_on(const char *call, int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) {
        return 0;
    }

    path[length] = 0;
    return fails(call, path);
}

int fsync(int file) {
    static int (*next)(int);
    next = next ? next : dlsym(RTLD_NEXT, "fsync");
    return fails_on("fsync", file) ? -1 : next(file);
}

int rename(const char *from, const char *to) {
    static int (*next)(const char *, const char *);
    next = next ? next : dlsym(RTLD_NEXT, "rename");
    return fails("rename", to) ? -1 : next(from, to);
}

ssize_t write(int file, const void *bytes, size_t count) {
    static ssize_t (*next)(int, const void *, size_t);
    next = next ? next : dlsym(RTLD_NEXT, "write");
    return fails_on("write", file) ? -1 : next(file, bytes, count);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    static ssize_t (*next)(int, const void *, size_t, off64_t);
    next = next ? next : dlsym(RTLD_NEXT, "pwrite64");
    return fails_on("write", file) ? -1 : next(file, bytes, count, offset);
}

int fallocate64(int file, int mode, off64_t offset, off64_t length) {
    static int (*next)(int, int, off64_t, off64_t);
    next = next ? next : dlsym(RTLD_NEXT, "fallocate64");
    return fails_on("fallocate", file) ? -1 : next(file, mode, offset, length);
}

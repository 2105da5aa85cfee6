/* What the two halves of the shim share: shim.c sees what the program does, image.c keeps what is durable. */
#ifndef SOGDIA_POWER_IMAGE_H
#define SOGDIA_POWER_IMAGE_H

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A preloaded library must not lend its own names to the program above it. */
#pragma GCC visibility push(hidden)

enum { CANNOT_FOLLOW = 98, FILES_MAX = 4 };
enum held_kind { HELD_BYTES, HELD_LENGTH, HELD_ROOM };

/* One change to the file that no sync has covered yet; for lengths, `offset` is the length. */
struct held {
    enum held_kind kind;
    off_t offset;
    size_t size;
    unsigned char *bytes;
    struct held *next;
};

/* The system calls below the shim, found once by `begin`. */
struct calls {
    int (*open)(const char *, int, ...);
    int (*openat)(int, const char *, int, ...);
    FILE *(*fopen)(const char *, const char *);
    int (*close)(int);
    int (*dup)(int);
    int (*dup2)(int, int);
    int (*dup3)(int, int, int);
    int (*fcntl)(int, int, ...);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*pwritev)(int, const struct iovec *, int, off_t);
    ssize_t (*pwritev2)(int, const struct iovec *, int, off_t, int);
    int (*ftruncate)(int, off_t);
    int (*fallocate)(int, int, off_t, off_t);
    int (*posix_fallocate)(int, off_t, off_t);
    int (*fsync)(int);
    int (*fdatasync)(int);
    int (*msync)(void *, size_t, int);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    ssize_t (*sendfile)(int, int, off_t *, size_t);
    ssize_t (*copy_file_range)(int, off_t *, int, off_t *, size_t, unsigned);
    int (*renameat2)(int, const char *, int, const char *, unsigned);
};

/* A watched file: its image, and the changes that no sync of it has covered yet. */
struct watched {
    char *name;
    char *image_path;
    int image;
    dev_t device;
    ino_t inode;
    struct held *first, **next;
    size_t writes, bytes;
};

extern struct calls real;
extern struct watched watched_files[FILES_MAX];
extern int watched_count;
extern int swallows_syncs;

/* Reads the environment and finds the real calls; does nothing the second time. */
void begin(void);

/* Ends the program with status 98: the shim can no longer say what is durable. */
void give_up(const char *reason);

/* Makes this process the one that keeps a file's image. */
void own_image(struct watched *file, int descriptor);
void check_owner(void);

/* Adds a change to those which no sync of the file has covered yet. */
struct held *hold(struct watched *file, enum held_kind kind, off_t offset, size_t size);
struct held *hold_vector(struct watched *file, const struct iovec *parts, int count, off_t offset, size_t size);

/* Passes a sync point of a file; nought when the call may tell the program that all is well. `own` is the write of a
 * descriptor that syncs each write, and is the newest held change. */
int sync_point(struct watched *file, const char *call, struct held *own);

/* Adds a line to the log. */
void note(const char *line, int length);

#pragma GCC visibility pop

#endif

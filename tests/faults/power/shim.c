/*
 * A power cut in a library: preloaded into a program, it keeps beside each watched file an *image* that holds only
 * the bytes which would still be there after the power had failed.
 *
 *     program --pwrite--> watched file (page cache)         the program goes on as always
 *                  \----> held writes   --fdatasync-->      image
 *
 * A write is held until a sync of any descriptor of the file completes; a write through an O_DSYNC or O_SYNC
 * descriptor takes its own bytes to the image at once and leaves the others held, which is the least that a kernel
 * promises. Each of these moments is a *sync point* and has a number, from 1. At a chosen one the program is killed.
 *
 *     SOGDIA_POWER_FILE    ends of the paths of the watched files, with colons between; whole paths are safest
 *     SOGDIA_POWER_IMAGE   their images in the same order; whoever starts the program has put there what was durable
 *     SOGDIA_POWER_LOG     one line a sync point: number, call, held writes, held bytes, number of the file from 0;
 *                          also synced directories
 *     SOGDIA_POWER_CUT     number of the sync point at which the power fails; nought or unset: never
 *     SOGDIA_POWER_MODE    before | after | torn | fail
 *                          torn: a subset of the held writes of all files, chosen by the seed, reaches the images
 *                          fail: the sync returns EIO, what it should have saved is lost, and the program goes on
 *     SOGDIA_POWER_SEED    the seed of `torn`
 *     SOGDIA_POWER_NOSYNC  1: fdatasync, fsync and msync do nothing and say that all is well
 *
 * What it cannot follow (a writable shared mapping, sendfile, rename onto the file, a second writer) ends the
 * program with status 98 and a sentence: a silent gap would make every later green test worthless. It does not
 * model the directory entry; synced directories are only reported.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536 };

/* How a descriptor is watched; without a file it is not. */
struct watch {
    struct watched *file;
    int syncs_writes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watch watches[DESCRIPTORS_MAX];

/* ------------------------------------------------------------------ which descriptors are the file's */

static struct watch watch_of(int descriptor)
{
    begin();
    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX) return (struct watch){0};
    if (watches[descriptor].file) check_owner();
    return watches[descriptor];
}

static int is_watched(int descriptor) { return watch_of(descriptor).file != NULL; }

static struct watched *file_at(const char *path)
{
    size_t length = strlen(path);
    for (int number = 0; number < watched_count; number++) {
        const char *name = watched_files[number].name;
        size_t end = strlen(name);
        if (length < end || strcmp(path + length - end, name)) continue;
        if (name[0] == '/' || length == end || path[length - end - 1] == '/') return &watched_files[number];
    }
    return NULL;
}

static int opened(int descriptor, int flags)
{
    char link[64], path[4096];
    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX || !watched_count) return descriptor;
    if ((flags & O_ACCMODE) == O_RDONLY) return descriptor;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return descriptor;
    path[length] = 0;
    struct watched *file = file_at(path);
    if (!file) return descriptor;

    pthread_mutex_lock(&lock);
    own_image(file, descriptor);
    if (flags & O_TRUNC) hold(file, HELD_LENGTH, 0, 0);
    watches[descriptor] = (struct watch){file, (flags & O_DSYNC) != 0}; /* O_SYNC contains the bit of O_DSYNC */
    pthread_mutex_unlock(&lock);
    return descriptor;
}

static int permissions_from(int flags, va_list arguments)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(arguments, int) : 0;
}

#define OPEN_WITHOUT_FOLDER(name)                                                                                    \
    int name(const char *path, int flags, ...)                                                                       \
    {                                                                                                                \
        va_list arguments;                                                                                           \
        va_start(arguments, flags);                                                                                  \
        int permissions = permissions_from(flags, arguments);                                                        \
        va_end(arguments);                                                                                           \
        begin();                                                                                                     \
        return opened(real.open(path, flags, permissions), flags);                                                   \
    }

#define OPEN_IN_FOLDER(name)                                                                                         \
    int name(int folder, const char *path, int flags, ...)                                                           \
    {                                                                                                                \
        va_list arguments;                                                                                           \
        va_start(arguments, flags);                                                                                  \
        int permissions = permissions_from(flags, arguments);                                                        \
        va_end(arguments);                                                                                           \
        begin();                                                                                                     \
        return opened(real.openat(folder, path, flags, permissions), flags);                                         \
    }

/* The names with a 2 are what a program calls that was compiled with checks and gives no permissions. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);
OPEN_WITHOUT_FOLDER(open)
OPEN_WITHOUT_FOLDER(open64)
OPEN_IN_FOLDER(openat)
OPEN_IN_FOLDER(openat64)
int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int creat(const char *path, mode_t permissions) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, permissions); }
int creat64(const char *path, mode_t permissions) { return creat(path, permissions); }

/* The names of the library that reads and writes through its own buffers, past the calls below. */
FILE *fopen(const char *path, const char *access)
{
    begin();
    if (file_at(path) && strcmp(access, "r") && strcmp(access, "rb")) give_up("fopen of the watched file");
    return real.fopen(path, access);
}

FILE *fopen64(const char *path, const char *access) { return fopen(path, access); }

int close(int descriptor)
{
    begin();
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX) watches[descriptor].file = NULL;
    return real.close(descriptor);
}

static int copied(int descriptor, int copy)
{
    if (copy >= 0 && copy < DESCRIPTORS_MAX && copy != descriptor) watches[copy] = watch_of(descriptor);
    return copy;
}

int dup(int descriptor) { begin(); return copied(descriptor, real.dup(descriptor)); }
int dup2(int descriptor, int copy) { begin(); return copied(descriptor, real.dup2(descriptor, copy)); }
int dup3(int descriptor, int copy, int flags) { begin(); return copied(descriptor, real.dup3(descriptor, copy, flags)); }

int fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *); /* wide enough for each kind of argument that fcntl takes */
    va_end(arguments);
    begin();
    int outcome = real.fcntl(descriptor, command, argument);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(descriptor, outcome) : outcome;
}

int fcntl64(int descriptor, int command, ...) __attribute__((alias("fcntl")));

/* ------------------------------------------------------------------ writes */

/* Where the next write without an offset goes. */
static off_t position_of(int descriptor)
{
    int append = fcntl(descriptor, F_GETFL) & O_APPEND;
    return append ? lseek(descriptor, 0, SEEK_END) : lseek(descriptor, 0, SEEK_CUR);
}

/* Holds what a write has done, and passes the sync point that it is when it syncs itself. */
static ssize_t written(struct watch watch, const struct iovec *parts, int count, off_t offset, ssize_t done)
{
    if (done <= 0) return done;
    struct held *own = hold_vector(watch.file, parts, count, offset, (size_t)done);
    return watch.syncs_writes && sync_point(watch.file, "synced_write", own) ? -1 : done;
}

#define LOCKED(type, expression)                                                                                     \
    pthread_mutex_lock(&lock);                                                                                       \
    type outcome = expression;                                                                                       \
    int number = errno;                                                                                              \
    pthread_mutex_unlock(&lock);                                                                                     \
    errno = number;                                                                                                  \
    return outcome

static ssize_t vector_at(int descriptor, const struct iovec *parts, int count, off_t offset, int flags)
{
    struct watch watch = watch_of(descriptor);
    watch.syncs_writes |= (flags & (RWF_DSYNC | RWF_SYNC)) != 0;
    if (offset >= 0 && !flags)
        return written(watch, parts, count, offset, real.pwritev(descriptor, parts, count, offset));
    off_t start = offset >= 0 ? offset : position_of(descriptor);
    ssize_t done = flags ? real.pwritev2(descriptor, parts, count, offset, flags)
                         : real.writev(descriptor, parts, count);
    return written(watch, parts, count, start, done);
}

ssize_t write(int descriptor, const void *bytes, size_t size)
{
    if (!is_watched(descriptor)) return real.write(descriptor, bytes, size);
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    LOCKED(ssize_t, vector_at(descriptor, &part, 1, -1, 0));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset)
{
    if (!is_watched(descriptor)) return real.pwrite(descriptor, bytes, size, offset);
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    LOCKED(ssize_t, vector_at(descriptor, &part, 1, offset, 0));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    if (!is_watched(descriptor)) return real.writev(descriptor, parts, count);
    LOCKED(ssize_t, vector_at(descriptor, parts, count, -1, 0));
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset)
{
    if (!is_watched(descriptor)) return real.pwritev(descriptor, parts, count, offset);
    LOCKED(ssize_t, vector_at(descriptor, parts, count, offset, 0));
}

ssize_t pwritev2(int descriptor, const struct iovec *parts, int count, off_t offset, int flags)
{
    if (!is_watched(descriptor)) return real.pwritev2(descriptor, parts, count, offset, flags);
    LOCKED(ssize_t, vector_at(descriptor, parts, count, offset, flags));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
    return pwrite(descriptor, bytes, size, offset);
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset)
{
    return pwritev(descriptor, parts, count, offset);
}

ssize_t pwritev64v2(int descriptor, const struct iovec *parts, int count, off64_t offset, int flags)
{
    return pwritev2(descriptor, parts, count, offset, flags);
}

static int resized(int descriptor, enum held_kind kind, off_t length, int failed)
{
    if (!failed) hold(watch_of(descriptor).file, kind, length, 0);
    return failed;
}

int ftruncate(int descriptor, off_t length)
{
    if (!is_watched(descriptor)) return real.ftruncate(descriptor, length);
    LOCKED(int, resized(descriptor, HELD_LENGTH, length, real.ftruncate(descriptor, length)));
}

int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, length); }

int fallocate(int descriptor, int flags, off_t offset, off_t size)
{
    if (!is_watched(descriptor)) return real.fallocate(descriptor, flags, offset, size);
    if (flags) give_up("fallocate with flags on the watched file");
    LOCKED(int, resized(descriptor, HELD_ROOM, offset + size, real.fallocate(descriptor, flags, offset, size)));
}

int fallocate64(int descriptor, int flags, off64_t offset, off64_t size)
{
    return fallocate(descriptor, flags, offset, size);
}

int posix_fallocate(int descriptor, off_t offset, off_t size)
{
    if (!is_watched(descriptor)) return real.posix_fallocate(descriptor, offset, size);
    LOCKED(int, resized(descriptor, HELD_ROOM, offset + size, real.posix_fallocate(descriptor, offset, size)));
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t size)
{
    return posix_fallocate(descriptor, offset, size);
}

/* ------------------------------------------------------------------ syncs */

static void note_directory(int descriptor)
{
    struct stat file;
    char link[64], line[4200] = "directory ";
    const size_t start = strlen(line);
    if (!watched_count || fstat(descriptor, &file) || !S_ISDIR(file.st_mode)) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, line + start, sizeof line - start - 1);
    if (length <= 0) return;
    line[start + (size_t)length] = '\n';
    note(line, (int)(start + (size_t)length + 1));
}

static int synced(int descriptor, const char *call, int (*sync)(int))
{
    if (!swallows_syncs && sync(descriptor)) return -1;
    return sync_point(watch_of(descriptor).file, call, NULL);
}

int fdatasync(int descriptor)
{
    if (!is_watched(descriptor)) { note_directory(descriptor); return real.fdatasync(descriptor); }
    LOCKED(int, synced(descriptor, "fdatasync", real.fdatasync));
}

int fsync(int descriptor)
{
    if (!is_watched(descriptor)) { note_directory(descriptor); return real.fsync(descriptor); }
    LOCKED(int, synced(descriptor, "fsync", real.fsync));
}

/* The map of the watched file is read only, so an msync has nothing to make durable. */
int msync(void *address, size_t size, int flags)
{
    begin();
    return swallows_syncs ? 0 : real.msync(address, size, flags);
}

/* ------------------------------------------------------------------ what cannot be followed */

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    if (!(flags & MAP_ANONYMOUS) && (flags & MAP_SHARED) && (protection & PROT_WRITE) && is_watched(descriptor))
        give_up("the watched file is mapped for writing");
    begin();
    return real.mmap(address, size, protection, flags, descriptor, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int descriptor, off64_t offset)
{
    return mmap(address, size, protection, flags, descriptor, offset);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t size)
{
    if (is_watched(to)) give_up("sendfile into the watched file");
    return real.sendfile(to, from, offset, size);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t size) { return sendfile(to, from, offset, size); }

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size, unsigned flags)
{
    if (is_watched(to)) give_up("copy_file_range into the watched file");
    return real.copy_file_range(from, from_offset, to, to_offset, size, flags);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    begin();
    if (file_at(to)) give_up("another file is renamed onto the watched file");
    return real.renameat2(from_folder, from, to_folder, to, flags);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return renameat2(from_folder, from, to_folder, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

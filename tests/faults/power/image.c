/* The durable image of the watched file, and the writes that have not reached it yet; shim.c tells the whole. */
#include "image.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_BYTES = 512, PAGE_BYTES = 4096 };
enum mode { CUT_BEFORE, CUT_AFTER, CUT_TORN, SYNC_FAILS };

struct calls real;
const char *watched_name;
int swallows_syncs;

static struct held *first_held, **next_held = &first_held;
static size_t held_writes, held_bytes;
static int image = -1, log_file = -1;
static pid_t owner;
static dev_t watched_device;
static ino_t watched_inode;
static uint64_t sync_points, cut_point, seed;
static enum mode mode;

/* ------------------------------------------------------------------ beginning and giving up */

void give_up(const char *reason)
{
    fprintf(stderr, "power shim: %s\n", reason);
    fflush(stderr);
    _exit(CANNOT_FOLLOW);
}

static uint64_t number_from(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : 0;
}

static enum mode mode_from(const char *text)
{
    if (!text || !*text || !strcmp(text, "before")) return CUT_BEFORE;
    if (!strcmp(text, "after")) return CUT_AFTER;
    if (!strcmp(text, "torn")) return CUT_TORN;
    if (!strcmp(text, "fail")) return SYNC_FAILS;
    give_up("SOGDIA_POWER_MODE is none of before, after, torn, fail");
    return CUT_BEFORE;
}

#define FIND(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name)

/* Runs by itself when the library is loaded, and from the first call if another library's start comes earlier. */
__attribute__((constructor)) void begin(void)
{
    if (real.open) return;
    FIND(openat); FIND(fopen); FIND(close); FIND(dup); FIND(dup2); FIND(dup3); FIND(fcntl);
    FIND(write); FIND(pwrite); FIND(writev); FIND(pwritev); FIND(pwritev2);
    FIND(ftruncate); FIND(fallocate); FIND(posix_fallocate); FIND(fsync); FIND(fdatasync); FIND(msync);
    FIND(mmap); FIND(sendfile); FIND(copy_file_range); FIND(renameat2); FIND(open);

    watched_name = getenv("SOGDIA_POWER_FILE");
    swallows_syncs = number_from("SOGDIA_POWER_NOSYNC") == 1;
    cut_point = number_from("SOGDIA_POWER_CUT");
    seed = number_from("SOGDIA_POWER_SEED");
    mode = mode_from(getenv("SOGDIA_POWER_MODE"));
    const char *log_path = getenv("SOGDIA_POWER_LOG");
    if (watched_name && log_path)
        log_file = real.open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void note(const char *line, int length)
{
    if (log_file >= 0 && real.write(log_file, line, (size_t)length) != length) give_up("the log cannot be written");
}

/* ------------------------------------------------------------------ the image */

static void to_image(const unsigned char *bytes, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t done = real.pwrite(image, bytes, size, offset);
        if (done <= 0) give_up("the image cannot be written");
        bytes += done; size -= (size_t)done; offset += done;
    }
}

static void set_image_length(const struct held *change)
{
    struct stat now;
    if (fstat(image, &now)) give_up("the image cannot be read");
    if (change->kind == HELD_ROOM && now.st_size >= change->offset) return;
    if (real.ftruncate(image, change->offset)) give_up("the image cannot be resized");
}

static void apply(const struct held *change)
{
    if (change->kind == HELD_BYTES) to_image(change->bytes, change->size, change->offset);
    else set_image_length(change);
}

static void forget_all(void)
{
    while (first_held) {
        struct held *gone = first_held;
        first_held = gone->next;
        free(gone->bytes);
        free(gone);
    }
    next_held = &first_held;
    held_writes = held_bytes = 0;
}

static void apply_all(void)
{
    for (struct held *change = first_held; change; change = change->next) apply(change);
    forget_all();
}

static uint64_t mixed(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/*
 * Whether write number `index` had reached `unit` of the disk when the power failed. Four kinds of disk, by seed:
 * each sector, or each page, holds its own prefix of the writes to it; all hold the same prefix; or the disk saved
 * the newest writes first.
 */
static int reached(uint64_t unit, size_t index)
{
    uint64_t kind = mixed(seed ^ mixed(cut_point));
    uint64_t common = mixed(kind) % (held_writes + 1);
    if (kind % 4 == 2) return index < common;
    if (kind % 4 == 3) return index >= common;
    uint64_t drawn = mixed(kind ^ mixed(kind % 4 == 1 ? unit / (PAGE_BYTES / SECTOR_BYTES) : unit));
    if (drawn % 3 == 0) return 0;
    if (drawn % 3 == 1) return 1;
    return index < (drawn >> 8) % (held_writes + 1);
}

static void apply_torn(void)
{
    size_t index = 0;
    for (struct held *change = first_held; change; change = change->next, index++) {
        if (change->kind != HELD_BYTES) {
            if (reached(UINT64_MAX, index)) apply(change);
            continue;
        }
        size_t done = 0;
        while (done < change->size) {
            uint64_t at = (uint64_t)change->offset + done;
            size_t size = SECTOR_BYTES - at % SECTOR_BYTES;
            if (size > change->size - done) size = change->size - done;
            if (reached(at / SECTOR_BYTES, index)) to_image(change->bytes + done, size, (off_t)at);
            done += size;
        }
    }
}

/* ------------------------------------------------------------------ held writes and sync points */

struct held *hold(enum held_kind kind, off_t offset, size_t size)
{
    struct held *change = calloc(1, sizeof *change);
    if (!change || (size && !(change->bytes = malloc(size)))) give_up("no memory for the held writes");
    change->kind = kind; change->offset = offset; change->size = size;
    *next_held = change;
    next_held = &change->next;
    held_writes++;
    held_bytes += size;
    return change;
}

struct held *hold_vector(const struct iovec *parts, int count, off_t offset, size_t size)
{
    struct held *change = hold(HELD_BYTES, offset, size);
    size_t done = 0;
    for (int i = 0; i < count && done < size; i++) {
        size_t take = parts[i].iov_len < size - done ? parts[i].iov_len : size - done;
        memcpy(change->bytes + done, parts[i].iov_base, take);
        done += take;
    }
    return change;
}

static void lose_power(void)
{
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Older held writes to the same bytes must not come back over a newer write that was synced before them. */
static void supersede(const struct held *newest)
{
    for (struct held *old = first_held; old && old != newest; old = old->next) {
        if (old->kind != HELD_BYTES) continue;
        off_t from = old->offset > newest->offset ? old->offset : newest->offset;
        off_t old_end = old->offset + (off_t)old->size, new_end = newest->offset + (off_t)newest->size;
        off_t end = old_end < new_end ? old_end : new_end;
        if (from < end)
            memcpy(old->bytes + (from - old->offset), newest->bytes + (from - newest->offset), (size_t)(end - from));
    }
}

/* Takes the newest held write off the list; it is always the last. */
static void drop_last(struct held *last)
{
    struct held **place = &first_held;
    while (*place != last) place = &(*place)->next;
    *place = NULL;
    next_held = place;
    held_writes--;
    held_bytes -= last->size;
    free(last->bytes);
    free(last);
}

static void save(struct held *own)
{
    if (own) { apply(own); supersede(own); drop_last(own); }
    else if (!swallows_syncs) apply_all();
}

/* Nought when the sync may tell the program that all is well; `own` is the write of an O_DSYNC descriptor. */
int sync_point(const char *call, struct held *own)
{
    char line[128];
    sync_points++;
    note(line, snprintf(line, sizeof line, "%llu %s %zu %zu\n", (unsigned long long)sync_points, call, held_writes,
                        held_bytes));
    if (sync_points != cut_point) { save(own); return 0; }
    if (mode == SYNC_FAILS) {
        if (own) drop_last(own); else forget_all();
        errno = EIO;
        return -1;
    }
    if (mode == CUT_AFTER) save(own);
    if (mode == CUT_TORN) apply_torn();
    lose_power();
    return -1;
}

/* ------------------------------------------------------------------ the process that keeps the image */

void check_owner(void)
{
    if (getpid() != owner) give_up("a forked child writes the watched file");
}

void own_image(int descriptor)
{
    struct stat file;
    const char *path = getenv("SOGDIA_POWER_IMAGE");
    if (fstat(descriptor, &file)) give_up("the watched file cannot be examined");
    if (image >= 0) {
        if (file.st_dev != watched_device || file.st_ino != watched_inode) give_up("two files match the watched name");
        return;
    }
    int opened = path ? real.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (opened < 0) give_up("SOGDIA_POWER_IMAGE cannot be opened");
    image = real.fcntl(opened, F_DUPFD_CLOEXEC, 512);
    real.close(opened);
    if (image < 0 || flock(image, LOCK_EX | LOCK_NB)) give_up("a second process writes the watched file");
    owner = getpid();
    watched_device = file.st_dev;
    watched_inode = file.st_ino;
}

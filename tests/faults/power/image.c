/* The durable images of the watched files, and the writes that have not reached them yet; shim.c tells the whole. */
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
struct watched watched_files[FILES_MAX];
int watched_count;
int swallows_syncs;

static int log_file = -1;
static pid_t owner;
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

/* Reads the lists of watched files and of their images, which go together. */
static void read_files(void)
{
    const char *names = getenv("SOGDIA_POWER_FILE"), *images = getenv("SOGDIA_POWER_IMAGE");
    if (!names || !*names) return;
    char *names_left = NULL, *images_left = NULL;
    char *name = strtok_r(strdup(names), ":", &names_left);
    char *image = strtok_r(strdup(images ? images : ""), ":", &images_left);
    for (; name; name = strtok_r(NULL, ":", &names_left), image = strtok_r(NULL, ":", &images_left)) {
        if (watched_count == FILES_MAX) give_up("SOGDIA_POWER_FILE names too many files");
        struct watched *file = &watched_files[watched_count++];
        *file = (struct watched){.name = name, .image_path = image, .image = -1, .next = &file->first};
    }
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

    read_files();
    swallows_syncs = number_from("SOGDIA_POWER_NOSYNC") == 1;
    cut_point = number_from("SOGDIA_POWER_CUT");
    seed = number_from("SOGDIA_POWER_SEED");
    mode = mode_from(getenv("SOGDIA_POWER_MODE"));
    const char *log_path = getenv("SOGDIA_POWER_LOG");
    if (watched_count && log_path)
        log_file = real.open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void note(const char *line, int length)
{
    if (log_file >= 0 && real.write(log_file, line, (size_t)length) != length) give_up("the log cannot be written");
}

/* ------------------------------------------------------------------ the image */

static void to_image(const struct watched *file, const unsigned char *bytes, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t done = real.pwrite(file->image, bytes, size, offset);
        if (done <= 0) give_up("the image cannot be written");
        bytes += done; size -= (size_t)done; offset += done;
    }
}

static void set_image_length(const struct watched *file, const struct held *change)
{
    struct stat now;
    if (fstat(file->image, &now)) give_up("the image cannot be read");
    if (change->kind == HELD_ROOM && now.st_size >= change->offset) return;
    if (real.ftruncate(file->image, change->offset)) give_up("the image cannot be resized");
}

static void apply(const struct watched *file, const struct held *change)
{
    if (change->kind == HELD_BYTES) to_image(file, change->bytes, change->size, change->offset);
    else set_image_length(file, change);
}

static void forget_all(struct watched *file)
{
    while (file->first) {
        struct held *gone = file->first;
        file->first = gone->next;
        free(gone->bytes);
        free(gone);
    }
    file->next = &file->first;
    file->writes = file->bytes = 0;
}

static void apply_all(struct watched *file)
{
    for (struct held *change = file->first; change; change = change->next) apply(file, change);
    forget_all(file);
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
static int reached(const struct watched *file, uint64_t unit, size_t index)
{
    uint64_t kind = mixed(seed ^ mixed(cut_point + ((uint64_t)(file - watched_files) << 32)));
    uint64_t common = mixed(kind) % (file->writes + 1);
    if (kind % 4 == 2) return index < common;
    if (kind % 4 == 3) return index >= common;
    uint64_t drawn = mixed(kind ^ mixed(kind % 4 == 1 ? unit / (PAGE_BYTES / SECTOR_BYTES) : unit));
    if (drawn % 3 == 0) return 0;
    if (drawn % 3 == 1) return 1;
    return index < (drawn >> 8) % (file->writes + 1);
}

static void apply_torn(struct watched *file)
{
    size_t index = 0;
    for (struct held *change = file->first; change; change = change->next, index++) {
        if (change->kind != HELD_BYTES) {
            if (reached(file, UINT64_MAX, index)) apply(file, change);
            continue;
        }
        size_t done = 0;
        while (done < change->size) {
            uint64_t at = (uint64_t)change->offset + done;
            size_t size = SECTOR_BYTES - at % SECTOR_BYTES;
            if (size > change->size - done) size = change->size - done;
            if (reached(file, at / SECTOR_BYTES, index)) to_image(file, change->bytes + done, size, (off_t)at);
            done += size;
        }
    }
}

/* ------------------------------------------------------------------ held writes and sync points */

struct held *hold(struct watched *file, enum held_kind kind, off_t offset, size_t size)
{
    struct held *change = calloc(1, sizeof *change);
    if (!change || (size && !(change->bytes = malloc(size)))) give_up("no memory for the held writes");
    change->kind = kind; change->offset = offset; change->size = size;
    *file->next = change;
    file->next = &change->next;
    file->writes++;
    file->bytes += size;
    return change;
}

struct held *hold_vector(struct watched *file, const struct iovec *parts, int count, off_t offset, size_t size)
{
    struct held *change = hold(file, HELD_BYTES, offset, size);
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
static void supersede(const struct watched *file, const struct held *newest)
{
    for (struct held *old = file->first; old && old != newest; old = old->next) {
        if (old->kind != HELD_BYTES) continue;
        off_t from = old->offset > newest->offset ? old->offset : newest->offset;
        off_t old_end = old->offset + (off_t)old->size, new_end = newest->offset + (off_t)newest->size;
        off_t end = old_end < new_end ? old_end : new_end;
        if (from < end)
            memcpy(old->bytes + (from - old->offset), newest->bytes + (from - newest->offset), (size_t)(end - from));
    }
}

/* Takes the newest held write off the list; it is always the last. */
static void drop_last(struct watched *file, struct held *last)
{
    struct held **place = &file->first;
    while (*place != last) place = &(*place)->next;
    *place = NULL;
    file->next = place;
    file->writes--;
    file->bytes -= last->size;
    free(last->bytes);
    free(last);
}

static void save(struct watched *file, struct held *own)
{
    if (own) { apply(file, own); supersede(file, own); drop_last(file, own); }
    else if (!swallows_syncs) apply_all(file);
}

/* Nought when the sync may tell the program that all is well; `own` is the write of an O_DSYNC descriptor. */
int sync_point(struct watched *file, const char *call, struct held *own)
{
    char line[128];
    sync_points++;
    note(line, snprintf(line, sizeof line, "%llu %s %zu %zu %td\n", (unsigned long long)sync_points, call,
                        file->writes, file->bytes, file - watched_files));
    if (sync_points != cut_point) { save(file, own); return 0; }
    if (mode == SYNC_FAILS) {
        if (own) drop_last(file, own); else forget_all(file);
        errno = EIO;
        return -1;
    }
    if (mode == CUT_AFTER) save(file, own);
    /* What was written to the other files may have reached the disk as well, or a part of it. */
    if (mode == CUT_TORN)
        for (int number = 0; number < watched_count; number++) apply_torn(&watched_files[number]);
    lose_power();
    return -1;
}

/* ------------------------------------------------------------------ the process that keeps the image */

void check_owner(void)
{
    if (getpid() != owner) give_up("a forked child writes the watched file");
}

void own_image(struct watched *file, int descriptor)
{
    struct stat found;
    if (fstat(descriptor, &found)) give_up("the watched file cannot be examined");
    if (file->image >= 0) {
        if (found.st_dev != file->device || found.st_ino != file->inode) give_up("two files match the watched name");
        return;
    }
    int opened = file->image_path ? real.open(file->image_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (opened < 0) give_up("SOGDIA_POWER_IMAGE cannot be opened");
    file->image = real.fcntl(opened, F_DUPFD_CLOEXEC, 512);
    real.close(opened);
    if (file->image < 0 || flock(file->image, LOCK_EX | LOCK_NB)) give_up("a second process writes the watched file");
    owner = getpid();
    file->device = found.st_dev;
    file->inode = found.st_ino;
}

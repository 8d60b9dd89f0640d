/* test_frame - frames through a socket pair, however they are cut, and nonsense instead of them. */
#include "unit.h"

#include "base/error.h"
#include "base/frame.h"
#include "base/tidy.h"
#include "base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct pair {
    int here, there;
    struct frame_reader reader;
};

static struct pair pair_open(size_t ceiling)
{
    int fds[2];
    struct pair pair;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    pair.here = fds[0];
    pair.there = fds[1];
    int room = 2 * 1024 * 1024;
    setsockopt(pair.there, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
    frame_reader_init(&pair.reader, pair.here, ceiling);
    return pair;
}

static void pair_close(struct pair *pair)
{
    frame_reader_done(&pair->reader);
    close(pair->here);
    if (pair->there >= 0)
        close(pair->there);
}

#define PAIR __attribute__((cleanup(pair_close))) struct pair

static void header_write(char *to, uint32_t len, uint16_t flags, uint16_t mark)
{
    memcpy(to, &len, 4);
    memcpy(to + 4, &flags, 2);
    memcpy(to + 6, &mark, 2);
}

enum { MARK = 0x4d46, IN_FILE = 1, WITH_FD = 2 };

static void send_raw(struct pair *pair, const void *bytes, size_t len, const int *fds, size_t count)
{
    char control[CMSG_SPACE(8 * sizeof(int))] = {0};
    struct iovec vector = {(void *)(uintptr_t)bytes, len};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(part), fds, count * sizeof(int));
    }
    assert_int_equal(sendmsg(pair->there, &message, MSG_NOSIGNAL), (ssize_t)len);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 200; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void frames_come_whole_wherever_the_stream_is_cut(void **state)
{
    (void)state;
    char bytes[FRAME_HEADER + 5 + FRAME_HEADER + FRAME_HEADER + 3];
    header_write(bytes, 5, 0, MARK);
    memcpy(bytes + 8, "hello", 5);
    header_write(bytes + 13, 0, 0, MARK);
    header_write(bytes + 21, 3, 0, MARK);
    memcpy(bytes + 29, "end", 3);
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        PAIR pair = pair_open(100);
        const char *const wanted[] = {"hello", "", "end"};
        size_t got = 0, sent = cut;
        struct frame frame;
        send_raw(&pair, bytes, cut, NULL, 0);
        while (got < 3) {
            int rc = frame_read(&pair.reader, false, &frame);
            if (rc == -EAGAIN && sent < sizeof(bytes)) {
                send_raw(&pair, bytes + sent, sizeof(bytes) - sent, NULL, 0);
                sent = sizeof(bytes);
                continue;
            }
            assert_int_equal(rc, 0);
            assert_int_equal(frame.len, strlen(wanted[got]));
            assert_string_equal(frame.data, wanted[got++]);
        }
        assert_int_equal(frame_read(&pair.reader, false, &frame), -EAGAIN);
    }
}

static void sizes_around_the_largest_frame_go_through(void **state)
{
    (void)state;
    static char bytes[FRAME_MAX + 100];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t len = FRAME_MAX - 2; len <= FRAME_MAX + 2; len++) {
        PAIR pair = pair_open(sizeof(bytes));
        struct frame frame;
        assert_int_equal(frame_send(pair.there, bytes, len, -1, -1), 0);
        assert_int_equal(frame_read(&pair.reader, true, &frame), 0);
        assert_int_equal(frame.len, len);
        assert_memory_equal(frame.data, bytes, len);
        assert_int_equal(frame.fd, -1);
    }
}

static void a_descriptor_rides_along_and_none_is_lost_or_leaked(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    {
        PAIR pair = pair_open(100);
        struct frame frame;
        TIDY(close) int file = memfd_create("test", MFD_CLOEXEC);
        assert_int_equal(write(file, "inside", 6), 6);
        assert_int_equal(frame_send(pair.there, "one", 3, -1, -1), 0);
        assert_int_equal(frame_send(pair.there, "two", 3, file, -1), 0);
        assert_int_equal(frame_send(pair.there, "three", 5, file, -1), 0);
        assert_int_equal(frame_send(pair.there, "four", 4, -1, -1), 0);
        assert_int_equal(frame_read(&pair.reader, false, &frame), 0);
        assert_int_equal(frame.fd, -1);
        assert_int_equal(frame_read(&pair.reader, false, &frame), 0);
        assert_string_equal(frame.data, "two");
        TIDY(close) int got = frame_take_fd(&pair.reader);
        char text[7] = "";
        assert_int_equal(pread(got, text, 6, 0), 6);
        assert_string_equal(text, "inside");
        assert_int_equal(fcntl(got, F_GETFD), FD_CLOEXEC);
        assert_int_equal(frame_read(&pair.reader, false, &frame), 0); /* nobody takes this one */
        assert_string_equal(frame.data, "three");
        assert_int_equal(frame_read(&pair.reader, false, &frame), 0);
        assert_string_equal(frame.data, "four");
        assert_int_equal(frame_take_fd(&pair.reader), -1);
    }
    assert_int_equal(open_descriptors(), before);
}

static void nonsense(size_t ceiling, uint32_t len, uint16_t flags, uint16_t mark, const int *fds, size_t count,
                     const char *why)
{
    size_t before = open_descriptors();
    {
        PAIR pair = pair_open(ceiling);
        char bytes[FRAME_HEADER];
        struct frame frame;
        header_write(bytes, len, flags, mark);
        send_raw(&pair, bytes, sizeof(bytes), fds, count);
        assert_int_equal(frame_read(&pair.reader, false, &frame), ERR_CORRUPT);
        assert_string_equal(pair.reader.why, why);
        assert_int_equal(frame_read(&pair.reader, false, &frame), ERR_CORRUPT); /* there is no way back */
    }
    assert_int_equal(open_descriptors(), before);
}

static void what_is_no_frame_is_refused_with_its_reason(void **state)
{
    (void)state;
    TIDY(close) int file = memfd_create("test", MFD_CLOEXEC);
    assert_int_equal(ftruncate(file, 300000), 0);
    int pipes[2], many[8] = {file, file, file, file, file, file, file, file};
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    nonsense(1000000, 1, 0, 0x1234, NULL, 0, "bytes that are no frame");
    nonsense(1000000, 1, 4, MARK, NULL, 0, "bytes that are no frame");
    nonsense(1000000, 1, IN_FILE | WITH_FD, MARK, &file, 1, "bytes that are no frame");
    nonsense(1000, 1001, 0, MARK, NULL, 0, "a frame over the ceiling");
    nonsense(1000, 300000, IN_FILE, MARK, &file, 1, "a frame over the ceiling");
    nonsense(1000000, FRAME_MAX + 1, 0, MARK, NULL, 0, "a large frame through the socket");
    nonsense(1000000, 1, WITH_FD, MARK, NULL, 0, "an announced descriptor that did not come");
    nonsense(1000000, 1, 0, MARK, &file, 1, "a descriptor that was not announced");
    nonsense(1000000, 1, WITH_FD, MARK, many, 2, "a descriptor that was not announced");
    nonsense(1000000, 1, WITH_FD, MARK, many, 8, "too many descriptors at once");
    nonsense(1000000, 299999, IN_FILE, MARK, &file, 1, "a large frame whose file is not what was announced");
    nonsense(1000000, 300000, IN_FILE, MARK, &pipes[0], 1, "a large frame whose file is not what was announced");
    close(pipes[0]);
    close(pipes[1]);
}

static void a_descriptor_in_the_middle_of_a_frame_is_nonsense(void **state)
{
    (void)state;
    PAIR pair = pair_open(100);
    char bytes[FRAME_HEADER + 1];
    struct frame frame;
    header_write(bytes, 4, 0, MARK);
    bytes[8] = 'a';
    send_raw(&pair, bytes, sizeof(bytes), NULL, 0);
    assert_int_equal(frame_read(&pair.reader, false, &frame), -EAGAIN);
    send_raw(&pair, "bcd", 3, &pair.there, 1);
    assert_int_equal(frame_read(&pair.reader, false, &frame), ERR_CORRUPT);
}

static void an_end_between_frames_is_not_an_end_within_one(void **state)
{
    (void)state;
    char bytes[FRAME_HEADER + 2];
    header_write(bytes, 2, 0, MARK);
    for (size_t len = 0; len < sizeof(bytes); len++) {
        PAIR pair = pair_open(100);
        struct frame frame;
        send_raw(&pair, bytes, len, NULL, 0);
        close(pair.there);
        pair.there = -1;
        assert_int_equal(frame_read(&pair.reader, true, &frame), len == 0 ? -EPIPE : -ECONNRESET);
    }
}

static void a_reader_that_does_not_read_stops_the_sender_in_time(void **state)
{
    (void)state;
    static char bytes[FRAME_MAX];
    PAIR pair = pair_open(FRAME_MAX);
    int rc = 0;
    for (int i = 0; i < 100 && rc == 0; i++)
        rc = frame_send(pair.there, bytes, sizeof(bytes), -1, 50);
    assert_int_equal(rc, ERR_TIMEOUT);
    close(pair.here);
    pair.here = dup(pair.there);
    assert_int_equal(frame_send(pair.there, "x", 1, -1, 50), -EPIPE);
}

static void fields_come_back_and_null_is_not_empty(void **state)
{
    (void)state;
    TIDY_DONE(buffer_done) struct buffer out = {0};
    size_t begin = wire_begin(&out, WIRE_LOG);
    wire_put_u32(&out, 7);
    wire_put_u64(&out, 1ull << 40);
    wire_put_text(&out, NULL);
    wire_put_text(&out, "");
    wire_put_text(&out, "text");
    wire_end(&out, begin);
    wire_end(&out, wire_begin(&out, WIRE_CHECK));
    struct wire frame = wire_over(out.data, out.len), message;
    uint32_t type;
    assert_true(wire_next(&frame, &type, &message));
    assert_int_equal(type, WIRE_LOG);
    assert_int_equal(wire_get_u32(&message), 7);
    assert_int_equal(wire_get_u64(&message), 1ull << 40);
    assert_null(wire_get_text(&message));
    assert_string_equal(wire_get_text(&message), "");
    assert_false(wire_finished(&message));
    assert_string_equal(wire_get_text(&message), "text");
    assert_true(wire_finished(&message));
    assert_true(wire_next(&frame, &type, &message));
    assert_int_equal(type, WIRE_CHECK);
    assert_true(wire_finished(&message));
    assert_false(wire_next(&frame, &type, &message));
    assert_false(frame.bad);
}

static void fields_that_are_cut_off_anywhere_are_bad_and_read_as_nothing(void **state)
{
    (void)state;
    TIDY_DONE(buffer_done) struct buffer out = {0};
    size_t begin = wire_begin(&out, WIRE_LOG);
    wire_put_u32(&out, 7);
    wire_put_text(&out, "text");
    wire_end(&out, begin);
    for (size_t len = 1; len < out.len; len++) {
        char *exact = malloc(len); /* so that the sanitizer sees a byte too many */
        memcpy(exact, out.data, len);
        struct wire frame = wire_over(exact, len), message;
        uint32_t type;
        assert_false(wire_next(&frame, &type, &message));
        assert_true(frame.bad);
        if (len > 8) {
            struct wire fields = wire_over(exact + 8, len - 8);
            wire_get_u32(&fields);
            assert_null(wire_need_text(&fields));
            assert_true(fields.bad);
            assert_int_equal(wire_get_u64(&fields), 0);
        }
        free(exact);
    }
}

static void a_text_with_a_nul_within_or_without_one_at_its_end_is_bad(void **state)
{
    (void)state;
    static const char within[] = {3, 0, 0, 0, 'a', 0, 'b', 0}, without[] = {3, 0, 0, 0, 'a', 'b', 'c', 'd'};
    struct wire wire = wire_over(within, sizeof(within));
    assert_null(wire_get_text(&wire));
    assert_true(wire.bad);
    wire = wire_over(without, sizeof(without));
    assert_null(wire_get_text(&wire));
    assert_true(wire.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole_wherever_the_stream_is_cut),
        cmocka_unit_test(sizes_around_the_largest_frame_go_through),
        cmocka_unit_test(a_descriptor_rides_along_and_none_is_lost_or_leaked),
        cmocka_unit_test(what_is_no_frame_is_refused_with_its_reason),
        cmocka_unit_test(a_descriptor_in_the_middle_of_a_frame_is_nonsense),
        cmocka_unit_test(an_end_between_frames_is_not_an_end_within_one),
        cmocka_unit_test(a_reader_that_does_not_read_stops_the_sender_in_time),
        cmocka_unit_test(fields_come_back_and_null_is_not_empty),
        cmocka_unit_test(fields_that_are_cut_off_anywhere_are_bad_and_read_as_nothing),
        cmocka_unit_test(a_text_with_a_nul_within_or_without_one_at_its_end_is_bad),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}

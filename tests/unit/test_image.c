/* test_image - the flat images of the model. */
#include "unit.h"

#include "model/image.h"

static struct value text(const char *bytes)
{
    return (struct value){.presence = PRESENCE_VALUE, .len = (uint32_t)strlen(bytes), .bytes = bytes};
}

static struct image written(struct image_maker *maker, struct buffer *out)
{
    image_write(maker, out);
    assert_int_equal(out->rc, 0);
    return (struct image){(const uint8_t *)out->data, (uint32_t)out->len};
}

static void values_come_back_by_field_whatever_the_order_they_were_put_in(void **state)
{
    (void)state;
    static struct image_maker maker;
    __attribute__((cleanup(buffer_done))) struct buffer out = {0};
    image_start(&maker);
    image_put(&maker, 7, text("a@b"));
    image_put(&maker, 1, text("0042"));
    image_put(&maker, 1000, text("x"));
    image_put(&maker, 7, text("c@d"));
    struct image image = written(&maker, &out);
    assert_true(image_valid(image));
    assert_int_equal(image_count(image), 3);
    assert_true(value_equal(image_get(image, 1), text("0042")));
    assert_true(value_equal(image_get(image, 7), text("c@d")));
    assert_true(value_equal(image_get(image, 1000), text("x")));
    assert_int_equal(image_get(image, 2).presence, PRESENCE_ABSENT);
}

static void absent_null_and_empty_stay_three_things(void **state)
{
    (void)state;
    static struct image_maker maker;
    __attribute__((cleanup(buffer_done))) struct buffer out = {0};
    image_start(&maker);
    image_put(&maker, 1, (struct value){.presence = PRESENCE_NULL, .flags = VALUE_CLEARS});
    image_put(&maker, 2, (struct value){.presence = PRESENCE_EMPTY});
    image_put(&maker, 3, (struct value){.presence = PRESENCE_ABSENT});
    struct image image = written(&maker, &out);
    assert_int_equal(image_get(image, 1).presence, PRESENCE_NULL);
    assert_int_equal(image_get(image, 1).flags, VALUE_CLEARS);
    assert_int_equal(image_get(image, 2).presence, PRESENCE_EMPTY);
    assert_int_equal(image_get(image, 3).presence, PRESENCE_ABSENT);
    assert_false(value_equal(image_get(image, 1), image_get(image, 2)));
}

static void damaged_bytes_are_no_image(void **state)
{
    (void)state;
    static struct image_maker maker;
    __attribute__((cleanup(buffer_done))) struct buffer out = {0};
    image_start(&maker);
    image_put(&maker, 1, text("one"));
    image_put(&maker, 2, text("two"));
    struct image image = written(&maker, &out);
    for (uint32_t len = 0; len < image.len; len++)
        assert_false(image_valid((struct image){image.bytes, len}));
    out.data[2] = 9; /* fields no longer ascend */
    assert_false(image_valid(image));
}

static void enumerators_have_their_numbers_for_ever(void **state)
{
    (void)state;
    const struct field *status = field_by_name(KIND_person, "status");
    assert_non_null(status);
    assert_int_equal(enum_number(status, "on_leave", 8), 3);
    assert_int_equal(enum_number(status, "on", 2), 0);
    size_t len;
    assert_memory_equal(enum_text(status, 6, &len), "terminated", 10);
    assert_int_equal(len, 10);
    assert_null(enum_text(status, 99, &len));
}

static void every_field_is_found_by_name_and_by_number(void **state)
{
    (void)state;
    for (int kind = 1; kind < KIND_COUNT; kind++)
        for (size_t n = 0; field_nth((enum kind)kind, n); n++) {
            const struct field *field = field_nth((enum kind)kind, n);
            assert_ptr_equal(field_by_name((enum kind)kind, field->name), field);
            assert_ptr_equal(field_by_number((enum kind)kind, field->number), field);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_by_field_whatever_the_order_they_were_put_in),
        cmocka_unit_test(absent_null_and_empty_stay_three_things),
        cmocka_unit_test(damaged_bytes_are_no_image),
        cmocka_unit_test(enumerators_have_their_numbers_for_ever),
        cmocka_unit_test(every_field_is_found_by_name_and_by_number),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}

/* test_curl - the library is found when somebody asks, and every call of the table is there. */
#include "unit.h"

#include "broker/curl.h"

static void the_library_is_loaded_once_and_has_every_call(void **state)
{
    const struct curl *curl = NULL, *again = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(curl_load(&curl, &err), 0);
    assert_int_equal(curl_load(&again, &err), 0);
    assert_ptr_equal(curl, again);
#define CURL_CALL(name) assert_non_null(*(void *const *)&curl->name);
    CURL_CALLS(CURL_CALL)
#undef CURL_CALL
}

static void a_handle_refuses_what_it_cannot_speak(void **state)
{
    const struct curl *curl = NULL;
    (void)state;
    assert_int_equal(curl_load(&curl, NULL), 0);
    CURL *handle = curl->easy_init();
    assert_non_null(handle);
    assert_int_equal(curl->easy_setopt(handle, CURLOPT_URL, "nonsense://nowhere"), CURLE_OK);
    assert_int_equal(curl->easy_perform(handle), CURLE_UNSUPPORTED_PROTOCOL);
    curl->easy_cleanup(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_loaded_once_and_has_every_call),
        cmocka_unit_test(a_handle_refuses_what_it_cannot_speak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

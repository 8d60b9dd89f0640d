/* absent - a library that is there when its user is linked and not when it is loaded. */
int absent_function(void);
__attribute__((visibility("default"))) int absent_function(void)
{
    return 0;
}

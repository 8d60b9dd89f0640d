/* plain - a shared object that is no connector. */
int plain_function(void);
__attribute__((visibility("default"))) int plain_function(void)
{
    return 0;
}

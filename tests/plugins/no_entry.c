/*
 * no_entry.c - a shared object that is no generator
 */
int no_entry_answer(void);

int no_entry_answer(void)
{
    return 42;
}

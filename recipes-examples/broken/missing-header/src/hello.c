#include <stdio.h>
#include <tally_config.h>

int main(void)
{
    puts(TALLY_GREETING);
    return 0;
}

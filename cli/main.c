/* toll: reports, explains and verifies what tolld stored, and brings events to it. */
#include "cli/command.h"

int main(int argc, char **argv)
{
	return (int)command_main(argc, (const char **)argv);
}

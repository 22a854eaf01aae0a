#include "ledger/migrations.h"

/*
 * The files are taken in by the assembler, ended by a NUL, so that what runs is
 * byte for byte what stands in schema/migrations.
 */
#define M(NUMBER, NAME, file)                                                                      \
	extern const char migration_##NAME[];                                                      \
	__asm__(".pushsection .rodata\n"                                                           \
	        "migration_" #NAME ":\n"                                                           \
	        ".incbin \"" file "\"\n"                                                           \
	        ".byte 0\n"                                                                        \
	        ".popsection\n");
#include "ledger/migrations.def"
#undef M

const struct migration migrations[] = {
#define M(NUMBER, NAME, file) { NUMBER, migration_##NAME },
#include "ledger/migrations.def"
#undef M
};

const size_t migration_count = sizeof(migrations) / sizeof(migrations[0]);

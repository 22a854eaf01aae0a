# toll.  `make demo` shows it, `make check` tests it, `make help` lists the rest.

MODE       ?= release
PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
V          ?= 0
WERROR     ?= 0
SEED       ?= 1
RUNS       ?= 200
SECONDS    ?= 60

CC         ?= gcc
AR         ?= ar
PKG_CONFIG ?= pkg-config

B := build/$(MODE)
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

CPPFLAGS += -D_GNU_SOURCE -Ilib -I.
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla \
	-Wimplicit-fallthrough -Wnull-dereference $(if $(filter 1,$(WERROR)),-Werror)
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE

CFLAGS_release  := -O2 -g -D_FORTIFY_SOURCE=3 $(HARDEN)
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_asan     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
LDFLAGS_asan    := -fsanitize=address,undefined
CFLAGS_tsan     := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS_tsan    := -fsanitize=thread
CFLAGS_coverage  := -O0 -g --coverage
LDFLAGS_coverage := --coverage
ifeq ($(CFLAGS_$(MODE)),)
$(error MODE is $(MODE): one of release, asan, tsan, coverage)
endif

ALL_CFLAGS  = -std=gnu17 $(WARNINGS) $(CFLAGS_$(MODE)) $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS_$(MODE)) $(LDFLAGS)

# Expanded when a command runs, so that `deps` may install pkg-config first.
LIBS_lib    = $(shell $(PKG_CONFIG) --libs sqlite3) -lpthread
LIBS_daemon = $(shell $(PKG_CONFIG) --libs libuv) $(LIBS_lib)
LIBS_cli    = $(shell $(PKG_CONFIG) --libs libcurl) $(LIBS_lib)
LIBS_test   = $(shell $(PKG_CONFIG) --libs cmocka jansson libuv libcurl) $(LIBS_lib)

# make in make: the packages come first, then everything at once.
PARALLEL := $(MAKE) --no-print-directory -j$(shell nproc)

objects = $(patsubst %.c,$(B)/%.o,$(1))

LIB_C     := $(sort $(wildcard lib/*/*.c))
DAEMON_C  := $(sort $(wildcard daemon/*.c))
CLI_C     := $(sort $(wildcard cli/*.c))
SUPPORT_C := $(sort $(wildcard tests/support/*.c))
UNIT_C    := $(sort $(wildcard tests/unit/test_*.c))
INTEG_C   := $(sort $(wildcard tests/integration/test_*.c))
CRASH_C   := $(sort $(wildcard tests/crash/test_*.c))
FAULTS_C  := $(sort $(wildcard tests/faults/test_*.c))
SOAK_C    := $(sort $(wildcard tests/soak/test_*.c))
TOOL_C    := $(sort $(wildcard tests/tools/*.c))
BENCH_C   := $(sort $(wildcard tests/bench/*.c))
# What tools and bench share with the tests; the demo needs no test library for it.
TRAFFIC_C := tests/support/sample_traffic.c

LIBTOLL     := $(B)/libtoll.a
# All of the programs but their main(), for their unit tests.
LIBDAEMON   := $(B)/libdaemon.a
LIBCLI      := $(B)/libcli.a
SUPPORT     := $(B)/libsupport.a
UNIT_BINS   := $(patsubst %.c,$(B)/%,$(UNIT_C))
INTEG_BINS  := $(patsubst %.c,$(B)/%,$(INTEG_C))
# Campaigns: each a folder of tests with a seed.
CRASH_BINS  := $(patsubst %.c,$(B)/%,$(CRASH_C))
FAULTS_BINS := $(patsubst %.c,$(B)/%,$(FAULTS_C))
# Preloaded into tolld by one of them.
CLOCK       := $(B)/tests/faults/clock.so
SOAK_BINS   := $(patsubst %.c,$(B)/%,$(SOAK_C))
TOOL_BINS   := $(patsubst %.c,$(B)/%,$(TOOL_C))
BENCH       := $(B)/tests/bench/bench

.PHONY: all
all: $(B)/tolld $(B)/toll
	@:

$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The migrations are carried inside the program, byte for byte.
$(B)/lib/ledger/migrations.o: $(wildcard schema/migrations/*.sql)

$(LIBTOLL): $(call objects,$(LIB_C))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(SUPPORT): $(call objects,$(SUPPORT_C))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(LIBDAEMON): $(call objects,$(filter-out daemon/main.c,$(DAEMON_C)))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(LIBCLI): $(call objects,$(filter-out cli/main.c,$(CLI_C)))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/tolld: $(call objects,daemon/main.c) $(LIBDAEMON) $(LIBTOLL)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_daemon)

$(B)/toll: $(call objects,cli/main.c) $(LIBCLI) $(LIBTOLL)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -Wl,--as-needed $(LIBS_cli)

$(UNIT_BINS): $(LIBCLI) $(LIBDAEMON)
CAMPAIGN_BINS := $(CRASH_BINS) $(FAULTS_BINS) $(SOAK_BINS)
$(UNIT_BINS) $(INTEG_BINS) $(CAMPAIGN_BINS): $(B)/%: $(B)/%.o $(SUPPORT) $(LIBTOLL)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(SUPPORT) \
		$(filter $(LIBCLI) $(LIBDAEMON),$^) $(LIBTOLL) -Wl,--as-needed $(LIBS_test)

$(CLOCK): tests/faults/clock.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu17 $(WARNINGS) -O2 -g -fPIC -shared -o $@ $<

$(TOOL_BINS): $(B)/%: $(B)/%.o $(call objects,$(TRAFFIC_C)) $(LIBTOLL)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_lib)

$(BENCH): $(call objects,$(BENCH_C) $(TRAFFIC_C)) $(LIBTOLL)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_lib)

.PHONY: help
help:
	@echo 'make                    build/release/tolld and build/release/toll'
	@echo 'make demo               a day of sample traffic, measured, priced, explained'
	@echo 'make check              check-style, -unit, -integration, -crash, -faults, -soak'
	@echo 'make unit-NAME          one unit test: make unit-money'
	@echo 'make crash              kill -9 and power cuts: SEED=1 RUNS=200'
	@echo 'make faults             what disk, memory and kernel can refuse: SEED=1 RUNS=200'
	@echo 'make soak               more than it can take, for SECONDS=60: SEED=1'
	@echo 'make bench              the figures of README.md, into build/bench.json'
	@echo 'make bench-flat         the rate of inserts from 1 M to EVENTS=100000000'
	@echo 'make bench-reconcile    statements against a ledger of EVENTS=10000000'
	@echo 'make mutation           what no test notices: SEED=1 RUNS=200 FILES=...'
	@echo 'make fuzz               each target of tests/fuzz: SEED=1 SECONDS=60, with clang'
	@echo 'make coverage           lines and branches that are run: WITH=integration MISSED=lib'
	@echo 'make format             lay out the code as .clang-format says'
	@echo 'make install            PREFIX=/usr/local SYSCONFDIR=/etc DESTDIR='
	@echo 'make uninstall          takes away what install put there, but no configuration'
	@echo 'make deps               install the Debian packages for all of this'
	@echo 'make clean              remove build/'
	@echo
	@echo 'MODE=release|asan|tsan|coverage   objects of each under build/$$(MODE)/'
	@echo 'WERROR=1                          warnings are errors, as in .ci/run'
	@echo 'V=1                               show the commands'
	@echo 'TOLL_DATA=FOLDER                  recorded provider traffic for the tests'

.PHONY: deps
deps:
	$(Q)packaging/bootstrap check

.PHONY: demo
demo:
	$(Q)packaging/bootstrap demo
	$(Q)$(PARALLEL) all tools
	$(Q)tests/demo.sh $(B)

.PHONY: tools
tools: $(TOOL_BINS)
	@:

.PHONY: check check-style check-unit check-integration check-crash crash check-faults faults \
	check-soak soak
check:             SECTIONS := style unit integration crash faults soak
check:             NEEDS    := all $(TOOL_BINS) $(BENCH) $(UNIT_BINS) $(INTEG_BINS) $(CRASH_BINS) \
	$(FAULTS_BINS) $(CLOCK) $(SOAK_BINS)
check-style:       SECTIONS := style
check-style:       NEEDS    := all
check-unit:        SECTIONS := unit
check-unit:        NEEDS    := $(UNIT_BINS)
check-integration: SECTIONS := integration
check-integration: NEEDS    := all $(TOOL_BINS) $(BENCH) $(INTEG_BINS)
check-crash crash: SECTIONS := crash
check-crash crash: NEEDS    := all $(TOOL_BINS) $(CRASH_BINS)
check-faults faults: SECTIONS := faults
check-faults faults: NEEDS    := all $(TOOL_BINS) $(FAULTS_BINS) $(CLOCK)
check-soak soak:   SECTIONS := soak
check-soak soak:   NEEDS    := all $(TOOL_BINS) $(BENCH) $(SOAK_BINS)
check check-style check-unit check-integration check-crash crash check-faults faults \
		check-soak soak:
	$(Q)packaging/bootstrap check
	$(Q)$(PARALLEL) $(NEEDS)
	$(Q)SEED=$(SEED) RUNS=$(RUNS) SECONDS=$(SECONDS) \
		$(if $(findstring file,$(origin SEED)),,TOLL_SEED=$(SEED)) \
		$(if $(or $(filter soak,$@),$(filter-out file,$(origin SECONDS))), \
		TOLL_SECONDS=$(SECONDS)) \
		tests/check/run-tests.sh $(MODE) $(SECTIONS)

# Its own malloc() and realloc() stand before the ones of everything that is tested.
$(B)/tests/unit/test_allocation $(B)/tests/unit/test_publish_memory: \
	ALL_LDFLAGS += -Wl,--wrap=malloc,--wrap=realloc
$(filter $(addprefix $(B)/tests/faults/,test_memory% test_damage_faults),$(FAULTS_BINS)) \
$(B)/tests/unit/test_zone $(B)/tests/unit/test_mapping $(B)/tests/unit/test_statement_suggest \
$(B)/tests/unit/test_fetch $(B)/tests/unit/test_bill_memory \
$(B)/tests/unit/test_bill_result_memory: \
	ALL_LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup
# Each call of tests/support/failcall.def, and three of our own that make some of them.
FAILCALLS := close faccessat fchmod fchown fcntl fopen fstat fsync ftruncate getrandom \
	lchown lstat mkdir mkostemp open opendir pread pwrite read readdir rename renameat2 \
	stat unlink unlinkat files_owner files_give lock_mark_write
$(B)/tests/faults/test_calls: ALL_LDFLAGS += $(FAILCALLS:%=-Wl,--wrap=%)
$(B)/tests/unit/test_writer_start: ALL_LDFLAGS += -Wl,--wrap=pthread_mutex_init \
	-Wl,--wrap=pthread_condattr_init,--wrap=pthread_condattr_setclock \
	-Wl,--wrap=pthread_cond_init,--wrap=uv_async_init,--wrap=pthread_create
$(B)/tests/unit/test_statement_pages: ALL_LDFLAGS += -Wl,--wrap=fsync,--wrap=rename,--wrap=renameat2
$(B)/tests/faults/test_statements: \
	ALL_LDFLAGS += -Wl,--wrap=sqlite3_step,--wrap=sqlite3_exec,--wrap=sqlite3_prepare_v2 \
		-Wl,--wrap=sqlite3_prepare_v3

# One unit test by name: make unit-money
unit-%: $(B)/tests/unit/test_%
	$(Q)TOLL_BUILD=$(B) $<

.PHONY: bench
bench:
	$(Q)packaging/bootstrap demo
	$(Q)$(PARALLEL) all $(BENCH)
	$(Q)$(BENCH) --build $(B) --output build/bench.json

# The rate of inserts at the end of that many events, against that at their beginning.
EVENTS ?= 100000000
.PHONY: bench-flat
bench-flat:
	$(Q)packaging/bootstrap demo
	$(Q)$(PARALLEL) all $(BENCH)
	$(Q)$(BENCH) --flat $(EVENTS)

# Statements against a ledger of EVENTS=10000000.
.PHONY: bench-reconcile
bench-reconcile: EVENTS := $(if $(filter file,$(origin EVENTS)),10000000,$(EVENTS))
bench-reconcile:
	$(Q)packaging/bootstrap demo
	$(Q)$(PARALLEL) all $(BENCH)
	$(Q)$(BENCH) --build $(B) --output build/bench-reconcile.json --reconcile $(EVENTS)

# libFuzzer over what reads strangers' bytes, all of it instrumented; clang is not needed
# elsewhere.  Each tests/fuzz/fuzz_NAME.c is a target with its seeds in tests/fuzz/corpus/NAME.
FUZZ_CC   ?= clang-14
FUZZ_B    := build/fuzz
FUZZ_SAN  := address,undefined
FUZZ_C    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LIB  := $(patsubst %.c,$(FUZZ_B)/%.o,$(sort $(wildcard lib/base/*.c lib/money/*.c \
	lib/usage/*.c lib/price/*.c lib/rate/*.c lib/wire/*.c lib/statement/*.c \
	tests/support/*_invariants.c)))
FUZZ_BINS := $(patsubst tests/fuzz/%.c,$(FUZZ_B)/%,$(FUZZ_C))
FUZZ_FLAGS = $(CPPFLAGS) -std=gnu17 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all

$(FUZZ_B)/%.o: %.c
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) -MMD -MP -c -o $@ $<

# A fault is planted in the harness alone.
$(FUZZ_B)/tests/fuzz/planted.o: tests/fuzz/fuzz_sse.c
	$(call say,FUZZCC,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -DFUZZ_PLANT -fsanitize=fuzzer-no-link,$(FUZZ_SAN) -MMD -MP \
		-c -o $@ $<

$(FUZZ_B)/libfuzzed.a: $(FUZZ_LIB)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(FUZZ_BINS) $(FUZZ_B)/planted: $(FUZZ_B)/%: $(FUZZ_B)/tests/fuzz/%.o $(FUZZ_B)/libfuzzed.a
	$(call say,FUZZLD,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $^

# Each target gets an equal share of SECONDS; what is found is left in build/fuzz/found.
.PHONY: fuzz
fuzz:
	$(Q)packaging/bootstrap fuzz
	$(Q)$(PARALLEL) $(FUZZ_BINS) $(FUZZ_B)/planted
	$(Q)SEED=$(SEED) SECONDS_ALL=$(SECONDS) tests/fuzz/run-fuzz.sh $(FUZZ_B) $(FUZZ_BINS)

# Does a test fail where the code is another?  Of the files in tests/mutation/modules.txt.
.PHONY: mutation
mutation:
	$(Q)packaging/bootstrap check
	$(Q)SEED=$(SEED) RUNS=$(RUNS) FILES="$(FILES)" tests/mutation/mutate.py

# How much of the code do tests run?  Of folders named in WITH too, as WITH="integration faults".
COVERAGE_BINS = $(UNIT_BINS) $(FAULTS_BINS) $(CRASH_BINS) \
	$(if $(findstring integration,$(WITH)),$(INTEG_BINS) $(TOOL_BINS) $(BENCH)) \
	$(if $(findstring soak,$(WITH)),$(SOAK_BINS)) $(if $(findstring faults,$(WITH)),$(CLOCK))
.PHONY: coverage coverage-build
coverage:
	$(Q)packaging/bootstrap check
	$(Q)$(PARALLEL) MODE=coverage coverage-build
	$(Q)SEED=$(SEED) RUNS=$(RUNS) SECONDS=$(SECONDS) WITH="$(WITH)" MISSED="$(MISSED)" \
		tests/check/coverage.py
coverage-build: all $(COVERAGE_BINS)
	@:

.PHONY: format
format:
	$(Q)find lib daemon cli tests -name '*.[ch]' | xargs clang-format-14 -i

# The service and the man pages name the default prefix; what is installed names the real one.
MAN1 := $(wildcard packaging/man/*.1)
MAN5 := $(wildcard packaging/man/*.5)
MAN8 := $(wildcard packaging/man/*.8)
UNITS := packaging/systemd/tolld.service packaging/systemd/tolld.socket
D = $(DESTDIR)$(PREFIX)

.PHONY: install
install: all
	install -d $(D)/bin $(D)/lib/systemd/system $(D)/lib/sysusers.d $(D)/lib/tmpfiles.d \
		$(D)/share/man/man1 $(D)/share/man/man5 $(D)/share/man/man8 \
		$(D)/share/toll/schema $(D)/share/doc/toll $(DESTDIR)$(SYSCONFDIR)/toll
	install -m 755 $(B)/tolld $(B)/toll $(D)/bin
	install -m 644 $(MAN1) $(D)/share/man/man1
	install -m 644 $(MAN5) $(D)/share/man/man5
	install -m 644 $(MAN8) $(D)/share/man/man8
	install -m 644 schema/*.schema.json $(D)/share/toll/schema
	install -m 644 packaging/pricebook.sample.json packaging/vectors.sample.json \
		packaging/statement-mapping.sample.json packaging/tolld.json $(D)/share/toll
	install -m 644 README.md SECURITY.md $(D)/share/doc/toll
	install -m 644 packaging/sysusers.d/toll.conf $(D)/lib/sysusers.d
	install -m 644 packaging/tmpfiles.d/toll.conf $(D)/lib/tmpfiles.d
	for unit in $(UNITS); do \
		sed -e 's|/usr/local|$(PREFIX)|g' -e 's|/etc/toll|$(SYSCONFDIR)/toll|g' \
		$$unit >$(D)/lib/systemd/system/$${unit##*/} || exit 1; done
	chmod 644 $(UNITS:packaging/systemd/%=$(D)/lib/systemd/system/%)
	test -e $(DESTDIR)$(SYSCONFDIR)/toll/tolld.json || \
		install -m 644 packaging/tolld.json $(DESTDIR)$(SYSCONFDIR)/toll

.PHONY: uninstall
uninstall:
	rm -f $(D)/bin/tolld $(D)/bin/toll
	rm -f $(D)/lib/sysusers.d/toll.conf $(D)/lib/tmpfiles.d/toll.conf
	rm -f $(UNITS:packaging/systemd/%=$(D)/lib/systemd/system/%)
	rm -f $(MAN1:packaging/man/%=$(D)/share/man/man1/%) \
		$(MAN5:packaging/man/%=$(D)/share/man/man5/%) \
		$(MAN8:packaging/man/%=$(D)/share/man/man8/%)
	rm -rf $(D)/share/toll $(D)/share/doc/toll

.PHONY: clean
clean:
	$(Q)rm -rf build

-include $(patsubst %.o,%.d,$(call objects,$(LIB_C) $(DAEMON_C) $(CLI_C) $(SUPPORT_C) $(UNIT_C) \
	$(INTEG_C) $(CRASH_C) $(FAULTS_C) $(SOAK_C) $(TOOL_C) $(BENCH_C)))
-include $(FUZZ_LIB:.o=.d) $(patsubst %.c,$(FUZZ_B)/%.d,$(FUZZ_C) tests/fuzz/planted.c)

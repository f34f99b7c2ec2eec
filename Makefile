# Liên Thông gateway. Plain GNU make; `make help` lists what it does.
#
# How it is put together
#   Every folder of sources is found by wildcard and becomes one archive, build/lib/<folder>.a; main.c files stay out of
#   them. A program is its main.c and the archives of its own level and below, in that order: what design and
#   tests/check/layering forbid to include does not link either. A folder or a main.c that is not there is skipped.
#   The schema proto/lienthong.proto becomes build/gen/proto/lienthong.pb-c.{c,h} (C) and
#   build/gen/python/lienthong_pb2.py (the live tests speak the wire format with it).
#   tests/unit/test_<folder>_<what>.c is one cmocka program, linked with what <folder> may use; other .c files in
#   tests/unit are shared by all of them. tests/trace/*.c is the program that runs the stories, tests/sim/*.c the
#   simulator, tests/city/*.c the city's half year, each tests/examples/*.c a program linked with liblienthong.a only.
#
# Knobs      SAN=1         address and undefined-behaviour sanitizers, in build-san/
#            BUILD=folder  build there: two people in one tree do not get in each other's way
#            WERROR=       warnings are warnings
#            V=1           show the commands
#            prefix= DESTDIR=        for install
#            KEEP=1        for demo;  SEED= RUNS= for sim;  ONLY=word for unit and live: names that contain it
#            N= SEED=      for city: how many dossiers;  KEEP=1 leaves its store
# -j is yours to choose, except that `make test` and `make demo` use every processor unless told otherwise.

prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
libdir     ?= $(prefix)/lib
includedir ?= $(prefix)/include
datadir    ?= $(prefix)/share
unitdir    ?= $(prefix)/lib/systemd/system
VERSION    := $(shell sed -n 's/.*LIENTHONG_VERSION "\(.*\)"/\1/p' gateway/base/version.h)
CC         ?= gcc
PYTHON     ?= /usr/bin/python3
WERROR     ?= -Werror

ifdef FUZZER
# clang for the fuzzers only: its warnings are others, and gcc has had its say on the same files.
BUILD      := build-fuzzer
CC         := clang-14
WERROR     := -w
TUNE       := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer
TUNE_LINK  := -fsanitize=address,undefined,fuzzer
else ifdef SAN
BUILD      := build-san
TUNE       := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TUNE_LINK  := -fsanitize=address,undefined
else
BUILD      := build
# Nobody puts his own function in the place of one of ours: so they may be inlined in their own file, -fPIC or not.
TUNE       := -O2 -g -fno-semantic-interposition -fstack-protector-strong -D_FORTIFY_SOURCE=2
TUNE_LINK  :=
endif
Q := $(if $(V),,@)
say = @printf '  %-7s %s\n' '$(1)' '$(2)'

WARN     := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Position independent throughout: the same objects serve PIE programs and the shared library.
CFLAGS   ?=
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(TUNE) -fPIC $(WARN) $(WERROR) -I. -I$(BUILD)/gen $(CFLAGS)
LDFLAGS  ?=
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(TUNE_LINK) $(LDFLAGS)

# Asked once, and only when something is linked: `make deps` works before any of them is there.
PACKAGES := libzmq libsodium libcrypto lmdb libxxhash libprotobuf-c libcurl jansson yaml-0.1 libsystemd
LIBS = $(eval LIBS := $$(shell pkg-config --libs $(PACKAGES)) -lunistring -lpthread -lm)$(LIBS)

# ---------------------------------------------------------------- what there is

FOLDERS  := gateway/base proto gateway/store gateway/core gateway/wire gateway/directory gateway/client gateway/broker \
            gateway/cli adapters/kinds adapters/runtime
PB_C     := $(BUILD)/gen/proto/lienthong.pb-c.c
PB_H     := $(BUILD)/gen/proto/lienthong.pb-c.h
PB_PY    := $(BUILD)/gen/python/lienthong_pb2.py

# Which archives a folder is linked with, its own first. The same order as in tests/check/layering.
NEEDS_base      := base
NEEDS_proto     := proto base
NEEDS_store     := store $(NEEDS_proto)
NEEDS_core      := core $(NEEDS_store)
NEEDS_wire      := wire $(NEEDS_core)
NEEDS_directory := directory $(NEEDS_core)
NEEDS_broker    := broker directory $(NEEDS_wire)
NEEDS_client    := client $(NEEDS_proto)
NEEDS_kinds     := kinds $(NEEDS_proto)
NEEDS_runtime   := runtime kinds $(NEEDS_client)
NEEDS_cli       := cli kinds client directory $(NEEDS_wire)
NEEDS_all       := cli broker runtime kinds client directory $(NEEDS_wire)

sources_of = $(filter-out %/main.c,$(wildcard $(1)/*.c))
object_of  = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
archives   = $(patsubst %,$(BUILD)/lib/%.a,$(1))

PROGRAMS := $(if $(wildcard gateway/broker/main.c),$(BUILD)/lienthongd) \
            $(if $(wildcard adapters/runtime/main.c),$(BUILD)/lienthong-adapter) \
            $(if $(wildcard gateway/cli/main.c),$(BUILD)/lienthong)
LIBRARY  := $(if $(call sources_of,gateway/client),$(BUILD)/liblienthong.a $(BUILD)/liblienthong.so \
                $(BUILD)/lienthong.pc $(BUILD)/lienthong-uninstalled.pc)

UNIT_ALL := $(sort $(wildcard tests/unit/test_*.c))
UNIT_SOURCES := $(if $(ONLY),$(foreach f,$(UNIT_ALL),$(if $(findstring $(ONLY),$(f)),$(f))),$(UNIT_ALL))
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SOURCES))
UNIT_SHARED := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
TRACE_SOURCES := $(wildcard tests/trace/*.c)
TRACE    := $(if $(TRACE_SOURCES),$(BUILD)/tests/trace)
SIM_SOURCES := $(wildcard tests/sim/*.c)
SIM      := $(if $(SIM_SOURCES),$(BUILD)/tests/sim)
CITY_SOURCES := $(wildcard tests/city/*.c) tests/sim/dice.c
CITY     := $(if $(wildcard tests/city/main.c),$(BUILD)/tests/city)
FUZZ_SOURCES := $(foreach f,$(sort $(wildcard tests/fuzz/fuzz_*.c)),$(if $(findstring $(or $(ONLY),fuzz_),$(f)),$(f)))
FUZZ     := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(FUZZ_SOURCES))
FUZZ_SHARED := $(filter-out tests/fuzz/fuzz_% $(if $(FUZZER),tests/fuzz/replay.c),$(wildcard tests/fuzz/*.c))
NTH      := $(if $(wildcard tests/nth/stories.c),$(BUILD)/tests/nth_stories $(BUILD)/tests/nth_units)
HOSTILE  := $(BUILD)/bench/submit_load $(BUILD)/hostile/sends.so
EXAMPLES := $(patsubst tests/examples/%.c,$(BUILD)/tests/%,$(wildcard tests/examples/*.c))
TORTURE  := $(if $(wildcard tests/torture/load.c),$(addprefix $(BUILD)/torture/,recorder.so clock.so load pin))
BENCH    := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))

# ---------------------------------------------------------------- building

.DEFAULT_GOAL := all
.PHONY: all programs tests deps check checks unit trace sim fuzz fuzz-programs fuzz-smoke mutants live torture test \
        city demo install clean help python hostile nth bench wan FORCE
.DELETE_ON_ERROR:
.SECONDARY: $(patsubst $(BUILD)/tests/%,$(BUILD)/obj/tests/examples/%.o,$(EXAMPLES))

all: programs tests $(TORTURE)  ## programs, library and test programs (default)
programs: $(PROGRAMS) $(LIBRARY)  ## programs and library only
tests: $(UNIT) $(TRACE) $(SIM) $(CITY) $(NTH) $(EXAMPLES) python
python: $(PB_PY)

$(PB_C) $(PB_H) &: proto/lienthong.proto
	$(call say,PROTOC,$<)
	$(Q)mkdir -p $(BUILD)/gen && protoc-c --c_out=$(BUILD)/gen $<
$(PB_PY): proto/lienthong.proto
	$(call say,PROTOC,$@)
	$(Q)mkdir -p $(@D) && protoc -Iproto --python_out=$(@D) $<

# Touched when the flags change, so that everything is compiled again then, and only then.
FLAGS_FILE := $(BUILD)/obj/flags
FLAGS_NOW   = $(CC) $(ALL_CFLAGS)
$(FLAGS_FILE): FORCE
	@mkdir -p $(@D) && echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' > $@

# Examples and the benchmark's client include <lienthong.h>, as the library's users do.
$(BUILD)/obj/tests/examples/%.o $(BUILD)/obj/tests/bench/%.o: private EXTRA := -Igateway/client
$(BUILD)/obj/%.o: %.c $(FLAGS_FILE) | $(PB_H)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $(EXTRA) -MMD -MP -c -o $@ $<
# Its templates become part of the object, by the assembler, which tells no dependencies.
$(BUILD)/obj/gateway/cli/paper_templates.o: $(wildcard gateway/cli/papers/*.html)
# Generated code is not ours to warn about.
$(BUILD)/obj/gen/lienthong.pb-c.o: $(PB_C) $(FLAGS_FILE)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -w -MMD -MP -c -o $@ $<

# An archive is made anew, so that an object whose source has gone does not stay in it.
define archive_rule
OBJECTS_$(notdir $(1)) := $(call object_of,$(call sources_of,$(1))) \
    $(if $(filter proto,$(1)),$(BUILD)/obj/gen/lienthong.pb-c.o)
$(BUILD)/lib/$(notdir $(1)).a: $$(OBJECTS_$(notdir $(1)))
	@mkdir -p $$(@D) && rm -f $$@ && $(AR) rcsD $$@ $$^
endef
$(foreach folder,$(FOLDERS),$(eval $(call archive_rule,$(folder))))
OBJECTS_unit-shared := $(call object_of,$(UNIT_SHARED))
OBJECTS_fuzz-shared := $(call object_of,$(FUZZ_SHARED))
$(BUILD)/lib/unit-shared.a: $(OBJECTS_unit-shared)
$(BUILD)/lib/fuzz-shared.a: $(OBJECTS_fuzz-shared)
$(BUILD)/lib/%-shared.a:
	@mkdir -p $(@D) && rm -f $@ && $(AR) rcsD $@ $^

# $(call program_rule,program,objects,archives,more libraries). Archives in a group: core and store call each other's
# constants, and the order on the line should not matter.
define program_rule
$(1): $(2) $(3)
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(ALL_LDFLAGS) -o $$@ $(2) -Wl,--start-group $(3) -Wl,--end-group $(4) $$(LIBS)
endef
program = $(eval $(call program_rule,$(1),$(2),$(call archives,$(3)),$(4)))

$(call program,$(BUILD)/lienthongd,$(call object_of,gateway/broker/main.c),$(NEEDS_broker))
$(call program,$(BUILD)/lienthong-adapter,$(call object_of,adapters/runtime/main.c),$(NEEDS_runtime))
$(call program,$(BUILD)/lienthong,$(call object_of,gateway/cli/main.c),$(NEEDS_cli))
$(call program,$(BUILD)/tests/trace,$(call object_of,$(TRACE_SOURCES)),directory $(NEEDS_wire))
$(call program,$(BUILD)/tests/sim,$(call object_of,$(SIM_SOURCES)),directory $(NEEDS_wire))
$(call program,$(BUILD)/tests/city,$(call object_of,$(CITY_SOURCES)),directory $(NEEDS_wire))
wraps      = $(addprefix -Wl$(comma)--wrap=,$(1))
comma     := ,
WRAPS_test_broker_turn := bus_now_us bus_read bus_send zmq_msg_gets     # tests/unit/broker_seat.c has them
WRAPS_test_broker_sync := $(WRAPS_test_broker_turn) fdatasync    # and this one tests/unit/disk_gate.c
WRAPS_test_store_aside := fdatasync
WRAPS_test_store_blob_pace := fdatasync         # it has it itself
WRAPS_test_store_backup := fdopendir readdir mdb_env_copyfd2    # it has them itself
WRAPS_test_runtime_transfer := realloc          # these two tests have them themselves
WRAPS_test_runtime_loop := clock_monotonic_ms
needs_of_test = $(or $(NEEDS_$(word 2,$(subst _, ,$(basename $(notdir $(1)))))),$(NEEDS_all))
$(foreach test,$(UNIT_SOURCES),$(call program,$(BUILD)/tests/$(basename $(notdir $(test))),$(call object_of,$(test)),\
    unit-shared $(call needs_of_test,$(test)),-lcmocka $(call wraps,$(WRAPS_$(basename $(notdir $(test)))))))
$(foreach f,$(FUZZ_SOURCES),$(call program,$(f:tests/fuzz/fuzz_%.c=$(BUILD)/fuzz/%),$(call object_of,$(f)),\
    fuzz-shared $(NEEDS_all)))
# LMDB's and ZeroMQ's calls come to tests/nth/calls.c first; a story's store, and the clocks of a client, to the sweeps.
NTH_CALLS := $(addprefix mdb_,env_create env_set_maxdbs env_set_mapsize env_open env_get_fd env_copyfd2 txn_begin \
    txn_commit dbi_open cursor_open get cursor_get put cursor_put cursor_del del) zmq_msg_send zmq_send \
    zmq_msg_init_size
NTH_OBJECTS = $(call object_of,$(addprefix tests/nth/,fail.c memory.c files.c calls.c image.c $(1)))
$(call program,$(BUILD)/tests/nth_stories,$(call NTH_OBJECTS,stories.c besides.c) \
    $(call object_of,$(filter-out %/main.c,$(TRACE_SOURCES))),directory $(NEEDS_wire),\
    $(call wraps,$(NTH_CALLS) world_new $(addprefix store_,open turn read check backup restore)))
$(call program,$(BUILD)/tests/nth_units,$(call NTH_OBJECTS,units.c unit_config.c unit_wire.c unit_client.c),\
    unit-shared kinds client directory $(NEEDS_wire),\
    -lcmocka $(call wraps,$(NTH_CALLS) clock_wall_ms clock_monotonic_ms clock_boot_ms))
LOAD_SOURCES := $(addprefix tests/torture/,load.c load_blob.c load_store.c audit.c audit_blob.c)
$(call program,$(BUILD)/torture/load,$(call object_of,$(LOAD_SOURCES)),directory $(NEEDS_wire))
$(call program,$(BUILD)/torture/pin,$(call object_of,tests/torture/pin.c),base)
# Loaded before a program; they define what a fortified header would have as inline functions.
$(BUILD)/obj/tests/torture/recorder.o $(BUILD)/obj/tests/torture/clock.o: private EXTRA := -U_FORTIFY_SOURCE
$(BUILD)/torture/%.so: $(BUILD)/obj/tests/torture/%.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -shared $(LDFLAGS) -o $@ $^ -ldl -lpthread
$(BUILD)/hostile/sends.so: $(BUILD)/obj/tests/hostile/sends.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -shared $(LDFLAGS) -o $@ $^ -ldl
$(BUILD)/tests/%: $(BUILD)/obj/tests/examples/%.o $(BUILD)/liblienthong.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/liblienthong.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The library shows lienthong_* and nothing else. That includes lienthong__v1__*, the generated code: its users fill in
# and read those messages. The static one is a single object with everything else made local, so that names like
# text_add cannot meet a name of the program it goes into. What only programs need stays out: no libyaml for a client.
LIBRARY_OBJECTS := $(OBJECTS_client) $(OBJECTS_proto) $(filter-out %/yaml.o %/log.o,$(OBJECTS_base))
$(BUILD)/liblienthong.a: $(LIBRARY_OBJECTS)
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(BUILD)/liblienthong.o $^
	$(Q)objcopy --wildcard --keep-global-symbol='lienthong_*' $(BUILD)/liblienthong.o
	$(Q)rm -f $@ && $(AR) rcsD $@ $(BUILD)/liblienthong.o
$(BUILD)/liblienthong.map: Makefile
	@mkdir -p $(@D) && echo 'LIENTHONG_0 { global: lienthong_*; local: *; };' > $@
$(BUILD)/liblienthong.so: $(LIBRARY_OBJECTS) $(BUILD)/liblienthong.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,liblienthong.so.0 -Wl,--version-script=$(BUILD)/liblienthong.map -Wl,-z,relro,-z,now \
	    -Wl,--as-needed $(TUNE_LINK) $(LDFLAGS) -o $@ $(LIBRARY_OBJECTS) $(LIBS)
	$(Q)ln -sf liblienthong.so $(BUILD)/liblienthong.so.0

define PC_COMMON

Name: lienthong
Description: Client of the Lien Thong gateway: hand off, follow, receive
Version: $(VERSION)
Requires: libprotobuf-c
Requires.private: libzmq libsodium libcrypto
endef
define PC_INSTALLED
libdir=$(libdir)
includedir=$(includedir)/lienthong
Libs: -L$${libdir} -llienthong
Cflags: -I$${includedir} -I$${includedir}/gateway/client
$(PC_COMMON)
endef
# pkg-config prefers this one where it finds it: PKG_CONFIG_PATH=build works before any install.
define PC_UNINSTALLED
libdir=$${pcfiledir}
includedir=$${pcfiledir}/..
Libs: -L$${libdir} -Wl,-rpath,$${libdir} -llienthong
Cflags: -I$${includedir} -I$${includedir}/gateway/client -I$${libdir}/gen
$(PC_COMMON)
endef
export PC_INSTALLED PC_UNINSTALLED
$(BUILD)/lienthong.pc: FORCE
	@mkdir -p $(@D) && printenv PC_INSTALLED > $@
$(BUILD)/lienthong-uninstalled.pc: FORCE
	@mkdir -p $(@D) && printenv PC_UNINSTALLED > $@

-include $(shell test -d $(BUILD)/obj && find $(BUILD)/obj -name '*.d')

# ---------------------------------------------------------------- testing

RUN      := tests/check/run-tests
JOBS      = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
export UBSAN_OPTIONS := print_stacktrace=1

CHECKS   := style layering headers readmes
checks_suites = $(foreach c,$(CHECKS),check/$(c)='tests/check/$(c)')
unit_suites  = $(foreach t,$(UNIT),$(1)unit/$(notdir $(t))='$(2)/tests/$(notdir $(t))')
trace_suites = $(if $(TRACE),$(1)trace='$(2)/tests/trace $(wildcard tests/trace/*.trace)')
sim_suites   = $(if $(SIM),sim='$(BUILD)/tests/sim --seed $(or $(SEED),1) --runs $(or $(1),20)')
FUZZER_BUILD := $(if $(findstring command,$(origin BUILD)),$(BUILD),build-fuzzer)
# $(call city_suites,dossiers): the half year, and that planted faults of delivery are caught by the agencies' books.
city_suites  = $(if $(CITY),city='$(BUILD)/tests/city --store-check --seed $(or $(SEED),1) --dossiers $(1)' \
    city/faults='tests/city/faults $(BUILD)/tests/city')
fuzz_suites  = $(foreach f,$(FUZZ),fuzz/$(notdir $(f))='$(1)/fuzz/$(notdir $(f)) tests/fuzz/corpus/$(notdir $(f))')
# Where the Python tests and the demo find the schema's module and the programs.
export PYTHONPATH := $(CURDIR)/$(BUILD)/gen/python
export LIENTHONG_BUILD := $(CURDIR)/$(BUILD)
PYTEST   := $(PYTHON) -m pytest -q -rfE -p no:cacheprovider
# 200 power cuts and everything else; `make test` has 20 and leaves out what is marked long.
torture_suites = $(if $(TORTURE),torture='CUTS=$(or $(CUTS),$(1)) SEED=$(or $(SEED),1) \
    $(subst -rfE,-rfEs,$(PYTEST)) tests/torture $(if $(ONLY),-k $(ONLY)) $(2)')
# $(call nth_suites,name prefix,folder,tries per story,every so many-th call of a unit,stories left out)
nth_suites   = $(if $(NTH),$(1)nth/stories='NTH_TRIES=$(3) $(2)/tests/nth_stories \
    $(filter-out $(5),$(wildcard tests/trace/*.trace))' $(1)nth/units='NTH_STRIDE=$(4) $(2)/tests/nth_units')
nth_sends    = nth/sends='$(PYTEST) tests/hostile/test_sends.py'
NTH_LONG    := tests/trace/outage_62_hours.trace
hostile_suites = hostile='$(subst -rfE,-rfEs,$(PYTEST)) tests/hostile $(if $(ONLY),-k $(ONLY)) $(1)'
live_suites  = $(if $(wildcard tests/live/test_*.py),live='$(PYTEST) tests/live $(if $(ONLY),-k $(ONLY))')

export CHECK_CC := $(CC)
export CHECK_CFLAGS = $(ALL_CFLAGS)

deps:                           ## install what is missing of the Debian packages (root or sudo)
	$(Q)deploy/install-dependencies
checks: $(PB_H)                 ## style, layering, headers, READMEs: no build needed
	$(Q)$(RUN) $(checks_suites)
check: all                      ## checks, build, unit, trace, a short simulation; under two minutes
	$(Q)$(RUN) $(checks_suites) $(call unit_suites,,$(BUILD)) $(call trace_suites,,$(BUILD)) $(call sim_suites,20)
unit: $(UNIT)                   ## unit tests; ONLY=word picks some
	$(Q)$(RUN) $(call unit_suites,,$(BUILD))
trace: $(TRACE)                 ## golden stories through the shipped core and store
	$(Q)$(RUN) $(call trace_suites,,$(BUILD))
sim: $(SIM)                     ## the simulator: SEED= RUNS=
	$(Q)$(RUN) --stream sim $(call sim_suites,$(RUNS))
city: $(CITY)                   ## six months of a city's dossiers, with real syncs: N= SEED=
	$(Q)$(CITY) --seed $(or $(SEED),1) --dossiers $(or $(N),103863) $(if $(KEEP),--keep)
fuzz:                           ## fuzzers with clang, one after the other: SECONDS= each (60), ONLY=word picks some
	$(Q)deploy/install-dependencies fuzz
	$(Q)$(MAKE) --no-print-directory $(JOBS) FUZZER=1 fuzz-programs
	$(Q)$(PYTHON) tests/fuzz/run --programs $(FUZZER_BUILD)/fuzz --seconds $(or $(SECONDS),60) $(notdir $(FUZZ))
fuzz-programs: $(FUZZ)
fuzz-smoke:                     ## their kept inputs again, with gcc and sanitizers
	$(Q)$(MAKE) --no-print-directory $(JOBS) SAN=1 fuzz-programs
	$(Q)$(RUN) $(call fuzz_suites,$(if $(findstring command,$(origin BUILD)),$(BUILD),build-san))
mutants: $(UNIT) $(TRACE) $(SIM) programs python  ## known faults planted, each must be noticed; ONLY=word picks some
	$(Q)$(PYTHON) tests/mutants/run --build $(BUILD) $(ONLY)
live: programs python $(EXAMPLES)  ## the built programs from outside, in Python; ONLY=word picks some
	$(Q)$(RUN) --stream live $(live_suites)
torture: programs python $(TORTURE)  ## power cuts, full disks, wrong clocks: CUTS= SEED= ONLY=; root for small disks
	$(Q)$(RUN) --stream torture $(call torture_suites,200,)
nth: $(NTH) programs python $(HOSTILE)  ## the n-th allocation, store call, file call, send fails; also with SAN=1
	$(Q)$(RUN) --stream nth/stories $(call nth_suites,,$(BUILD),$(or $(TRIES),20000),1) $(nth_sends)
hostile: programs python $(HOSTILE)  ## hostile peers, bad lines (root): ONLY=word
	$(Q)deploy/install-dependencies hostile
	$(Q)$(RUN) --stream hostile $(call hostile_suites,)
wan: programs python $(HOSTILE)  ## bad lines by the kernel's netem (root), perhaps in a virtual machine: VM=1 ONLY=
	$(Q)$(PYTHON) tests/hostile/wan.py $(if $(VM),--vm) $(ONLY)
test:                           ## everything: deps, build, check, the same under sanitizers, live, some torture
	$(Q)$(MAKE) --no-print-directory deps
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(HOSTILE)
	$(Q)$(MAKE) --no-print-directory $(JOBS) SAN=1 tests fuzz-programs
	$(Q)$(RUN) --stream live --stream torture --stream hostile $(checks_suites) \
	    $(call unit_suites,,build) $(call trace_suites,,build) $(call sim_suites,300) \
	    $(call city_suites,2000) $(call unit_suites,sanitized/,build-san) $(call trace_suites,sanitized/,build-san) \
	    $(call fuzz_suites,build-san) $(live_suites) \
	    $(call torture_suites,20,-m "not long") $(call hostile_suites,-m "not long") \
	    $(call nth_suites,,build,25,41,$(NTH_LONG)) $(call nth_suites,sanitized/,build-san,10,199,$(NTH_LONG))
bench: programs $(BENCH)        ## speed beside a bare libcurl loop: HANDOFFS= BACKLOG=; needs nginx
	$(Q)deploy/install-dependencies bench
	$(Q)$(PYTHON) tests/bench/bench.py $(if $(HANDOFFS),--handoffs $(HANDOFFS)) $(if $(BACKLOG),--backlog $(BACKLOG))
demo:                           ## a whole day of handoffs to watch; KEEP=1 leaves it running
	$(Q)$(MAKE) --no-print-directory deps
	$(Q)$(MAKE) --no-print-directory $(JOBS) programs python
	$(Q)KEEP=$(KEEP) $(PYTHON) tests/demo/demo.py

# ---------------------------------------------------------------- the rest

# The client's headers and the few they include, found by the compiler, under their own paths.
PUBLIC_HEADERS = $(sort $(filter %.h,$(shell $(CC) -I. -I$(BUILD)/gen -MM \
    $(addprefix gateway/client/,lienthong.h lienthong_blob.h))))
# What `lienthong init` and the adapter find in share/lienthong: networks/, rules/, mappings/.
SHARED_FILES := $(shell find deploy/networks adapters/rules adapters/mappings -name '*.yaml' 2>/dev/null)
install: programs               ## programs, library, headers, networks, rules, units: DESTDIR= prefix=
	$(Q)install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/pkgconfig
	$(Q)install -m 755 $(PROGRAMS) $(DESTDIR)$(bindir)/
	$(Q)install -m 644 $(BUILD)/liblienthong.a $(DESTDIR)$(libdir)/
	$(Q)install -m 644 $(BUILD)/liblienthong.so $(DESTDIR)$(libdir)/liblienthong.so.$(VERSION)
	$(Q)ln -sf liblienthong.so.$(VERSION) $(DESTDIR)$(libdir)/liblienthong.so.0
	$(Q)ln -sf liblienthong.so.0 $(DESTDIR)$(libdir)/liblienthong.so
	$(Q)install -m 644 $(BUILD)/lienthong.pc $(DESTDIR)$(libdir)/pkgconfig/
	$(Q)for header in $(PUBLIC_HEADERS); do \
	    install -D -m 644 $$header $(DESTDIR)$(includedir)/lienthong/$${header#$(BUILD)/gen/}; done
	$(Q)for file in $(SHARED_FILES); do install -D -m 644 $$file \
	    $(DESTDIR)$(datadir)/lienthong/$$(echo $$file | sed 's,^[a-z]*/,,'); done
	$(Q)install -d $(DESTDIR)$(unitdir) && install -m 644 $(wildcard deploy/*.service) $(DESTDIR)$(unitdir)/
clean:                          ## remove build/ and build-san/
	$(Q)rm -rf build build-san
help:                           ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18
	@sed -n '/^# Knobs/,/^$$/s/^# \{0,1\}//p' Makefile

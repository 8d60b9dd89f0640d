# The same without autotools: make -f plain.mk [check|install]
CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
CONFORM ?= muster-conform
MUSTER_CFLAGS := $(shell $(PKG_CONFIG) --cflags muster-kit)
MUSTER_LIBS := $(shell $(PKG_CONFIG) --libs muster-kit)
connectordir ?= $(shell $(PKG_CONFIG) --variable=connectordir muster)
srcdir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

all: @NAME@.so

@NAME@.so: $(srcdir)/@NAME@.c
	$(CC) -std=gnu11 -Wall -Wextra -fPIC -fvisibility=hidden $(CFLAGS) $(MUSTER_CFLAGS) -shared -o $@ $< $(LDFLAGS) $(MUSTER_LIBS)

muster-@NAME@.7: @NAME@.so
	$(CONFORM) --page @NAME@.so >$@.new && mv $@.new $@

check: @NAME@.so
	$(CONFORM) --config $(srcdir)/tests/conform.yaml --bypass $(srcdir)/tests/bypass @CONFORM@ @NAME@.so

install: @NAME@.so
	mkdir -p $(DESTDIR)$(connectordir) && cp @NAME@.so $(DESTDIR)$(connectordir)/

clean:
	rm -f @NAME@.so muster-@NAME@.7

.PHONY: all check install clean

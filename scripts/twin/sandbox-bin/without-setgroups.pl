#!/usr/bin/env perl
# without-setgroups.pl PROGRAM ARGUMENT…: runs a program whose setgroups(2) calls do nothing and succeed.
use strict;
use warnings;
use POSIX ();

# machine => [AUDIT_ARCH_…, number of prctl, number of setgroups]; see linux/audit.h and asm/unistd.h
my %machines = (
  x86_64  => [0xC000003E, 157, 116],
  aarch64 => [0xC00000B7, 167, 159],
  riscv64 => [0xC00000F3, 167, 159],
);
my $machine = (POSIX::uname())[4];
my ($arch, $prctl, $setgroups) = @{ $machines{$machine} or die "no system call numbers known for $machine\n" };

my @filter = (
  [0x20, 0, 0, 4],             # load the architecture
  [0x15, 0, 3, $arch],         # another architecture: allow
  [0x20, 0, 0, 0],             # load the number of the call
  [0x15, 0, 1, $setgroups],    # not setgroups: allow
  [0x06, 0, 0, 0x00050000],    # SECCOMP_RET_ERRNO with errno 0: success
  [0x06, 0, 0, 0x7fff0000],    # SECCOMP_RET_ALLOW
);
my $program = join '', map { pack 'SCCL', @$_ } @filter;
my $header  = pack 'S x6 P', scalar @filter, $program;
syscall($prctl, 22, 2, $header, 0, 0) == 0 or die "seccomp: $!\n";    # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";

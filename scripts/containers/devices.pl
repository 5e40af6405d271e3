#!/usr/bin/env perl
# devices.pl GROUP: attaches to a control group of version 2, once, a program that lets the processes below it open only
# harmless devices. The kernel asks the programs of all groups above a process, and each must agree, so a node's own
# programs (runc's) can only take away (Documentation/admin-guide/cgroup-v2.rst, "Device controller"; bpf(2)).
use strict;
use warnings;
use POSIX ();

# Number of bpf(2), see asm/unistd.h
my %numbers = (x86_64 => 321, aarch64 => 280, riscv64 => 280, ppc64le => 361, s390x => 351);
my $machine = (POSIX::uname())[4];
my $bpf     = $numbers{$machine} or die "devices.pl: no system call number known for $machine\n";

my ($LOAD, $ATTACH, $QUERY) = (5, 8, 16);                        # commands: enum bpf_cmd
my ($PROGRAM, $POINT, $MULTI) = (15, 6, 2);                      # BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, …_MULTI
my ($CHARACTER, $MAKE_NODE) = (2, 1);                            # BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD
my %minors = (1 => [3, 5, 7, 8, 9], 5 => [0, 1, 2], 136 => []);  # none: all

# One instruction: code, destination, source, offset, value. A target that is a name is resolved below.
my @code = (
  [0x61, 2, 1, 0, 0],                  # r2 = access and kind
  [0x61, 4, 1, 4, 0],                  # r4 = major number
  [0x61, 5, 1, 8, 0],                  # r5 = minor number
  [0xbf, 3, 2, 0, 0],                  # r3 = r2
  [0x57, 3, 0, 0, 0xffff],             # r3 &= 0xffff: kind
  [0x77, 2, 0, 0, 16],                 # r2 >>= 16: access
  # To make a node, which is of no use if it cannot be opened: overlay file systems do, too.
  [0x15, 2, 0, 'allow', $MAKE_NODE],
  [0x55, 3, 0, 'deny', $CHARACTER],
  [0x15, 4, 0, 'allow', 136],
);
for my $major (grep { @{ $minors{$_} } } sort keys %minors) {
  my @tests = map { [0x15, 5, 0, 'allow', $_] } @{ $minors{$major} };
  push @code, [0x55, 4, 0, scalar @tests, $major], @tests;    # another major number: skip the tests
}
my %labels = (deny => scalar @code, allow => 2 + @code);
push @code, [0xb7, 0, 0, 0, 0], [0x95, 0, 0, 0, 0], [0xb7, 0, 0, 0, 1], [0x95, 0, 0, 0, 0];
my $text = '';
for my $at (0 .. $#code) {
  my ($operation, $destination, $source, $target, $value) = @{ $code[$at] };
  my $offset = exists $labels{$target} ? $labels{$target} - $at - 1 : $target;
  $text .= pack 'CCsl', $operation, $source << 4 | $destination, $offset, $value;
}

open my $group, '<', $ARGV[0] or die "devices.pl: $ARGV[0]: $!\n";
my $ids   = "\0" x 256;
my $query = pack 'LLLLPLL', fileno $group, $POINT, 0, 0, $ids, 64, 0;
$query .= "\0" x 64;
syscall($bpf, $QUERY, $query, length $query) == 0 or die "devices.pl: query: $!\n";
exit 0 if (unpack 'LLLLQL', $query)[5] > 0;    # attached by an earlier `up`

my $license = "GPL\0";
my $load    = pack('LLPP', $PROGRAM, scalar @code, $text, $license) . "\0" x 96;
my $program = syscall $bpf, $LOAD, $load, length $load;
$program >= 0 or die "devices.pl: load: $!\n";
my $attach = pack('LLLL', fileno $group, $program, $POINT, $MULTI) . "\0" x 48;
syscall($bpf, $ATTACH, $attach, length $attach) == 0 or die "devices.pl: attach: $!\n";

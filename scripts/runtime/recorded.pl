#!/usr/bin/perl -w
# recorded.pl FOLDER VERB…: a lab's pause process, seen from outside: it is the one that FOLDER/sandbox.json describes, which it
# wrote itself (pause.sh), in every respect. Its namespaces are entered through its own folder in /proc only.
#   recorded.pl FOLDER runs                 whether it runs and is ready: exit code 0, else 69
#   recorded.pl FOLDER enter BOOT_ID NAMESPACES COMMAND…
#                                           becomes COMMAND in these namespaces (nsenter's options, separated by commas), if it
#                                           was started with this boot id; an empty one means any. COMMAND must close file 3:
#                                           through it, a program inside could reach this machine's /proc
#   recorded.pl FOLDER living               prints "PID START" of it, ready or not, and of those that earlier versions recorded
# In Perl, because every script in a twin begins with this: bash needs other programs for it, and takes twice as long.
# -w above, because to load the module `warnings` takes longer than all of this program.
use strict;

# What is opened stays open in the program that this becomes.
$^F = 255;
my ($folder, $verb, @arguments) = @ARGV;

sub content {
  my ($path) = @_;
  open my $file, '<', $path or return;
  local $/ = undef;
  return scalar <$file>;
}

# The fields of a record; nothing if there is none, or it is half a record. What an earlier version did not write is missing.
sub read_record {
  my ($name) = @_;
  my $text = content("$folder/$name") // return;
  my %record;
  if ($name eq 'pause.record') {
    # Node containers until version 0.2: "PID START USERS NAMESPACES". Such a lab stays up, and is ready when it has this file.
    @record{qw(pid startTime user namespaces)} = $text =~ /^(\d+) (\d+) (\d+)\S* (.+)$/m or return;
    $record{ready} = '/run/encaplab/ready';
    return \%record;
  }
  return if $text !~ /\}\s*$/;
  for my $field (qw(pid startTime user ready bootId machineBoot)) {
    $record{$field} = $2 if $text =~ /"$field":("?)([^",}]*)\1/;
  }
  $record{namespaces} = join ' ', $1 =~ /"([^"]*)"/g if $text =~ /"namespaces":\[((?:"[^"]*",?)+)\]/;
  return "$record{pid} $record{startTime}" =~ /^\d+ \d+$/ ? \%record : ();
}

# Whether the process with this folder in /proc is the recorded one, and this user's: when it started, its users, and its
# user, mount, PID and network namespaces. No other user may be able to write in the lab's folder: its record could name any
# process. Source of every field: proc(5).
sub is_recorded {
  my ($record, $process) = @_;
  # The command's name, in parentheses, may contain blanks and parentheses: count from the last one.
  my ($state, @fields) = split ' ', (content("$process/stat") // return) =~ s/.*\)//sr;
  return if $state =~ /[ZX]/ || $fields[18] ne $record->{startTime};
  chomp(my $boot = content('/proc/sys/kernel/random/boot_id'));
  return if $boot ne ($record->{machineBoot} // $boot);
  # Real, effective, saved and file system user.
  my @users = (content("$process/status") // return) =~ /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/m or return;
  return if grep { $_ ne $> } @users, $record->{user} // $>;
  my (undef, undef, $mode, undef, $owner) = stat $folder or return;
  return if $owner != $> || $mode & 022;
  my $namespaces = join ' ', map { readlink("$process/ns/$_") // return } qw(user mnt pid net);
  return $namespaces eq ($record->{namespaces} // $namespaces);
}

# Opens the pause process's folder in /proc as file 3, if it runs and is ready. An open folder of /proc belongs to its process,
# not to the PID: if the process ends, nothing can be read there any more, also when the PID is used again. So what is opened
# through it is what was checked, as with a pidfd.
sub open_pause {
  my ($boot_id) = @_;
  my $record = read_record('sandbox.json') // read_record('pause.record') // return;
  return if grep { !defined $record->{$_} } qw(user namespaces ready);
  return if $boot_id ne '' && $boot_id ne ($record->{bootId} // '');
  # A caller's file may have that number.
  if (open my $inherited, '<&=', 3) { close $inherited }
  open my $process, '<', "/proc/$record->{pid}" or return;
  die "recorded.pl: file 3 is not free\n" if fileno $process != 3;
  is_recorded($record, '/proc/self/fd/3') or return;
  my $ready = $record->{ready};
  return if $ready ne 'true' && !($ready =~ m{^/} && -e "/proc/self/fd/3/root$ready");
  return $process;
}

if ($verb eq 'runs') {
  exit(open_pause('') ? 0 : 69);
}
elsif ($verb eq 'enter') {
  my ($boot_id, $namespaces, @command) = @arguments;
  my $process = open_pause($boot_id);
  if (!$process) {
    print STDERR "the process that kept the namespaces of $folder has ended\n";
    exit 69;
  }
  delete $ENV{PERL_BADLANG}; # see ask_record
  my @options = map { "--$_=/proc/self/fd/3/ns/" . s/^mount$/mnt/r } split /,/, $namespaces;
  exec 'nsenter', '--preserve-credentials', @options, '--', @command or die "cannot run nsenter: $!\n";
}
elsif ($verb eq 'living') {
  for my $record (map { read_record($_) // () } qw(sandbox.json realm.json pause.record)) {
    print "$record->{pid} $record->{startTime}\n" if is_recorded($record, "/proc/$record->{pid}");
  }
}

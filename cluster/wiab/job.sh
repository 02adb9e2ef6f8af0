#!/bin/bash
# Made by wiabctl. What systemd runs of a job: `job run COMMAND...` is its main process, `job stop DIR RUN` ends what is
# not in its cgroup, `job finish DIR RUN` notes how it ended (systemd.service(5), $SERVICE_RESULT). $WIABCTL_JOB is the unit's name.
set -u

# stamp puts the time before each line, of whatever bytes, and goes on reading when nothing can be written: a full disk
# costs the log and not the job.
stamp() {
  exec perl -e '
    $SIG{$_} = "IGNORE" for qw(TERM INT HUP);
    my ($fresh, $lost) = (1, 0);
    sub put {
      my ($text) = @_;
      while (length $text) {
        my $n = syswrite STDOUT, $text;
        return 0 unless defined $n;
        substr($text, 0, $n) = "";
      }
      return 1;
    }
    while (sysread STDIN, my $chunk, 65536) {
      my @t = gmtime;
      my $time = sprintf "%04d-%02d-%02dT%02d:%02d:%02dZ ", $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0];
      my $open = substr($chunk, -1) ne "\n";
      $chunk =~ s/\n(?=.)/\n$time/gs;
      $chunk = $time . $chunk if $fresh;
      $chunk = "\n${time}wiabctl: output was lost here: $lost\n$time" . $chunk if $lost;
      $lost = put($chunk) ? 0 : "$!";
      $fresh = !$open;
    }
    put("\n") unless $fresh;'
}

# note writes how a run stands in place, over bytes that are there: that works on a full disk too.
note() {
  printf '%-100s\n' "$2" 1<>"$1/result"
  sync "$1/result"
}

case $1 in
  run)
    shift
    "$@" </dev/null 2>&1 | stamp
    exit "${PIPESTATUS[0]}"
    ;;
  stop)
    # systemd calls this also when the job has ended by itself.
    kill -0 "${MAINPID:-}" 2>/dev/null || exit 0
    note "$2" "$3 stopped"
    # A container is docker's child, not the job's.
    sudo docker kill "$WIABCTL_JOB" >/dev/null 2>&1
    exit 0
    ;;
  finish)
    how="${EXIT_CODE:-unknown} ${EXIT_STATUS:-unknown}"
    case $(cat "$2/result") in "$3 stopped"*) ended="$3 stopped $how" ;; *) ended="$3 ${SERVICE_RESULT:-unknown} $how" ;; esac
    if [ "${EXIT_CODE:-}" != exited ]; then sudo docker rm --force "$WIABCTL_JOB" >/dev/null 2>&1; fi
    note "$2" "$ended"
    printf '%s wiabctl: run %s\n' "$(date -u +%FT%TZ)" "$ended" >>"$2/output"
    ;;
esac

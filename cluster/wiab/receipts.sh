# Made by wiabctl. Keeps, below the deploy directory $2, what tells of the state of the cluster, and brings it back: what
# the patterns from $4 on name. $1 is what to do, $3 the name it is kept under. What follows from the configuration alone,
# as the overlays do, is no part of it.
set -eu
cd -P "$2"
what=$1
kept=wiab/snapshots/$3.tar
shift 3
paths=$*
case $what in
  save)
    umask 077
    mkdir -p wiab/snapshots
    for path in $paths; do if [ -e "$path" ]; then printf '%s\n' "$path"; fi; done | tar --create --file="$kept.part" --files-from=-
    sync "$kept.part"
    mv "$kept.part" "$kept"
    ;;
  check)
    tar --list --file="$kept" >/dev/null
    ;;
  restore)
    tar --list --file="$kept" >/dev/null
    rm -rf -- $paths
    tar --extract --same-owner --preserve-permissions --file="$kept"
    ;;
  delete)
    rm -f -- "$kept" "$kept.part"
    if [ -d wiab/snapshots ]; then rmdir --ignore-fail-on-non-empty wiab/snapshots; fi
    ;;
esac

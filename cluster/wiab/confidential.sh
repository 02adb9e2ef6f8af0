# Made by wiabctl. Lists the files below the deploy directory $2 that the patterns from $3 on name and that others than
# their owner may read or write, and with $1 = close takes that from the others. It is root's, in a directory that is not:
# so what is changed is what was opened and looked at, whatever the name leads to by then. No link is followed.
set -eu
what=$1
cd -P "$2"
here=$(pwd -P)
shift 2
for pattern; do
  for file in $pattern; do
    if [ -L "$file" ] || [ ! -f "$file" ]; then continue; fi
    {
      opened=$(readlink /proc/self/fd/3)
      facts=$(stat --dereference --format='%h %a' /proc/self/fd/3)
      case $opened:$facts in
        "$here/$file:1 0" | "$here/$file:1 "?00) ;; # the owner's alone
        "$here/$file:1 "*)
          printf '%s\n' "$file"
          if [ "$what" = close ]; then chmod go= /proc/self/fd/3; fi
          ;;
      esac
    } 3<"$file" || [ ! -e "$file" ]
  done
done

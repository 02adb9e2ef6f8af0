#!/usr/bin/env bash
# Made by wiabctl. Stands before the real ansible-playbook on PATH. In the job that runs offline-cluster.sh it keeps a receipt
# of each call in wiab/playbooks, and skips what succeeded with the same inputs: a run after a failure starts where that
# one broke. Every other call is handed on as it is. It needs bash and coreutils.
set -euo pipefail
self=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd -P "$self/../.." && pwd)
receipts=$root/wiab/playbooks

# The real ansible-playbook is the next one on PATH.
IFS=:
real=
for dir in $PATH; do
  if [ -x "$dir/ansible-playbook" ] && [ "$(cd -P "$dir" && pwd)" != "$self" ]; then real=$dir/ansible-playbook && break; fi
done
unset IFS
if [ -z "$real" ]; then echo "wiab/bin/ansible-playbook: there is no real ansible-playbook on PATH" >&2 && exit 127; fi

# The inventory is what -i names, the playbook the first word that is neither an option nor an option's value.
inventory='' playbook='' takes=''
for word; do
  case $takes in
    inventory) inventory=$word takes='' && continue ;;
    other) takes='' && continue ;;
  esac
  case $word in
    -i | --inventory | --inventory-file) takes=inventory ;;
    --inventory=* | --inventory-file=*) inventory=${word#*=} ;;
    -i*) inventory=${word#-i} ;;
    -e | -t | -l | -f | -u | -c | -T | -M | --extra-vars | --tags | --skip-tags | --limit | --forks | --user | --connection | --timeout | \
      --module-path | --start-at-task | --key-file | --private-key | --vault-id | --vault-password-file | --vault-pass-file | \
      --become-method | --become-user | --become-password-file | --become-pass-file | --connection-password-file | --conn-pass-file | \
      --ssh-common-args | --ssh-extra-args | --sftp-extra-args | --scp-extra-args)
      takes=other ;;
    -*) ;;
    *) playbook=${playbook:-$word} ;;
  esac
done
while [[ $inventory = */ ]]; do inventory=${inventory%/}; done
if [ -z "${WIABCTL_ARTIFACT:-}" ] || [ -z "$inventory" ] || [ -z "$playbook" ]; then exec "$real" "$@"; fi

# digest DIR PATTERN... prints one digest of the names and contents of the files below DIR, but for what runs leave there.
digest() (
  cd "$1"
  shift
  shopt -s globstar dotglob nullglob
  IFS=
  LC_ALL=C
  files=()
  for pattern; do
    for file in $pattern; do
      case $file in inventory/* | *.pyc | *.retry) ;; *) if [ -f "$file" ]; then files+=("$file"); fi ;; esac
    done
  done
  for ((i = 0; i < ${#files[@]}; i += 500)); do sha256sum -- "${files[@]:i:500}"; done | sum
)
sum() { local digest && digest=$(sha256sum) && echo "${digest%% *}"; }

name=${playbook##*/}
mkdir -p "$receipts"
echo "$name" >>"$receipts/calls"
number=$(wc -l <"$receipts/calls")
printf -v receipt '%s/%02d-%s' "$receipts" "$number" "$name"
say() { echo "wiabctl: playbook $number $name $*"; }

# What the call depends on. The artifact's archives and the machines' disks are too large for a digest: wiabctl names them.
inputs="playbook: $name
arguments: $(printf '%s\0' "$@" | sum)
inventory: $(digest "$(dirname "$inventory")" "${inventory##*/}" "${inventory##*/}/**" 'group_vars/**' 'host_vars/**')
tree: $(digest "$root/ansible" '**')
artifact: $WIABCTL_ARTIFACT
disks: ${WIABCTL_DISKS:-}"

# why tells why the receipt does not stand for this call; it says nothing where it does.
why() {
  local have line
  if [ ! -f "$receipt" ]; then echo "it has no receipt" && return; fi
  have=$'\n'$(<"$receipt")$'\n'
  while IFS= read -r line; do
    case $have in *$'\n'"$line"$'\n'*) ;; *) echo "its ${line%%:*} changed" && return ;; esac
  done <<<"$inputs"
  case $have in *$'\n'"status: 0"$'\n'*) ;; *) echo "it failed the last time" ;; esac
}

reason=$(why)
case " ${WIABCTL_ONLY:-} " in
  "  ") ;;
  *" $name "*) reason="it was asked for" ;;
  *) say "left out: it was not asked for" && exit 0 ;;
esac
if [ -z "$reason" ]; then say "skipped: it succeeded before, with the same inputs" && exit 0; fi

say "begins: $reason"
rm -f "$receipt"
started=$(date -u +%FT%TZ)
SECONDS=0
status=0
"$real" "$@" || status=$?
took=$SECONDS
{
  printf '%s\nstarted: %s\nseconds: %s\nstatus: %s\n' "$inputs" "$started" "$took" "$status" >"$receipt.part" &&
    sync "$receipt.part" && mv "$receipt.part" "$receipt"
} || say "has no receipt: it cannot be written"
say "ended: exit status $status after $took s"
exit "$status"

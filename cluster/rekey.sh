# Made by wiabctl. Replaces a machine's SSH keys while it runs; no file is there half at any moment. $1 is what to do:
#   let-in LINE   lets a key log in as the user who runs this
#   shut-out KEY  no longer lets in the key whose base64 text this is
#   prove         puts the host key that standard input brings in its place, and has sshd show it: root's work
set -eu
umask 077
case $1 in
  let-in)
    cd "$HOME/.ssh"
    if ! grep -qxF -- "$2" authorized_keys; then
      { awk 1 authorized_keys; printf '%s\n' "$2"; } >authorized_keys.wiabctl
      mv authorized_keys.wiabctl authorized_keys
    fi
    ;;
  shut-out)
    cd "$HOME/.ssh"
    awk -v key="$2" 'index($0, key) == 0' authorized_keys >authorized_keys.wiabctl
    mv authorized_keys.wiabctl authorized_keys
    ;;
  prove)
    cd /etc/ssh
    cat >ssh_host_ed25519_key.wiabctl
    ssh-keygen -y -f ssh_host_ed25519_key.wiabctl >ssh_host_ed25519_key.pub.wiabctl
    chmod 644 ssh_host_ed25519_key.pub.wiabctl
    mv ssh_host_ed25519_key.wiabctl ssh_host_ed25519_key
    mv ssh_host_ed25519_key.pub.wiabctl ssh_host_ed25519_key.pub
    PATH=$PATH:/usr/sbin
    "$(command -v sshd)" -t # one that cannot read its configuration would end at the signal
    kill -HUP "$(cat /run/sshd.pid)"
    ;;
esac
sync # a machine that loses power now must not come back with the old keys

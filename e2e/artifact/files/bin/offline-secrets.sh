#!/usr/bin/env bash
# Generates the secrets: new example files for wire-server and coturn on every
# run, the Ansible variables only when there are none.
set -euo pipefail
cd "$(dirname "$0")/.."

random() { openssl rand -base64 96 | tr -dc 'a-zA-Z0-9' | head -c "$1"; }
key() { openssl genpkey "$@" 2>/dev/null | sed 's/^/          /'; }

ansible_secrets=ansible/inventory/offline/group_vars/all/secrets.yaml
wire_secrets=values/wire-server/prod-secrets.example.yaml
coturn_secrets=values/coturn/prod-secrets.example.yaml

pair=$(sudo docker run "$ZAUTH_CONTAINER" -m gen-keypair)
zauth_public=$(awk '/^public:/ { print $2 }' <<<"$pair")
zauth_secret=$(awk '/^secret:/ { print $2 }' <<<"$pair")
if [ -z "$zauth_public" ] || [ -z "$zauth_secret" ]; then echo "zauth gave no key pair" >&2; exit 1; fi

turn=$(random 64)
cargohold_access=$(random 20)
cargohold_secret=$(random 30)

cat >"$wire_secrets" <<SECRETS
brig:
  secrets:
    pgPassword: verysecurepassword
    smtpPassword: dummyPassword
    zAuth:
      publicKeys: "$zauth_public"
      privateKeys: "$zauth_secret"
    turn:
      secret: "$turn"
    awsKeyId: dummykey
    awsSecretKey: dummysecret
    rabbitmq: {username: guest, password: guest}
cargohold:
  secrets:
    awsKeyId: "$cargohold_access"
    awsSecretKey: "$cargohold_secret"
    rabbitmq: {username: guest, password: guest}
cannon:
  secrets:
    rabbitmq: {username: guest, password: guest}
galley:
  secrets:
    pgPassword: verysecurepassword
    rabbitmq: {username: guest, password: guest}
    awsKeyId: dummykey
    awsSecretKey: dummysecret
    mlsPrivateKeys:
      removal:
        ed25519: |
$(key -algorithm ed25519)
        ecdsa_secp256r1_sha256: |
$(key -algorithm ec -pkeyopt ec_paramgen_curve:P-256)
        ecdsa_secp384r1_sha384: |
$(key -algorithm ec -pkeyopt ec_paramgen_curve:P-384)
        ecdsa_secp521r1_sha512: |
$(key -algorithm ec -pkeyopt ec_paramgen_curve:P-521)
gundeck:
  secrets:
    awsKeyId: dummykey
    awsSecretKey: dummysecret
    rabbitmq: {username: guest, password: guest}
nginz:
  secrets:
    zAuth:
      publicKeys: "$zauth_public"
    basicAuth: "<username>:<htpasswd-hashed-password>"
background-worker:
  secrets:
    pgPassword: verysecurepassword
    rabbitmq: {username: guest, password: guest}
team-settings:
  secrets:
    configJson: "e30K"
SECRETS

cat >"$coturn_secrets" <<SECRETS
secrets:
  zrestSecrets:
    - "$turn"
SECRETS

if [ -f "$ansible_secrets" ]; then
  echo "$ansible_secrets exists and stays as it is"
else
  cat >"$ansible_secrets" <<SECRETS
minio_access_key: "$(random 20)"
minio_secret_key: "$(random 42)"
minio_cargohold_access_key: "$cargohold_access"
minio_cargohold_secret_key: "$cargohold_secret"
SECRETS
fi

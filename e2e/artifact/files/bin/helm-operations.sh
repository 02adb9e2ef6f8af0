#!/usr/bin/env bash
# Prepares the values and deploys all charts. Runs in the tools container. Every
# run starts from the example values; what stood in their place is moved aside.
set -eou pipefail

BASE_DIR=${BASE_DIR:-/wire-server-deploy}
TARGET_SYSTEM=${TARGET_SYSTEM:-example.com}
CERT_MASTER_EMAIL=${CERT_MASTER_EMAIL:-certmaster@example.com}
DEPLOY_CERT_MANAGER=${DEPLOY_CERT_MANAGER:-TRUE}
DEPLOY_CALLING_SERVICES=${DEPLOY_CALLING_SERVICES:-TRUE}
DUMP_LOGS_ON_FAIL=${DUMP_LOGS_ON_FAIL:-FALSE}
HOST_IP=${HOST_IP:-}
CALLING_NODE=
cd "$BASE_DIR"

certificates() { [ "$DEPLOY_CERT_MANAGER" = TRUE ]; }
calling() { [ "$DEPLOY_CALLING_SERVICES" = TRUE ]; }

dump_logs() {
  kubectl get pods --all-namespaces
  kubectl get events --all-namespaces --sort-by=.lastTimestamp | tail -30
}
if [ "$DUMP_LOGS_ON_FAIL" = TRUE ]; then trap dump_logs ERR; fi

find_calling_node() {
  if [ -z "$HOST_IP" ]; then HOST_IP=$(curl -fsS https://api.ipify.org); fi
  CALLING_NODE=$(kubectl get nodes --no-headers | tail -1 | awk '{ print $1 }')
  if [ -z "$CALLING_NODE" ]; then echo "the cluster has no nodes" >&2; exit 1; fi
}

process_values() {
  local charts=(fake-aws smtp rabbitmq databases-ephemeral reaper wire-server webapp account-pages team-settings ingress-nginx-controller)
  if certificates; then charts+=(nginx-ingress-services cert-manager); fi
  if calling; then charts+=(coturn sftd); fi
  local chart kind timestamp
  timestamp=$(date +%Y%m%d_%H%M%S)
  for chart in "${charts[@]}"; do
    for kind in values secrets; do
      [ -f "values/$chart/prod-$kind.example.yaml" ] || continue
      if [ -f "values/$chart/$kind.yaml" ]; then
        mv "values/$chart/$kind.yaml" "values/$chart/$kind.yaml.bak.$timestamp"
      fi
      cp "values/$chart/prod-$kind.example.yaml" "values/$chart/$kind.yaml"
    done
  done
}

configure_values() {
  local chart
  for chart in wire-server webapp team-settings account-pages; do
    sed -i "s/example.com/$TARGET_SYSTEM/g" "values/$chart/values.yaml"
  done
  if certificates; then
    sed -i -e 's/useCertManager: false/useCertManager: true/' \
      -e "s/certmasterEmail:.*/certmasterEmail: $CERT_MASTER_EMAIL/" \
      -e "s/example.com/$TARGET_SYSTEM/" values/nginx-ingress-services/values.yaml
  fi
  if calling; then
    sed -i "s/webapp.example.com/webapp.$TARGET_SYSTEM/; s/sftd.example.com/sftd.$TARGET_SYSTEM/" values/sftd/values.yaml
    yq -i '.tls.issuerRef.name = "letsencrypt-http01"' values/sftd/values.yaml
    HOST_IP=$HOST_IP yq -i '.brig.turnStatic.v2 = ["turn:" + env(HOST_IP) + ":3478", "turn:" + env(HOST_IP) + ":3478?transport=tcp"]' values/wire-server/values.yaml
    local node_ip
    node_ip=$(kubectl get node "$CALLING_NODE" -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}')
    NODE_IP=$node_ip HOST_IP=$HOST_IP yq -i '.coturnTurnListenIP = strenv(NODE_IP) | .coturnTurnRelayIP = strenv(NODE_IP) | .coturnTurnExternalIP = strenv(HOST_IP)' values/coturn/values.yaml
  fi
  bin/sync-k8s-secret-to-wire-secrets.sh wire-postgresql-external-secret password values/wire-server/secrets.yaml \
    .brig.secrets.pgPassword .galley.secrets.pgPassword '.["background-worker"].secrets.pgPassword'
}

# deploy RELEASE [OPTION...] installs the chart of that name with its values and,
# where there are any, its secrets; it waits $TIMEOUT for it.
deploy() {
  local release=$1
  shift
  local values=(--values "./values/$release/values.yaml")
  if [ -f "values/$release/secrets.yaml" ]; then values+=(--values "./values/$release/secrets.yaml"); fi
  echo "Deploying $release"
  helm upgrade --install --wait --timeout="${TIMEOUT:-15m0s}" "$release" "./charts/$release" "${values[@]}" "$@"
}

deploy_charts() {
  local release
  for release in cassandra-external elasticsearch-external minio-external postgresql-external fake-aws smtp rabbitmq-external \
    databases-ephemeral reaper wire-server webapp account-pages team-settings ingress-nginx-controller; do
    deploy "$release"
  done
}

deploy_cert_manager() {
  kubectl get namespace cert-manager-ns >/dev/null 2>&1 || kubectl create namespace cert-manager-ns
  TIMEOUT=5m0s deploy cert-manager --namespace cert-manager-ns
  deploy nginx-ingress-services
  kubectl get certificate
}

deploy_calling() {
  kubectl annotate node "$CALLING_NODE" "wire.com/external-ip=$HOST_IP" --overwrite
  TIMEOUT=5m0s deploy sftd --set "nodeSelector.kubernetes\\.io/hostname=$CALLING_NODE"
  TIMEOUT=5m0s deploy coturn --set "nodeSelector.kubernetes\\.io/hostname=$CALLING_NODE"
}

if calling; then find_calling_node; fi
process_values
configure_values
deploy_charts
if certificates; then deploy_cert_manager; fi
if calling; then deploy_calling; fi
echo "All charts are deployed"

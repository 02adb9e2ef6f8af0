#!/usr/bin/env bash
# Installs Kubernetes and the databases on the machines. Runs in the tools
# container; begins at the beginning whenever it is called.
set -eou pipefail

inventories=ansible/inventory/offline
if [ -f "$inventories/hosts.ini" ] && [ -f "$inventories/inventory.yml" ]; then
  echo "both $inventories/hosts.ini and $inventories/inventory.yml exist: keep one" >&2
  exit 1
fi
INVENTORY=$inventories/inventory.yml
[ -f "$INVENTORY" ] || INVENTORY=$inventories/hosts.ini

set -x
ls "$INVENTORY"
ansible-playbook -i "$INVENTORY" ansible/setup-offline-sources.yml
ansible-playbook -i "$INVENTORY" ansible/kubernetes.yml --tags bastion,bootstrap-os,preinstall,container-engine
ansible-playbook -i "$INVENTORY" ansible/seed-offline-containerd.yml
ansible-playbook -i "$INVENTORY" ansible/sync_time.yml -v
ansible-playbook -i "$INVENTORY" ansible/kubernetes.yml --skip-tags bootstrap-os,preinstall,container-engine,multus
ansible-playbook -i "$INVENTORY" ansible/cassandra.yml
ansible-playbook -i "$INVENTORY" ansible/elasticsearch.yml
ansible-playbook -i "$INVENTORY" ansible/minio.yml
ansible-playbook -i "$INVENTORY" ansible/postgresql-deploy.yml
ansible-playbook -i "$INVENTORY" ansible/roles/rabbitmq-cluster/tasks/configure_dns.yml
ansible-playbook -i "$INVENTORY" ansible/rabbitmq.yml
ansible-playbook -i "$INVENTORY" ansible/helm_external.yml

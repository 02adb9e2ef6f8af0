package controlplane

import (
	"fmt"
	"net"
	"strings"

	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodeheartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

// Ports and nets are those of kubespray, which sets up the real clusters.
const (
	apiPort    = "6443"
	etcdClient = "http://127.0.0.1:2379"
	etcdPeer   = "http://127.0.0.1:2380"
	serviceNet = "10.233.0.0/18"
	podNet     = "10.233.64.0/18"
	podGateway = "10.233.64.1/18"
	nodePorts  = "30000-32767"
)

// leaseSeconds is how long a node's lease lasts. KWOK renews each after a
// quarter of it; a long one keeps an idle cluster idle.
const leaseSeconds = 240

// controllers are those that the charts of an installation need. Each one less
// is a few watches less.
var controllers = strings.Join([]string{
	"clusterrole-aggregation-controller", "cronjob-controller", "daemonset-controller", "deployment-controller",
	"disruption-controller", "endpoints-controller", "endpointslice-controller", "garbage-collector-controller",
	"job-controller", "namespace-controller", "node-lifecycle-controller", "persistentvolume-binder-controller",
	"pod-garbage-collector-controller", "replicaset-controller", "root-ca-certificate-publisher-controller",
	"serviceaccount-controller", "serviceaccount-token-controller", "statefulset-controller", "taint-eviction-controller",
}, ",")

// program is one of the control plane's processes.
type program struct {
	name string
	args []string
	// late programs start once the API server answers, which they need.
	late bool
	// apart is a program that is a binary of its own.
	apart bool
	// env is added to the environment.
	env []string
	// lasting programs go on when the others end because the disk was set back.
	lasting bool
}

// proxyPort is where a node lets through what its pods send (e2e/artifact/ingressd).
const proxyPort = "3128"

// programs are the processes of a cluster. Cert-manager is a pod of the first node as far
// as the network can tell: it goes with its node, and all it sends leaves from there.
func programs(l layout, i Identity) []program {
	server := i.Server
	proxy := "http://" + net.JoinHostPort(i.Keeper, proxyPort)
	kubeconfig := "--kubeconfig=" + l.kubeconfig()
	return []program{
		{name: "etcd", lasting: true, args: []string{
			"--name=lab", "--data-dir=" + l.etcd(),
			"--listen-client-urls=" + etcdClient, "--advertise-client-urls=" + etcdClient,
			"--listen-peer-urls=" + etcdPeer, "--initial-advertise-peer-urls=" + etcdPeer, "--initial-cluster=lab=" + etcdPeer,
			// A power cut is not among what the lab tests.
			"--unsafe-no-fsync", "--heartbeat-interval=1000", "--election-timeout=5000", "--log-level=warn",
		}},
		{name: "kube-apiserver", args: []string{
			"--etcd-servers=" + etcdClient, "--bind-address=0.0.0.0", "--secure-port=" + apiPort,
			"--advertise-address=" + server, "--endpoint-reconciler-type=none",
			"--tls-cert-file=" + l.pki("apiserver.crt"), "--tls-private-key-file=" + l.pki("apiserver.key"),
			"--client-ca-file=" + l.pki("ca.crt"), "--authorization-mode=RBAC",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + l.pki("sa.key"), "--service-account-signing-key-file=" + l.pki("sa.key"),
			"--service-cluster-ip-range=" + serviceNet, "--service-node-port-range=" + nodePorts,
			"--allow-privileged=true", "--event-ttl=15m", "--profiling=false",
			"--enable-priority-and-fairness=false", "--egress-selector-config-file=" + l.egress(),
		}},
		{name: "kube-controller-manager", late: true, args: []string{
			kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
			"--controllers=" + controllers,
			"--service-account-private-key-file=" + l.pki("sa.key"), "--root-ca-file=" + l.pki("ca.crt"),
			"--cluster-cidr=" + podNet, "--service-cluster-ip-range=" + serviceNet,
			// A node that counts as lost takes the readiness of its pods along, which KWOK never gives back.
			fmt.Sprintf("--node-monitor-grace-period=%ds", 4*leaseSeconds), "--node-monitor-period=15s",
		}},
		{name: "kube-scheduler", late: true, args: []string{
			kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
		}},
		{name: "kwok", late: true, args: []string{
			kubeconfig, "--config=" + l.stages(), "--manage-all-nodes=true", "--cidr=" + podGateway,
			"--node-ip=" + server, fmt.Sprintf("--node-lease-duration-seconds=%d", leaseSeconds),
		}},
		{name: "cert-manager", late: true, apart: true, args: []string{kubeconfig}, env: []string{"HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy}},
	}
}

// egressSelection lets the API server reach nobody: what it would dial (webhooks,
// kubelets, aggregated APIs) goes to a socket that does not exist.
func egressSelection(l layout) string {
	return fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection: {proxyProtocol: HTTPConnect, transport: {uds: {udsName: %q}}}
`, l.in("nobody.sock"))
}

// stages say what KWOK lets nodes and pods go through: the ones that KWOK
// ships. They are named here since KWOK's own choice, with leases, is the
// heartbeat every 20 s that is meant for without.
func stages() string {
	return strings.Join([]string{
		nodefast.DefaultNodeInit, nodeheartbeat.DefaultNodeHeartbeatWithLease,
		podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete,
	}, "\n---\n")
}

# sh -ec host.sh NAME ROOT DIR: supervises the KVM host. Runs in the internet namespace, where nspawn plugs the
# host into the bridge, and in a mount namespace of its own, so that its mounts end with it.
name=$1 root=$2 dir=$3

# A control group of the lab's own: systemd in the host must not meet another lab's units.
while IFS=: read -r id controllers path; do
	case $controllers in
	'') group=/sys/fs/cgroup/unified; [ -d $group ] || group=/sys/fs/cgroup path= ;;
	name=*) group=/sys/fs/cgroup/${controllers#name=} ;;
	*) group=/sys/fs/cgroup/$controllers ;;
	esac
	[ -w "$group$path/cgroup.procs" ] || continue
	mkdir -p "$group$path/$name"
	for f in cpuset.cpus cpuset.mems; do
		[ ! -f "$group$path/$name/$f" ] || cat "$group$path/$f" > "$group$path/$name/$f" || true
	done
	echo $$ > "$group$path/$name/cgroup.procs"
done < /proc/self/cgroup

# nspawn keeps its sockets in /run and wants a tmpfs there.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd
mount -t overlay overlay -o "lowerdir=$root,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"

# nspawn ends with 133 when the host reboots; starting it again gives the host fresh namespaces, as a reboot does.
status=133
while [ $status = 133 ]; do
	status=0
	systemd-nspawn --boot --quiet --directory="$dir/root" --machine=kvmhost \
		--network-bridge=inet0 --capability=all --system-call-filter='@keyring bpf perf_event_open' \
		--bind=/dev/net/tun --bind="$dir/docker:/var/lib/docker" \
		--register=no --keep-unit --resolv-conf=off --timezone=off --link-journal=no --console=read-only || status=$?
done
exit $status

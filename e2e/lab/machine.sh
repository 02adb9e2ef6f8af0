# sh -ec machine.sh NAME GROUP ROOT DIR: supervises a machine. Runs in the internet namespace, where nspawn plugs the
# machine into the bridge, and in a mount namespace of its own, so that its mounts end with it.
name=$1 group_name=$2 root=$3 dir=$4

# A control group of the machine's own: its systemd must not meet another machine's units.
while IFS=: read -r id controllers path; do
	case $controllers in
	'') group=/sys/fs/cgroup/unified; [ -d $group ] || group=/sys/fs/cgroup path= ;;
	name=*) group=/sys/fs/cgroup/${controllers#name=} ;;
	*) group=/sys/fs/cgroup/$controllers ;;
	esac
	[ -w "$group$path/cgroup.procs" ] || continue
	mkdir -p "$group$path/$group_name"
	for f in cpuset.cpus cpuset.mems; do
		[ ! -f "$group$path/$group_name/$f" ] || cat "$group$path/$f" > "$group$path/$group_name/$f" || true
	done
	echo $$ > "$group$path/$group_name/cgroup.procs"
done < /proc/self/cgroup

# nspawn keeps its sockets in /run and wants a tmpfs there.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd
mount -t overlay overlay -o "lowerdir=$root,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"

# nspawn ends with 133 when the machine reboots; starting it again gives it fresh namespaces, as a reboot does.
status=133
while [ $status = 133 ]; do
	status=0
	systemd-nspawn --boot --quiet --directory="$dir/root" --machine="$name" \
		--network-bridge=inet0 --capability=all --system-call-filter='@keyring bpf perf_event_open' \
		--bind=/dev/net/tun --bind="$dir/docker:/var/lib/docker" \
		--register=no --keep-unit --resolv-conf=off --timezone=off --link-journal=no --console=read-only || status=$?
done
exit $status

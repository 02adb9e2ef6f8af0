# sh -c proxy.sh sh WHAT ...: what has to be done on the machine of a proxy, as root.
set -eu
dir=/etc/haproxy pem=$dir/wiabctl.pem loaded=$dir/wiabctl.loaded

# placeholder is a certificate that nobody trusts, until certbot has brought one: without any haproxy does not start.
placeholder() {
	(
		umask 077
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=placeholder -keyout "$pem.key" -out "$pem.crt" 2>/dev/null
		cat "$pem.crt" "$pem.key" >"$pem.new"
	)
	rm "$pem.key" "$pem.crt"
	mv "$pem.new" "$pem"
}

# reload succeeds only when a new process serves: a reload that fails is no failure to systemd.
reload() {
	if ! systemctl is-active --quiet haproxy; then
		systemctl restart haproxy
		return
	fi
	main=$(systemctl show --property=MainPID --value haproxy)
	before=$(pgrep -P "$main" | tr '\n' ' ')
	systemctl reload haproxy || return 1
	for try in $(seq 100); do
		for pid in $(pgrep -P "$main"); do
			case " $before" in *" $pid "*) ;; *) return 0 ;; esac
		done
		sleep 0.1
	done
	return 1
}

case $1 in
look) # LINEAGE FILE...: what is there, one fact a line
	lineage=/etc/letsencrypt/live/$2
	shift 2
	(. /etc/os-release && echo "system $ID $PRETTY_NAME")
	for package in haproxy certbot openssl ca-certificates; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "missing $package"
	done
	ss -Hltnp '( sport = :80 or sport = :443 )' | sed -n 's/^LISTEN .*:\(80\|443\) .*(("\([^"]*\)".*/listens \1 \2/p'
	if [ -e $dir/haproxy.cfg ] && ! grep -q 'Made by wiabctl' $dir/haproxy.cfg; then
		shipped=$(dpkg-query -W -f '${Conffiles}\n' haproxy 2>/dev/null | sed -n 's#^ */etc/haproxy/haproxy.cfg ##p')
		[ "$(md5sum <$dir/haproxy.cfg | cut -d' ' -f1)" = "${shipped%% *}" ] || echo "foreign"
	fi
	for file; do
		[ ! -f "$file" ] || echo "file $file $(stat -c %a "$file") $(sha256sum <"$file" | cut -d' ' -f1)"
	done
	[ ! -e $loaded ] || echo "loaded $(cat $loaded)"
	for unit in haproxy.service certbot.timer; do
		echo "unit $unit $(systemctl is-enabled "$unit" 2>/dev/null || true) $(systemctl is-active "$unit" || true)"
	done
	if [ -e "$lineage/fullchain.pem" ]; then
		echo "certificate $(base64 -w0 "$lineage/fullchain.pem")"
		! cat "$lineage/fullchain.pem" "$lineage/privkey.pem" | cmp -s - $pem || echo served
	fi
	;;
packages) # PACKAGE...
	shift
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q -o DPkg::Lock::Timeout=300 update >&2
	apt-get -q -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "$@" >&2
	;;
configuration) # STAMP: files of haproxy's directory come as tar; they take their places when haproxy takes them
	new=$dir/wiabctl.new old=$dir/wiabctl.old
	rm -rf $new $old
	mkdir -m 700 $new $old
	trap 'rm -rf $new $old' EXIT
	tar -x -f - --no-same-owner -C $new
	mkdir -p /var/lib/haproxy/acme/.well-known/acme-challenge
	if [ ! -e $new/wiabctl.pem ]; then
		[ -e $pem ] || placeholder
		ln -s $pem $new/wiabctl.pem
	fi
	if ! haproxy -c -f $new/haproxy.cfg >&2; then
		echo "haproxy refuses the new configuration, nothing was changed" >&2
		exit 1
	fi
	[ ! -L $new/wiabctl.pem ] || rm $new/wiabctl.pem
	names=$(ls $new)
	for name in $names; do
		[ ! -e "$dir/$name" ] || cp -p "$dir/$name" $old/
	done
	rm -f $loaded
	mv $new/* $dir/
	if ! reload; then
		for name in $names; do
			rm "$dir/$name"
			[ ! -e "$old/$name" ] || mv "$old/$name" $dir/
		done
		reload || true
		echo "haproxy does not take the new configuration, the one before is back:" >&2
		journalctl --unit=haproxy --priority=warning --lines=8 --output=cat --no-pager >&2
		exit 1
	fi
	echo "$2" >$loaded
	;;
write) # FILE MODE: its content comes from the standard input
	mkdir -p "$(dirname "$2")"
	(umask 077 && cat >"$2.wiabctl")
	chmod "$3" "$2.wiabctl"
	mv "$2.wiabctl" "$2"
	;;
certificate) # RENEWAL EMAIL DOMAIN HOST...
	renewal=$2 email=$3 domain=$4
	shift 4
	for host; do
		set -- "$@" --domain "$host"
		shift
	done
	certbot certonly --non-interactive --agree-tos --no-eff-email --email "$email" --cert-name "$domain" --webroot --webroot-path /var/lib/haproxy/acme \
		--keep-until-expiring --renew-with-new-domains "$@" >&2
	"$renewal"
	;;
start) # UNIT
	systemctl enable --now "$2" >&2
	;;
esac

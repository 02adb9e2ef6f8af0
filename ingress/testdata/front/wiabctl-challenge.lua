-- Made by wiabctl: answers the challenges that certbot laid below the chroot, and leaves all others alone.
core.register_action("challenge", { "http-req" }, function(txn)
	local token = txn.f:path():match("^/%.well%-known/acme%-challenge/([%w_-]+)$")
	local file = token and io.open("/acme/.well-known/acme-challenge/" .. token)
	if file then
		local answer = txn:reply({ status = 200, headers = { ["content-type"] = { "text/plain" } }, body = file:read("a") })
		file:close()
		txn:done(answer)
	end
end)

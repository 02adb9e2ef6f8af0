// Acme is the certificate authority of the lab's internet: pebble, Let's Encrypt's
// own small ACME server, under the names and the path of theirs. It validates as the
// real one does, from outside and by the public DNS; what it issues chains to a root of
// its own, made anew at each start, so that nobody trusts it by accident.
package main

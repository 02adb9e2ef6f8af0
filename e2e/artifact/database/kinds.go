package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
)

// kind is a database.
type kind struct {
	port     string // where a member takes connections
	programs string // where it tells its programs of the members; empty: nowhere
	answer   func(net.Conn, members)
}

var kinds = map[string]kind{
	"cassandra":     {port: "7000", programs: "7199", answer: listens},
	"elasticsearch": {port: "9200", answer: over(elasticsearch)},
	"minio":         {port: "9000", answer: over(minio)},
	"postgresql":    {port: "5432", programs: "5433", answer: listens},
	"rabbitmq":      {port: "25672", programs: "4369", answer: listens},
}

// listens says nothing: that it took the connection is all that members ask.
func listens(net.Conn, members) {}

// tell says of each member whether it is up or down, a line for each, in their order.
func tell(w net.Conn, all members) {
	for _, up := range all.up() {
		fmt.Fprintln(w, map[bool]string{true: "up", false: "down"}[up])
	}
}

// over answers one request of HTTP. That is done by hand: net/http makes a program of three
// times the size, which has to come to an emulated machine.
func over(answer func(request string, all members) (status, body string)) func(net.Conn, members) {
	return func(conn net.Conn, all members) {
		from := textproto.NewReader(bufio.NewReader(io.LimitReader(conn, 1<<16)))
		line, err := from.ReadLine()
		if err != nil {
			return
		}
		if _, err := from.ReadMIMEHeader(); err != nil { // an end with unread input would be a reset
			return
		}
		request, _, _ := strings.Cut(line, " HTTP/")
		status, body := answer(request, all)
		fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(body), body)
	}
}

// elasticsearch tells its cluster's health.
func elasticsearch(request string, all members) (status, body string) {
	if request != "GET /_cluster/health" {
		return "404 Not Found", ""
	}
	nodes := all.count()
	health, unassigned := "red", 10
	switch len(all.addresses) - nodes {
	case 0:
		health, unassigned = "green", 0
	case 1:
		health, unassigned = "yellow", 5
	}
	return "200 OK", fmt.Sprintf(`{"cluster_name":"elasticsearch-directory","status":%q,"timed_out":false,"number_of_nodes":%d,"number_of_data_nodes":%d,"unassigned_shards":%d}`,
		health, nodes, nodes, unassigned)
}

// minio tells whether a server lives, and whether enough do: more than half of them can write.
func minio(request string, all members) (status, body string) {
	switch {
	case request == "GET /minio/health/live":
		return "200 OK", ""
	case request != "GET /minio/health/cluster":
		return "403 Forbidden", ""
	case 2*all.count() <= len(all.addresses):
		return "503 Service Unavailable", ""
	}
	return "200 OK", ""
}

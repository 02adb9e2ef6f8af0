// Package artifact builds the miniature wire-server-deploy: an archive with the
// same layout, scripts, values and chart names as Wire's release artifact, small
// enough for the lab. What is in it lies under files; ansible, zauth and ingressd
// are the programs it brings along.
package artifact

// Package artifact builds the miniature wire-server-deploy: an archive with the
// same layout, scripts, values and chart names as Wire's release artifact, small
// enough for the lab. What is in it lies under files; ansible, zauth and ingressd
// are the programs it brings along.
//
// The tests of the charts and of helm-operations.sh call the real helm and yq:
// they want the path of a kubebox, with helm beside it, in WIABCTL_KUBEBOX.
package artifact

package network

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"

	"github.com/google/uuid"
	"libvirt.org/go/libvirtxml"
)

// namespace is the XML namespace of our mark in a libvirt network's metadata.
const namespace = "https://wiabctl.dev/1"

// mark is written by hand: encoding/xml has no prefixes, and libvirt demands one.
type mark struct {
	XMLName    xml.Name `xml:"wiabctl:network"`
	Prefix     string   `xml:"xmlns:wiabctl,attr"`
	Deployment string   `xml:"deployment,attr"`
}

// metadata says that a network belongs to the deployment.
func metadata(deployment string) (*libvirtxml.NetworkMetadata, error) {
	text, err := xml.Marshal(mark{Prefix: namespace, Deployment: deployment})
	if err != nil {
		return nil, fmt.Errorf("writing the network's mark: %w", err)
	}
	return &libvirtxml.NetworkMetadata{XML: string(text)}, nil
}

// owner is the deployment that the network's mark names, empty without a mark.
func owner(network *libvirtxml.Network) (string, error) {
	if network.Metadata == nil {
		return "", nil
	}
	var found struct {
		Mark struct {
			Deployment string `xml:"deployment,attr"`
		} `xml:"https://wiabctl.dev/1 network"`
	}
	if err := xml.Unmarshal([]byte("<metadata>"+network.Metadata.XML+"</metadata>"), &found); err != nil {
		return "", fmt.Errorf("reading the metadata of network %s: %w", network.Name, err)
	}
	return found.Mark.Deployment, nil
}

// uuidOf is a version 5 UUID under our namespace URI.
func uuidOf(deployment string) string {
	ours := uuid.NewSHA1(uuid.NameSpaceURL, []byte(namespace))
	return uuid.NewSHA1(ours, []byte(deployment+"/network")).String()
}

// macOf is the bridge's own address, in QEMU's range 52:54:00, the rest from a
// digest of the names: left to libvirt it would be another one each time.
func macOf(deployment string) string {
	sum := sha256.Sum256([]byte(deployment + "/network"))
	return fmt.Sprintf("52:54:00:%02x:%02x:%02x", sum[0], sum[1], sum[2])
}
